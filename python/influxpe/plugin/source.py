"""From the name of a plugin to its source: a file, a folder with `__init__.py`, or `gh:<path>`.

Files are read again when their stat signature has changed, and are another source when their bytes
have; what lies outside the plugin folder is refused, symlinks included; an absolute name may lead
into it. Files of a repository are fetched when they are asked for afresh, kept in memory in
between, and as copies on the disk for a start while the repository cannot be reached.
"""

import asyncio
import logging
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from influxpe.errors import PluginError
from influxpe.plugin import folder
from influxpe.plugin.fetched_copies import FetchedCopies
from influxpe.plugin.folder import ENTRY_FILE, Found
from influxpe.plugin.pool import Source
from influxpe.plugin.repository import PREFIX, PluginRepository, checked

__all__ = ["ENTRY_FILE", "PluginMissing", "PluginSources", "locate", "outside"]

logger = logging.getLogger(__name__)

KEPT_MAX = 256
# How often a folder is read anew because it changed meanwhile; then it is taken as it was read.
READS_MAX = 5


class PluginMissing(PluginError):
    """There is no such file yet; a trigger may wait for it."""


@dataclass(frozen=True)
class _Kept:
    source: Source
    found: tuple[Found, ...]

    @property
    def is_folder(self) -> bool:
        """Whether it is more than one file, or may become it."""
        return self.found[0].relative != ""


class PluginSources:
    """Reads plugins, and remembers what it has read until it changes."""

    def __init__(self, plugin_dir: Path | None, repository: str) -> None:
        self._plugin_dir = plugin_dir
        self._repository = PluginRepository(repository)
        self._copies = FetchedCopies(plugin_dir, repository)
        self._files: dict[str, _Kept] = {}
        self._fetched: dict[str, Source] = {}

    async def read(self, filename: str) -> Source:
        """Give the source of a plugin as it is now; a `gh:` plugin as it was fetched last.

        Raises `PluginMissing` where there is no such file, `PluginError` where it cannot be used.
        """
        if filename.startswith(PREFIX):
            return self._fetched.get(filename) or await self._fetch_or_copy(filename)
        if (kept := self._unchanged(filename)) is not None:
            return kept
        return await asyncio.to_thread(self._read_local, filename)

    def _unchanged(self, filename: str) -> Source | None:
        """Give a file as it was read before, if it looks as it did then.

        Each run asks: a look costs microseconds here, and a tenth of a millisecond in a thread.
        """
        kept = self._files.get(filename)
        if kept is None or kept.is_folder:
            return None
        try:
            is_same = folder.seen(kept.found[0].path, "") == kept.found[0]
        except OSError:
            return None
        return kept.source if is_same else None

    async def fetch(self, filename: str) -> Source:
        """Do the same, but go to the repository for a `gh:` plugin."""
        if not filename.startswith(PREFIX):
            return await self.read(filename)
        path = checked(filename.removeprefix(PREFIX))
        text = await self._repository.fetch(path)
        await asyncio.to_thread(self._copies.keep, path, text)
        return self._take(filename, path, text)

    async def _fetch_or_copy(self, filename: str) -> Source:
        """Fetch, or take the copy of what was fetched last. Raises `PluginError`."""
        path = checked(filename.removeprefix(PREFIX))
        try:
            return await self.fetch(filename)
        except PluginError as error:
            text = await asyncio.to_thread(self._copies.find, path)
            if text is None:
                raise
            logger.warning("%s is the copy that was fetched last: %s", filename, error)
            return self._take(filename, path, text)

    def _take(self, filename: str, path: str, text: str) -> Source:
        self._fetched[filename] = Source(filename, path, text)
        return self._fetched[filename]

    def _read_local(self, filename: str) -> Source:
        if self._plugin_dir is None:
            raise PluginError("Node not configured with plugin directory")
        try:
            return self._read_again(self._plugin_dir, filename)
        except (FileNotFoundError, NotADirectoryError):
            path = locate(self._plugin_dir, filename)
            raise PluginMissing(f"reading plugin file: Plugin not found: {path}") from None
        except OSError as error:
            raise PluginError(f"reading plugin file: {error.strerror}: {filename}") from error

    def _read_again(self, plugin_dir: Path, filename: str) -> Source:
        path = locate(plugin_dir, filename)
        found = _find(path, plugin_dir)
        kept = self._files.get(filename)
        if kept is not None and kept.found == found:
            return kept.source
        for _ in range(READS_MAX):
            source, read_at = _read(filename, path, found), found
            found = _find(path, plugin_dir)
            if read_at == found:
                break
        if kept is not None and kept.source == source:
            source = kept.source  # saved again with the same content
        if len(self._files) >= KEPT_MAX:
            self._files.clear()
        self._files[filename] = _Kept(source, read_at)
        return source


def locate(plugin_dir: Path, filename: str) -> Path:
    """Give the absolute path of a local plugin, which need not exist. Raises `PluginError`.

    Whatever would leave the plugin folder is refused: `..`, symlinks, other absolute paths.
    """
    named = PurePosixPath(filename.rstrip("/"))
    if not named.parts or ".." in named.parts or "\0" in filename:
        raise outside(filename)
    relative = _below(plugin_dir, named) if named.is_absolute() else named
    if relative is None:
        raise outside(filename)
    path = plugin_dir / relative
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(plugin_dir)):
        raise outside(filename)
    return path.absolute()


def _find(path: Path, plugin_dir: Path) -> tuple[Found, ...]:
    """Give the files that a plugin consists of. Raises `PluginError`, `OSError`."""
    return folder.find(path, plugin_dir) if path.is_dir() else (folder.seen(path, ""),)


def _read(filename: str, path: Path, found: tuple[Found, ...]) -> Source:
    if not found[0].relative:
        return Source(filename, str(path), folder.decoded(folder.read_code(path), path))
    content = folder.read(found)
    return Source(filename, str(path / ENTRY_FILE), content.code, content.files, content.digest)


def _below(plugin_dir: Path, named: PurePosixPath) -> PurePosixPath | None:
    """Cut the plugin folder off an absolute name, whatever path it is mounted or linked at."""
    folders = (folder for folder in named.parents if _is_same(folder, plugin_dir))
    found = next(folders, None)
    return None if found is None else named.relative_to(found)


def _is_same(one: PurePosixPath, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def outside(filename: str) -> PluginError:
    """Give the error for a name that leads out of the plugin folder."""
    return PluginError(
        f"Path traversal detected: plugin filename '{filename}' attempts to access files outside "
        "the plugin directory"
    )
