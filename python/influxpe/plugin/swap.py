"""Puts a new folder in the place of another in one step: there is never none, and never a mixture.

Where the file system cannot exchange two names, there are two steps, and the old folder comes back
when the second fails.
"""

import ctypes
import errno
import glob
import os
import shutil
import uuid
from pathlib import Path
from typing import Final

_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2
_NOT_POSSIBLE: Final = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}


def put_in_place(new: Path, target: Path) -> None:
    """Rename a folder to `target`, and remove what was there. Raises `OSError`, nothing changed."""
    if not os.path.lexists(target):
        os.rename(new, target)
        return
    try:
        _exchange(new, target)
        old = new
    except OSError as error:
        if error.errno not in _NOT_POSSIBLE:
            raise
        old = _rename_both(new, target)
    remove(old)


def remove(path: Path) -> None:
    """Remove a folder or file, as far as that is possible."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def hidden_name(target: Path, purpose: str) -> Path:
    """Give a free hidden name beside a folder."""
    return target.with_name(f"{_stem(target, purpose)}{uuid.uuid4().hex[:8]}")


def remove_left_behind(target: Path, purpose: str) -> None:
    """Remove what has such a name, as an end of the server left it behind."""
    pattern = glob.escape(_stem(target, purpose)) + "[0-9a-f]" * 8
    for path in target.parent.glob(pattern):
        remove(path)


def _stem(target: Path, purpose: str) -> str:
    return f".{target.name.lstrip('.')}.{purpose}-"


def _exchange(one: Path, other: Path) -> None:
    """Exchange two names. Raises `OSError`."""
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is None:
        raise OSError(errno.ENOSYS, "this system exchanges no names")
    paths = (os.fsencode(one), os.fsencode(other))
    if function(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(other))


def _rename_both(new: Path, target: Path) -> Path:
    """Move the old folder aside and the new one in; gives where the old one is now."""
    old = hidden_name(target, "old")
    os.rename(target, old)
    try:
        os.rename(new, target)
    except BaseException:
        os.rename(old, target)
        raise
    return old
