"""The files of a folder plugin: which ones there are, whether they have changed, what they say.

All files count, those with data too; hidden ones and `__pycache__` do not. A file is opened only
when the stat signature of the folder has changed. Python files must lie in the plugin folder, and
so must folders that a link leads to; files with data may be links to anywhere.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from influxpe.errors import PluginError
from influxpe.plugin.repository import PLUGIN_BYTES_MAX

ENTRY_FILE = "__init__.py"
CACHE = "__pycache__"
# Files that are looked at before each run: that takes a few milliseconds for this many.
FOLDER_FILES_MAX = 2000
# Text of all Python files of a folder, which goes to its worker in one message.
FOLDER_CODE_BYTES_MAX = 64 * 1024 * 1024
# A file with data that is larger counts by its size and date: a model is not read for each change.
DATA_BYTES_READ_MAX = 8 * 1024 * 1024


@dataclass(frozen=True)
class Found:
    """A file as it was seen: its path below the folder, and time of change, bytes and inode."""

    relative: str
    path: Path
    signature: tuple[int, int, int]

    @property
    def is_code(self) -> bool:
        """Whether it is sent to the worker."""
        return self.relative.endswith(".py")


@dataclass(frozen=True)
class Content:
    """What the files of a folder say; `digest` stands for all of them."""

    code: str
    files: tuple[tuple[str, str], ...]
    digest: str


def find(folder: Path, plugin_dir: Path) -> tuple[Found, ...]:
    """Give all files of a folder, by name. Raises `PluginError`, `OSError`."""
    if not (folder / ENTRY_FILE).is_file():
        raise PluginError(
            f"reading plugin file: Multi-file plugin directory must contain {ENTRY_FILE}: {folder}"
        )
    root = os.path.realpath(plugin_dir)
    found: list[Found] = []
    for file in _walk(folder, folder, root, ()):
        found.append(file)
        if len(found) > FOLDER_FILES_MAX:
            limit = f"the limit is {FOLDER_FILES_MAX}"
            raise PluginError(f"reading plugin file: too many files in {folder}, {limit}")
    return tuple(sorted(found, key=lambda file: file.relative))


def _walk(
    folder: Path, top: Path, root: str, above: tuple[tuple[int, int], ...]
) -> Iterator[Found]:
    own = os.stat(folder)
    identity = (own.st_dev, own.st_ino)
    if identity in above:  # a link that leads back up
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name == CACHE:
                continue
            path = Path(entry.path)
            if entry.is_dir():
                if _lies_in(path, root):
                    yield from _walk(path, top, root, (*above, identity))
            elif entry.is_file():
                yield _checked(seen(path, path.relative_to(top).as_posix()), root)


def _checked(found: Found, root: str) -> Found:
    if found.is_code and shown(found.path) != str(found.path):
        raise PluginError(f"reading plugin file: its name is no UTF-8: {shown(found.path)}")
    if found.is_code and not _lies_in(found.path, root):
        raise PluginError(
            f"Path traversal detected: {found.path} leads outside the plugin directory"
        )
    return found


def shown(path: str | Path) -> str:
    """Give a path as text: names on the disk are bytes, and need not be UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def seen(path: Path, relative: str) -> Found:
    """Look at a file. Raises `OSError`."""
    status = os.stat(path)
    return Found(relative, path, (status.st_mtime_ns, status.st_size, status.st_ino))


def _lies_in(path: Path, root: str) -> bool:
    return not path.is_symlink() or Path(os.path.realpath(path)).is_relative_to(root)


def read(files: tuple[Found, ...]) -> Content:
    """Read what was found. Raises `PluginError`, `OSError`."""
    code = ""
    texts: list[tuple[str, str]] = []
    digest = hashlib.blake2b(digest_size=16)
    left_bytes = FOLDER_CODE_BYTES_MAX
    for file in files:
        data = _data(file)
        digest.update(_named(file, data))
        if not file.is_code or data is None:
            continue
        left_bytes -= len(data)
        if left_bytes < 0:
            limit = f"the limit is {FOLDER_CODE_BYTES_MAX} bytes"
            raise PluginError(f"reading plugin file: too much code up to {file.path}, {limit}")
        if file.relative == ENTRY_FILE:
            code = decoded(data, file.path)
        else:
            texts.append((file.relative, decoded(data, file.path)))
    return Content(code, tuple(texts), digest.hexdigest())


def _data(file: Found) -> bytes | None:
    """Give the bytes of a file; not of a large one with data."""
    if file.is_code:
        return read_code(file.path)
    return file.path.read_bytes() if file.signature[1] <= DATA_BYTES_READ_MAX else None


def _named(file: Found, data: bytes | None) -> bytes:
    """Give what a file adds to the digest: its name, and its bytes or else its signature."""
    name = file.relative.encode("utf-8", "surrogateescape")
    said = repr(file.signature).encode() if data is None else hashlib.blake2b(data).digest()
    return b"%d:%b%d:%b" % (len(name), name, len(said), said)


def read_code(path: Path) -> bytes:
    """Read a Python file. Raises `PluginError` where it is too large, `OSError`."""
    with path.open("rb") as file:
        content = file.read(PLUGIN_BYTES_MAX + 1)
    if len(content) > PLUGIN_BYTES_MAX:
        limit = f"its limit is {PLUGIN_BYTES_MAX} bytes"
        raise PluginError(f"reading plugin file: {path} has more, {limit}")
    return content


def decoded(content: bytes, path: Path) -> str:
    """Give the text of a Python file. Raises `PluginError`."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise PluginError(f"reading plugin file: no UTF-8 text in {path}") from None
