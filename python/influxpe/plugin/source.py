"""From the name of a plugin to its source: a file, a folder with `__init__.py`, or `gh:<path>`.

Files are read again when their stat signature has changed; what lies outside the plugin folder is
refused, symlinks included. Files of a repository are fetched when they are asked for afresh, and
kept in memory in between.
"""

import asyncio
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from influxpe.errors import PluginError
from influxpe.plugin.pool import Source
from influxpe.plugin.repository import PLUGIN_BYTES_MAX, PREFIX, PluginRepository

ENTRY_FILE = "__init__.py"
FOLDER_FILES_MAX = 1000
KEPT_MAX = 256
FILE_MODE = 0o644

# Name, time of change (ns), bytes and inode of each file of a plugin.
Signature = tuple[tuple[str, int, int, int], ...]


class PluginMissing(PluginError):
    """There is no such file yet; a trigger may wait for it."""


@dataclass(frozen=True)
class _Kept:
    source: Source
    signature: Signature


class PluginSources:
    """Reads plugins, and remembers what it has read until it changes."""

    def __init__(self, plugin_dir: Path | None, repository: str) -> None:
        self._plugin_dir = plugin_dir
        self._repository = PluginRepository(repository)
        self._files: dict[str, _Kept] = {}
        self._fetched: dict[str, Source] = {}

    async def read(self, filename: str) -> Source:
        """Give the source of a plugin as it is now; a `gh:` plugin as it was fetched last.

        Raises `PluginMissing` where there is no such file, `PluginError` where it cannot be used.
        """
        if not filename.startswith(PREFIX):
            return await asyncio.to_thread(self._read_local, filename)
        return self._fetched.get(filename) or await self.fetch(filename)

    async def fetch(self, filename: str) -> Source:
        """Do the same, but go to the repository for a `gh:` plugin."""
        if not filename.startswith(PREFIX):
            return await self.read(filename)
        path = filename.removeprefix(PREFIX)
        source = Source(filename, path, await self._repository.fetch(path))
        self._fetched[filename] = source
        return source

    def _read_local(self, filename: str) -> Source:
        if self._plugin_dir is None:
            raise PluginError("Node not configured with plugin directory")
        try:
            return self._read_again(self._plugin_dir, filename)
        except OSError as error:
            raise PluginError(f"reading plugin file: {error.strerror}: {filename}") from error

    def _read_again(self, plugin_dir: Path, filename: str) -> Source:
        entry, files = _files_of(locate(plugin_dir, filename))
        signature = tuple(_sign(file) for file in files)
        kept = self._files.get(filename)
        if kept is not None and kept.signature == signature:
            return kept.source
        source = Source(filename, str(entry), _read_text(entry))
        if len(self._files) >= KEPT_MAX:
            self._files.clear()
        self._files[filename] = _Kept(source, signature)
        return source


def locate(plugin_dir: Path, filename: str) -> Path:
    """Give the absolute path of a local plugin, which need not exist. Raises `PluginError`.

    Whatever would leave the plugin folder is refused: `..`, absolute paths, symlinks.
    """
    relative = filename.rstrip("/")
    parts = PurePosixPath(relative).parts
    if not parts or ".." in parts or relative.startswith("/") or "\0" in relative:
        raise _outside(filename)
    path = plugin_dir / relative
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(plugin_dir)):
        raise _outside(filename)
    return path.absolute()


def write(plugin_dir: Path, filename: str, content: str) -> None:
    """Put a file into the plugin folder, whole or not at all; makes its folders.

    The name of a folder means its entry file. Raises `PluginError` for a name that leads outside,
    `OSError` where the file cannot be written.
    """
    path = locate(plugin_dir, filename)
    if path.is_dir():
        path /= ENTRY_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=path.parent, prefix=".", delete=False
    ) as file:
        try:
            file.write(content)
            file.close()
            os.chmod(file.name, FILE_MODE)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def _files_of(path: Path) -> tuple[Path, list[Path]]:
    """Give the file with the entry point, and all files whose change makes the plugin another."""
    if not path.is_dir():
        return path, [path]
    entry = path / ENTRY_FILE
    if not entry.is_file():
        raise PluginError(
            f"reading plugin file: Multi-file plugin directory must contain {ENTRY_FILE}: {path}"
        )
    files = sorted(file for file in path.rglob("*.py") if "__pycache__" not in file.parts)
    if len(files) > FOLDER_FILES_MAX:
        limit = f"the limit is {FOLDER_FILES_MAX}"
        raise PluginError(f"reading plugin file: {len(files)} Python files in {path}, {limit}")
    return entry, files


def _sign(file: Path) -> tuple[str, int, int, int]:
    try:
        found = os.stat(file)
    except (FileNotFoundError, NotADirectoryError):
        raise PluginMissing(f"reading plugin file: Plugin not found: {file}") from None
    return str(file), found.st_mtime_ns, found.st_size, found.st_ino


def _read_text(file: Path) -> str:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise PluginMissing(f"reading plugin file: Plugin not found: {file}") from None
    if len(content) > PLUGIN_BYTES_MAX:
        limit = f"its limit is {PLUGIN_BYTES_MAX} bytes"
        raise PluginError(f"reading plugin file: {file} has {len(content)} bytes, {limit}")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise PluginError(f"reading plugin file: no UTF-8 text in {file}") from None


def _outside(filename: str) -> PluginError:
    return PluginError(
        f"Path traversal detected: plugin filename '{filename}' attempts to access files outside "
        "the plugin directory"
    )
