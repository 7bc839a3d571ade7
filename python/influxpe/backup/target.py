"""Where a restore writes to, and what must not be there.

A file in the data directory says that a restore goes on, and which: it is the first thing that is
written and the last one that goes. Repeated, the same restore goes on where it was cut off.
"""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from influxpe.backup.entry import Item
from influxpe.backup.history import Restoration
from influxpe.backup.offer import PLUGINS, STORE
from influxpe.backup.place import Folder, Place
from influxpe.errors import BackupError

MARKER = "restore.json"
MANIFESTS = "manifests"
# Lies in the top folder of a fresh file system.
LOST_AND_FOUND = "lost+found"


class Marker(msgspec.Struct, frozen=True):
    """Which restore goes on in a data directory."""

    base: str
    newest: str
    position: int
    store: str
    copied: bool = False


@dataclass(frozen=True)
class Target:
    """A data directory, the store of its files, and perhaps a folder for plugins.

    `data` is the data directory by names, `store_name` is `file` or the name of a bucket.
    """

    data_dir: Path
    data: Folder
    store: Place
    store_name: str
    plugins: Folder | None = None

    def store_item(self, item: Item) -> str:
        """Give the name of a file in the store: in a data directory it lies below `store/`."""
        return item.name if self.store_name == "file" else item.name.removeprefix(STORE)


def plugin_name(item: Item) -> str:
    """Give the path of a plugin's file below the plugin folder."""
    return item.name.removeprefix(PLUGINS)


def marker_of(restoration: Restoration, target: Target) -> Marker:
    """Say which restore this is."""
    base, newest = restoration.base.name, restoration.newest.name
    return Marker(base, newest, restoration.position, target.store_name)


def put_marker(target: Target, marker: Marker) -> None:
    """Say in the data directory how far the restore is."""
    target.data.put(MARKER, [msgspec.json.encode(marker)])


def check_target(target: Target, marker: Marker, node_id: str) -> Marker | None:
    """Give the mark of this very restore if it was begun there. Raises `BackupError`.

    Anything else that is there is refused.
    """
    began = _began(target.data_dir)
    if began is not None and msgspec.structs.replace(began, copied=False) != marker:
        raise BackupError(
            f"{target.data_dir} holds an unfinished restore of another state (position "
            f"{began.position})",
            "repeat that restore, or empty the folder",
        )
    if began is None:
        _check_empty(target, node_id)
    return began


def has_manifest(target: Target, node_id: str) -> bool:
    """Whether the store has a manifest of that node."""
    folder = f"{node_id}/{MANIFESTS}"
    if target.store_name == "file":
        folder = STORE + folder
    return bool(target.store.names(folder))


def _check_empty(target: Target, node_id: str) -> None:
    try:
        is_empty = not target.data_dir.exists() or not _names_in(target.data_dir)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BackupError(f"cannot restore into {target.data_dir}: {reason}") from error
    if not is_empty:
        raise BackupError(
            f"the data directory {target.data_dir} is not empty",
            "a restore needs a folder that is empty or not there",
        )
    if has_manifest(target, node_id):
        raise BackupError(
            f"the bucket '{target.store_name}' has data of the node '{node_id}'",
            "a restore needs a bucket without any; remove them, or give another bucket",
        )


def _names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {LOST_AND_FOUND}


def _began(data_dir: Path) -> Marker | None:
    path = data_dir / MARKER
    try:
        return msgspec.json.decode(path.read_bytes(), type=Marker)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BackupError(f"cannot read {path}: {reason}") from error
    except msgspec.MsgspecError as error:
        raise BackupError(f"{path} is damaged: {error}", "empty the folder") from error
