"""How many bytes folders take on disk, and when that no longer changes.

What is allocated counts: a file with holes is smaller than it is long, and room laid out ahead is
taken.
"""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from tests.polling import eventually

BLOCK_BYTES = 512
QUIET_SECONDS = 4.0
SETTLE_SECONDS_MAX = 90.0


def bytes_below(folder: Path) -> int:
    """Add up the blocks of the files; those that vanish meanwhile count nothing."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += (Path(parent) / name).lstat().st_blocks * BLOCK_BYTES
    return total


def wait_until_quiet(size: Callable[[], int], done: Callable[[], bool] = lambda: True) -> None:
    """Return once it is done and the size has stayed the same for a while."""
    last, since_s = -1, time.monotonic()

    def quiet() -> bool:
        nonlocal last, since_s
        newest = size()
        if newest != last or not done():
            last, since_s = newest, time.monotonic()
        return time.monotonic() - since_s >= QUIET_SECONDS

    eventually(quiet, bool, seconds=SETTLE_SECONDS_MAX)
