"""What a server offers to copy, as it crosses the wire; and the names that may stand in it."""

import re
from pathlib import PurePosixPath

import msgspec

from influxpe.errors import BackupError

FORMAT = 1
STORE, LOG, PLUGINS = "store/", "wal/", "plugins/"
SEGMENT_NAME = re.compile(r"wal/\d{20}\.wal")


class Offered(msgspec.Struct, frozen=True):
    """One object; manifests and segments of the log check themselves and have no `crc32`."""

    name: str
    bytes: int
    crc32: int | None = None


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What a server was at one moment, and the id under which it hands it out."""

    id: str
    format: int
    node_id: str
    cluster_uuid: str
    position: int
    manifest: str | None
    taken_at: str
    objects: tuple[Offered, ...]


def read_offer(document: object) -> Offer:
    """Read the answer of a server, and check all names. Raises `BackupError`."""
    try:
        offer = msgspec.convert(document, Offer)
    except msgspec.ValidationError as error:
        raise BackupError(f"the server's answer is no backup: {error}") from error
    if offer.format != FORMAT:
        raise BackupError(f"the server's backup has format {offer.format}, this command {FORMAT}")
    for offered in offer.objects:
        check_name(offered.name)
    return offer


def check_name(name: str) -> None:
    """Refuse what would lie outside of the folders of a backup. Raises `BackupError`."""
    parts = PurePosixPath(name).parts
    inside = ".." not in parts and "/".join(parts) == name and "\0" not in name
    known = name.startswith((STORE, PLUGINS)) or SEGMENT_NAME.fullmatch(name)
    if not inside or not known:
        raise BackupError(f"'{name}' is no name of an object of a backup")
