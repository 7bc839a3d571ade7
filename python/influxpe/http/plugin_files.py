"""The files of the plugin folder that belong to a backup, and parts of them.

Environments, caches and hidden folders are left out, and nothing outside of the folder is read,
whatever links there are.
"""

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from influxpe import errors
from influxpe.backup.offer import PLUGINS, Offered
from influxpe.config import (
    BACKUP_PLUGIN_BYTES_MAX,
    BACKUP_PLUGIN_FILES_MAX,
    BACKUP_READ_BYTES_MAX,
)

CACHE = "__pycache__"
ENVIRONMENT_MARK = "pyvenv.cfg"


@dataclass(frozen=True)
class PluginFile:
    """A file, and what its bytes were when the backup began."""

    offered: Offered
    path: Path

    def read(self, offset: int, length: int) -> bytes:
        """Read a part. Raises `ConflictError` where the file has become shorter, or went."""
        wanted = min(length, self.offered.bytes - offset)
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                data = os.pread(descriptor, wanted, offset)
            finally:
                os.close(descriptor)
        except OSError:
            data = b""
        if len(data) < wanted:
            raise errors.ConflictError(f"'{self.offered.name}' has changed since the backup began")
        return data


def plugin_files(folder: Path | None) -> list[PluginFile]:
    """Give the files of a plugin folder, by name. Raises `TooLargeError`, `InternalError`."""
    if folder is None or not folder.is_dir():
        return []
    root = folder.resolve()
    files: list[PluginFile] = []
    size = 0
    try:
        for path in _walk(root, root):
            size += path.stat().st_size
            _check_limits(root, len(files) + 1, size)
            files.append(_described(root, path))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise errors.InternalError(f"cannot read the plugin folder {root}: {reason}") from error
    return sorted(files, key=lambda file: file.offered.name)


def _walk(folder: Path, root: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                if not _is_left_out(path):
                    yield from _walk(path, root)
            elif _is_inside(entry, root) and _has_text_name(path):
                yield path


def _is_inside(entry: os.DirEntry[str], root: Path) -> bool:
    """Whether it is a file of the folder, or a link to one."""
    try:
        return entry.is_file() and Path(os.path.realpath(entry.path)).is_relative_to(root)
    except OSError:
        return False  # such as a link to itself


def _is_left_out(folder: Path) -> bool:
    hidden = folder.name.startswith(".") or folder.name == CACHE
    return hidden or (folder / ENVIRONMENT_MARK).exists()


def _has_text_name(path: Path) -> bool:
    """Whether JSON can say the name."""
    try:
        path.name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_limits(root: Path, count: int, size_bytes: int) -> None:
    if count > BACKUP_PLUGIN_FILES_MAX:
        raise errors.TooLargeError(
            f"the plugin folder {root} has more than {BACKUP_PLUGIN_FILES_MAX} files, which is the "
            "most that a backup takes"
        )
    if size_bytes > BACKUP_PLUGIN_BYTES_MAX:
        raise errors.TooLargeError(
            f"the plugin folder {root} has more than {BACKUP_PLUGIN_BYTES_MAX} bytes, which is the "
            "most that a backup takes"
        )


def _described(root: Path, path: Path) -> PluginFile:
    size, crc = 0, 0
    with path.open("rb") as file:
        while piece := file.read(BACKUP_READ_BYTES_MAX):
            size, crc = size + len(piece), zlib.crc32(piece, crc)
    name = PLUGINS + path.relative_to(root).as_posix()
    return PluginFile(Offered(name, size, crc), path.resolve())
