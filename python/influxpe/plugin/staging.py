"""A copy of an environment, beside it, that packages are installed into before it takes its place.

The files of the copy are links to those of the original, which installers replace and never write
into. Whatever fails before `finish` leaves the original as it was; the exchange is one step. What
the installer wrote into scripts of the copy's own path is put right before. An environment that
cannot be exchanged, as it is a mount point or its folder is read-only, is installed into in place.
"""

import contextlib
import logging
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from influxpe.errors import InstallFailed
from influxpe.plugin import swap
from influxpe.plugin.environments import create, is_valid, lock_of

logger = logging.getLogger(__name__)

_PURPOSE = "staging"


@dataclass(frozen=True)
class Staged:
    """An environment to be installed into, and the one that it becomes."""

    root: Path
    target: Path

    @property
    def is_in_place(self) -> bool:
        """Whether there is no copy."""
        return self.root == self.target


def begin(target: Path) -> Staged:
    """Copy an environment, or make a new one where there is none. Raises `InstallFailed`.

    There is one copy at a time: what an earlier one has left behind goes.
    """
    target = Path(os.path.realpath(target))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        clean(target)
        if not is_valid(target):
            return Staged(create(swap.hidden_name(target, _PURPOSE)), target)
        if os.path.ismount(target) or not os.access(target.parent, os.W_OK):
            logger.warning("packages are installed in place: %s cannot be exchanged", target)
            return Staged(target, target)
        root = swap.hidden_name(target, _PURPOSE)
        shutil.copytree(target, root, symlinks=True, copy_function=_link_or_copy)
    except (OSError, shutil.Error) as error:
        raise InstallFailed(f"cannot copy the environment {target}: {error}") from error
    return Staged(root, target)


def finish(staged: Staged, installed: str) -> None:
    """Put the copy in place, and list what it has. Raises `InstallFailed`."""
    try:
        if not staged.is_in_place:
            _put_paths_right(staged)
            swap.put_in_place(staged.root, staged.target)
    except OSError as error:
        raise InstallFailed(f"cannot replace {staged.target}: {error}") from error
    try:
        write_whole(lock_of(staged.target), installed.encode())
    except OSError as error:
        logger.warning("cannot list what is installed in %s: %s", staged.target, error)


def discard(staged: Staged) -> None:
    """Forget the copy."""
    if not staged.is_in_place:
        swap.remove(staged.root)


def clean(target: Path) -> None:
    """Remove copies of an environment that an end of the server left behind."""
    with contextlib.suppress(OSError):
        swap.remove_left_behind(Path(os.path.realpath(target)), _PURPOSE)


def write_whole(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file whole or not at all; its content is on the disk then. Raises `OSError`."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            file.close()
            os.chmod(file.name, mode)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def _link_or_copy(source: str, target: str) -> None:
    with contextlib.suppress(OSError):  # another owner, or a file system without links
        if not source.endswith(".pth"):  # older tools write into these
            os.link(source, target)
            return
    shutil.copy2(source, target)


def _put_paths_right(staged: Staged) -> None:
    """Let scripts name the environment that they will be in."""
    wrong, right = os.fsencode(staged.root), os.fsencode(staged.target)
    for path in (staged.root / "pyvenv.cfg", *(staged.root / "bin").iterdir()):
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        if wrong in content:
            mode = path.stat().st_mode & 0o777
            write_whole(path, content.replace(wrong, right), mode)
