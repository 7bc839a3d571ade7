"""Where objects lie: a folder of this machine, or a bucket. Both are read and written by name.

What has its name is whole and durable: a folder gets its objects under another name first.
"""

import errno
import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Protocol

from influxpe.config import BACKUP_READ_BYTES_MAX
from influxpe.errors import BackupError

# What ends in it was not finished, also for the engine, which removes it from its own folders.
DRAFT = ".draft"
LOCK = "backup.lock"
FILE_MODE = 0o644


class Place(Protocol):
    """Objects by name; names have `/` between their parts."""

    def names(self, folder: str) -> dict[str, int]:
        """Names and lengths of the objects in a folder and below."""

    def read(self, name: str, bytes_max: int | None = None) -> Iterator[bytes]:
        """The bytes of an object, at most `bytes_max`. Raises `BackupError`."""

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        """Make an object, or replace it: whole, and durable on return, or not at all."""

    def where(self, name: str) -> str:
        """How messages name an object."""


class Folder:
    """A folder of this machine, made where it is missing."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def names(self, folder: str) -> dict[str, int]:
        """Walk a folder; links are not followed, what is unfinished is not there."""
        try:
            return dict(self._walk(self._root / folder))
        except OSError as error:
            raise _failed("read", self._root / folder, error) from error

    def _walk(self, folder: Path) -> Iterator[tuple[str, int]]:
        if not folder.exists():
            return
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from self._walk(Path(entry.path))
                elif entry.is_file(follow_symlinks=False) and not entry.name.endswith(DRAFT):
                    name = Path(entry.path).relative_to(self._root).as_posix()
                    yield name, entry.stat(follow_symlinks=False).st_size

    def read(self, name: str, bytes_max: int | None = None) -> Iterator[bytes]:
        """Read a file piece by piece."""
        path = self._root / name
        try:
            with path.open("rb") as file:
                yield from _pieces(file, bytes_max)
        except OSError as error:
            raise _failed("read", path, error) from error

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write under another name, sync, rename, and sync the folder."""
        path = self._root / name
        draft = path.with_name(path.name + DRAFT)
        try:
            make_folder(path.parent)
            _write(draft, pieces)
            draft.rename(path)
            sync_folder(path.parent)
        except OSError as error:
            raise _failed("write", path, error) from error
        finally:
            _forget(draft)

    def remove(self, name: str) -> None:
        """Remove a file, durably."""
        path = self._root / name
        try:
            path.unlink(missing_ok=True)
            sync_folder(path.parent)
        except OSError as error:
            raise _failed("remove", path, error) from error

    def where(self, name: str) -> str:
        """Give the path."""
        return str(self._root / name)

    def lock(self) -> IO[bytes]:
        """Keep other backups out until the file that is given back is closed."""
        path = self._root / LOCK
        try:
            make_folder(self._root)
            file = path.open("wb")
        except OSError as error:
            raise _failed("write", path, error) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise BackupError(f"another backup writes to {self._root} at this moment") from error
        return file


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, so that they are there after a power loss."""
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        os.fchmod(file.fileno(), FILE_MODE)
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def _forget(draft: Path) -> None:
    try:
        draft.unlink(missing_ok=True)
    except OSError:
        return  # such as a folder that is none; the first error has been told


def _pieces(file: IO[bytes], bytes_max: int | None) -> Iterator[bytes]:
    left = bytes_max
    while left is None or left > 0:
        wanted = BACKUP_READ_BYTES_MAX if left is None else min(left, BACKUP_READ_BYTES_MAX)
        piece = file.read(wanted)
        if not piece:
            return
        left = None if left is None else left - len(piece)
        yield piece


def _failed(verb: str, path: Path, error: OSError) -> BackupError:
    reason = (error.strerror or str(error)).lower()
    if error.errno in {errno.ENOTDIR, errno.EEXIST}:
        reason = f"{_file_above(path)} is a file, not a folder"
    return BackupError(f"cannot {verb} {path}: {reason}")


def _file_above(path: Path) -> Path:
    return next((above for above in (path, *path.parents) if above.is_file()), path)
