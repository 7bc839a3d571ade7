"""Puts files into the plugin folder: one, or all of a folder in one step, whole or not at all.

They are on the disk when a call returns. A run that goes on has the files that it began with.
"""

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from influxpe.errors import PluginError
from influxpe.plugin import swap
from influxpe.plugin.folder import ENTRY_FILE, FOLDER_FILES_MAX
from influxpe.plugin.source import locate, outside
from influxpe.plugin.staging import write_whole

_PURPOSE = "upload"
# Two at once would take each other's new folder for one that was left behind.
_one_at_a_time = threading.Lock()


def write_file(plugin_dir: Path, filename: str, content: bytes) -> None:
    """Put a file into the plugin folder, and make its folders; a folder means its entry file.

    Raises `PluginError` for a name that leads outside, `OSError` where it cannot be written.
    """
    path = locate(plugin_dir, filename)
    if path.is_dir():
        path /= ENTRY_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)
    _flush(path.parent)


def replace_folder(plugin_dir: Path, filename: str, files: Sequence[tuple[str, bytes]]) -> None:
    """Replace a folder by one that has exactly these files, (path below it, content).

    Raises `PluginError`, `OSError`; the old folder is as it was then.
    """
    for relative, _ in files:
        _check(relative)
    target = Path(os.path.realpath(locate(plugin_dir, filename)))
    if target.exists() and not target.is_dir():
        raise PluginError(f"'{filename}' is a file, and no folder can take its place")
    if ENTRY_FILE not in {PurePosixPath(relative).as_posix() for relative, _ in files}:
        raise PluginError(f"Multi-file plugin directory must contain {ENTRY_FILE}: {filename}")
    if len(files) > FOLDER_FILES_MAX:
        raise PluginError(f"{len(files)} files for {filename}, the limit is {FOLDER_FILES_MAX}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time, _beside(target) as new:
        for relative, content in files:
            _put(new / relative, content)
        swap.put_in_place(new, target)
    _flush(target.parent)


def _check(relative: str) -> None:
    parts = PurePosixPath(relative).parts
    if not parts or ".." in parts or relative.startswith("/") or "\0" in relative:
        raise outside(relative)


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Make a folder beside another; it goes at the end where it has not taken its place."""
    swap.remove_left_behind(target, _PURPOSE)
    new = swap.hidden_name(target, _PURPOSE)
    try:
        new.mkdir()
        yield new
    finally:
        swap.remove(new)


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        raise PluginError(f"'{path.name}' is among the files twice")
    write_whole(path, content)


def _flush(folder: Path) -> None:
    """Put the names of a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
