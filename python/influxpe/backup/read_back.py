"""Checks on the way: bytes against what they must be, and the entries of a place."""

import zlib
from collections.abc import Iterable, Iterator
from typing import Protocol

from influxpe.backup.entry import FOLDER, Entry, Item, decode
from influxpe.backup.place import Place
from influxpe.errors import BackupError


class Progress(Protocol):
    """Is told how much there is to copy, and how much has been."""

    def expect(self, size_bytes: int) -> None:
        """There is that much more to copy."""

    def add(self, size_bytes: int) -> None:
        """That much was copied."""


class DamagedObject(BackupError):
    """Bytes are not what was written; its text names the object."""


def checked(pieces: Iterable[bytes], item: Item, where: str) -> Iterator[bytes]:
    """Pass bytes on, and end with `DamagedObject` where they are not those of the item."""
    size, crc = 0, 0
    for piece in pieces:
        size, crc = size + len(piece), zlib.crc32(piece, crc)
        yield piece
    if size != item.bytes:
        raise DamagedObject(f"{where} is damaged: it has {size} bytes and must have {item.bytes}")
    if crc != item.crc32:
        raise DamagedObject(f"{where} is damaged: its checksum does not fit")


def counted(pieces: Iterable[bytes], progress: Progress) -> Iterator[bytes]:
    """Pass bytes on, and tell how many."""
    for piece in pieces:
        progress.add(len(piece))
        yield piece


def is_sound(place: Place, name: str, item: Item) -> bool:
    """Whether an object that is there has the bytes of the item."""
    try:
        for _ in checked(place.read(name), item, name):
            pass
    except DamagedObject:
        return False
    return True


def read_entries(place: Place) -> list[Entry]:
    """Give all backups of a place, in their order. Raises `BackupError`."""
    names = sorted(name for name in place.names(FOLDER) if name.endswith(".json"))
    return [decode(place.where(name), b"".join(place.read(name))) for name in names]
