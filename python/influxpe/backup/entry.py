"""The file that makes a backup one: `backups/<position>-<time>.json`, put last of all.

It names every object with its length and its CRC-32, and says of each segment of the log which
frames are in it, so that a point in time can be found without reading the log.
"""

import zlib
from datetime import UTC, datetime, timedelta

import msgspec

from influxpe.backup.offer import FORMAT, PLUGINS, check_name
from influxpe.errors import BackupError

FOLDER = "backups"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Item(msgspec.Struct, frozen=True):
    """One object: what its bytes must be."""

    name: str
    bytes: int
    crc32: int

    @property
    def kept_as(self) -> str:
        """Where it lies in a backup; plugins of several backups may have one name."""
        if not self.name.startswith(PLUGINS):
            return self.name
        return f"{PLUGINS}{self.crc32:08x}-{self.bytes}/{self.name.removeprefix(PLUGINS)}"


class Segment(msgspec.Struct, frozen=True):
    """The beginning of a segment of the log, up to what the backup took of it.

    `last` is `first - 1` where it has no frame; `last_s` is when the last frame was written, in
    seconds since the epoch.
    """

    item: Item
    first: int
    last: int
    last_s: int | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One backup. The rows of all frames up to `stored_position` are in `files`."""

    format: int = FORMAT
    node_id: str
    cluster_uuid: str
    taken_at: str
    position: int
    stored_position: int
    manifest: Item | None
    files: tuple[Item, ...]
    segments: tuple[Segment, ...]
    plugins: tuple[Item, ...]

    @property
    def name(self) -> str:
        """Where it lies in a backup: names come in the order of positions, then of times."""
        compact = self.taken_at.replace("-", "").replace(":", "")
        return f"{FOLDER}/{self.position:020}-{compact}.json"

    @property
    def taken_s(self) -> int:
        """When it was taken, in whole seconds since the epoch."""
        return (datetime.fromisoformat(self.taken_at) - EPOCH) // timedelta(seconds=1)

    @property
    def bytes(self) -> int:
        """Length of all that is in it."""
        return sum(item.bytes for item in self.items())

    def items(self) -> list[Item]:
        """Give all objects, the manifest last."""
        log = [segment.item for segment in self.segments]
        return [*self.files, *self.plugins, *log, *([self.manifest] if self.manifest else [])]


class _Sealed(msgspec.Struct):
    crc32: int
    backup: msgspec.Raw


def encode(entry: Entry) -> bytes:
    """Write an entry, with a checksum over itself."""
    body = msgspec.json.encode(entry)
    return msgspec.json.encode(_Sealed(zlib.crc32(body), msgspec.Raw(body)))


def decode(name: str, data: bytes) -> Entry:
    """Read the entry of that name. Raises `BackupError`."""
    try:
        sealed = msgspec.json.decode(data, type=_Sealed)
        body = bytes(sealed.backup)
        if zlib.crc32(body) != sealed.crc32:
            raise BackupError(f"'{name}' is damaged: its checksum does not fit")
        _check_format(name, body)
        entry = msgspec.json.decode(body, type=Entry)
        for item in entry.items():
            check_name(item.name)
        _ = entry.taken_s
    except (msgspec.MsgspecError, ValueError) as error:
        raise BackupError(f"'{name}' is damaged: {error}") from error
    return entry


class _Format(msgspec.Struct):
    format: int


def _check_format(name: str, body: bytes) -> None:
    found = msgspec.json.decode(body, type=_Format).format
    if found != FORMAT:
        raise BackupError(f"'{name}' has format {found}, and this command reads {FORMAT}")
