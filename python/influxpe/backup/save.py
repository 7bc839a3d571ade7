"""Makes a backup: from what a server offers into a place, object by object, its entry last.

What was copied before, by a backup or by one that was cut off, is not copied again. Until the entry
is there the backup does not exist.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from influxpe import errors
from influxpe._engine import read_manifest, read_segment
from influxpe.backup import copying
from influxpe.backup.copying import Action, Held
from influxpe.backup.entry import Entry, Item, Segment, encode
from influxpe.backup.history import reaches
from influxpe.backup.offer import LOG, Offer, Offered
from influxpe.backup.place import Place
from influxpe.backup.read_back import Progress, checked, counted, is_sound, read_entries
from influxpe.errors import BackupError


class Source(Protocol):
    """Whoever hands out the objects of an offer."""

    def pieces(self, offered: Offered) -> Iterator[bytes]:
        """The bytes of an object. Raises what ends the backup."""

    def keep_open(self, offered: Offered) -> None:
        """Be told that the backup is in use, where nothing is read for long."""


@dataclass
class Copied:
    """How much was copied, and how much was there."""

    objects: int = 0
    bytes: int = 0
    kept: int = 0


class Saving:
    """One backup into one place."""

    def __init__(self, offer: Offer, source: Source, place: Place, progress: Progress) -> None:
        self._offer = offer
        self._source = source
        self._place = place
        self._progress = progress
        self.copied = Copied()

    def run(self) -> Entry:
        """Copy what is missing, and put the entry. Raises `BackupError`."""
        entries = read_entries(self._place)
        copying.check_destination(entries, self._offer, self._place.where("").rstrip("/"))
        there = copying.held(entries, self._sizes())
        files, log = self._plan(there)
        # The log first: another history shows in it, before much is copied.
        segments = [self._segment(offered, action, there) for offered, action in log]
        items = [self._file(item, action) for item, action in files]
        manifest, stored = self._manifest(there)
        self._check_log(segments, stored)
        entry = self._entry(items, segments, manifest, stored)
        self._place.put(entry.name, [encode(entry)])
        return entry

    def _sizes(self) -> dict[str, int]:
        folders = ("store", "wal", "plugins")
        return {n: size for folder in folders for n, size in self._place.names(folder).items()}

    def _plan(self, there: Held) -> tuple[list[tuple[Item, Action]], list[tuple[Offered, Action]]]:
        """Decide about all objects before any is copied, and tell how much that will be."""
        newest = copying.newest_known(self._offer, there)
        files, log = [], []
        for offered in self._offer.objects:
            action = Action.COPY
            if offered.crc32 is not None:
                item = Item(offered.name, offered.bytes, offered.crc32)
                action = copying.file_action(item, there)
                files.append((item, action))
            elif offered.name.startswith(LOG):
                is_newest = offered.name == newest
                action = copying.segment_action(offered, there, is_newest_known=is_newest)
                log.append((offered, action))
            if action is not Action.KEEP:
                self._progress.expect(offered.bytes)
        return files, log

    def _file(self, item: Item, action: Action) -> Item:
        """Copy a file unless it is there."""
        if action is not Action.KEEP:
            self._source.keep_open(Offered(item.name, item.bytes))
        if action is Action.KEEP or (
            action is Action.CHECK and is_sound(self._place, item.kept_as, item)
        ):
            self._kept(item.bytes if action is Action.CHECK else 0)
            return item
        pieces = self._source.pieces(Offered(item.name, item.bytes))
        pieces = checked(pieces, item, f"'{item.name}' of the server")
        self._place.put(item.kept_as, counted(pieces, self._progress))
        self._count(item.bytes)
        return item

    def _segment(self, offered: Offered, action: Action, there: Held) -> Segment:
        """Copy a segment unless it is there; a longer copy stays."""
        known = there.segments.get(offered.name)
        if action is Action.KEEP and known is not None:
            self._kept(0)
            return known
        data = self._whole(offered)
        segment = _read_segment(offered, data)
        old = self._old(offered.name, there)
        is_same = data.startswith(old[: len(data)])
        if known is not None and not is_same:
            raise copying.other_history(f"'{offered.name}' differs")
        if is_same and len(old) >= len(data):
            self._kept(0)
            return segment
        self._place.put(offered.name, [data])
        self._count(len(data))
        return segment

    def _manifest(self, there: Held) -> tuple[Item | None, int]:
        """Copy the manifest, and give the position that its files reach."""
        name = self._offer.manifest
        if name is None:
            return None, 0
        data = self._whole(next(o for o in self._offer.objects if o.name == name))
        item = Item(name, len(data), zlib.crc32(data))
        if there.items.get(name, item) != item:
            raise copying.other_history(f"'{name}' differs")
        stored = self._check_manifest(name, data)
        if name in there.items and there.sizes.get(name) == len(data):
            self._kept(0)
            return item, stored
        self._place.put(name, [data])
        self._count(len(data))
        return item, stored

    def _check_manifest(self, name: str, data: bytes) -> int:
        try:
            found = read_manifest(data)
        except errors.EngineError as error:
            raise BackupError(f"'{name}' of the server is damaged: {error}") from error
        offered = {o.name: (o.bytes, o.crc32) for o in self._offer.objects}
        for file in found.files:
            if offered.get(file.name) != (file.bytes, file.crc32):
                raise BackupError(f"the server did not offer '{file.name}', which '{name}' names")
        return found.position

    def _check_log(self, segments: Sequence[Segment], stored: int) -> None:
        if not reaches(segments, stored, self._offer.position):
            raise BackupError(
                f"the log of the server does not go from position {stored} to "
                f"{self._offer.position} without a gap"
            )

    def _whole(self, offered: Offered) -> bytes:
        data = b"".join(counted(self._source.pieces(offered), self._progress))
        if len(data) != offered.bytes:
            raise BackupError(
                f"'{offered.name}' of the server has {len(data)} bytes and must have "
                f"{offered.bytes}"
            )
        return data

    def _old(self, name: str, there: Held) -> bytes:
        return b"".join(self._place.read(name)) if name in there.sizes else b""

    def _kept(self, checked_bytes: int) -> None:
        self.copied.kept += 1
        self._progress.add(checked_bytes)

    def _count(self, size_bytes: int) -> None:
        self.copied.objects += 1
        self.copied.bytes += size_bytes

    def _entry(
        self,
        items: Sequence[Item],
        segments: Sequence[Segment],
        manifest: Item | None,
        stored: int,
    ) -> Entry:
        offer = self._offer
        return Entry(
            node_id=offer.node_id,
            cluster_uuid=offer.cluster_uuid,
            taken_at=offer.taken_at,
            position=offer.position,
            stored_position=stored,
            manifest=manifest,
            files=tuple(item for item in items if item.name == item.kept_as),
            segments=tuple(segments),
            plugins=tuple(item for item in items if item.name != item.kept_as),
        )


def _read_segment(offered: Offered, data: bytes) -> Segment:
    """Read what frames a segment has. Raises `BackupError`."""
    try:
        found = read_segment(data)
    except errors.EngineError as error:
        raise BackupError(f"'{offered.name}' of the server is damaged: {error}") from error
    item = Item(offered.name, len(data), zlib.crc32(data))
    return Segment(item, found.first, found.last, found.last_s)
