"""Backups as tests need them: little more than positions."""

from influxpe.backup.entry import Entry, Item, Segment

UUID = "00000000-0000-4000-8000-000000000000"


def item(name: str, size_bytes: int = 1, crc32: int = 7) -> Item:
    return Item(name, size_bytes, crc32)


def segment(
    number: int, first: int, last: int, *, last_s: int | None = None, size_bytes: int | None = None
) -> Segment:
    """Make a segment whose length grows with its frames."""
    size = 64 + 10 * (last - first + 1) if size_bytes is None else size_bytes
    return Segment(item(f"wal/{number:020}.wal", size), first, last, last_s)


def entry(
    position: int, stored: int, *segments: Segment, taken_s: int = 0, uuid: str = UUID
) -> Entry:
    """Make a backup taken that many seconds past twelve."""
    manifest = item(f"store/n/manifests/{stored:020}.manifest") if stored else None
    return Entry(
        node_id="n",
        cluster_uuid=uuid,
        taken_at=f"2026-01-01T12:00:{taken_s:02}.000000Z",
        position=position,
        stored_position=stored,
        manifest=manifest,
        files=(item("store/n/a.parquet"),) if stored else (),
        segments=segments,
        plugins=(),
    )
