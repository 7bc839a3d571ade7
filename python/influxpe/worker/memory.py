"""The most memory that this process had in place while a run lasted.

The kernel keeps the highest resident size of a process; it is set back to the present one when a
run begins and read when the run ends, which takes 6 to 20 us: the reset walks no page tables.
Runs that overlap cannot be told apart: it is only set back when no other run is going on. Where the
kernel refuses the reset, the figure is the most since the worker began.
"""

import os
import resource
import threading
from typing import Final

# Written to this file, 5 sets the highest resident size back; opened each time, since a plugin may
# close every descriptor, and open a file of its own under the number of one that was kept.
_RESET_FILE: Final = "/proc/self/clear_refs"
_RESET: Final = b"5"
_KIB: Final = 1024


class PeakMemory:
    """The peaks of the runs of this process, in bytes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0

    def begin(self) -> None:
        """Begin to measure for a run."""
        with self._lock:
            if self._running == 0:
                _reset()
            self._running += 1

    def end(self) -> int:
        """End a run, and give its peak."""
        with self._lock:
            self._running -= 1
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB


def _reset() -> None:
    try:
        descriptor = os.open(_RESET_FILE, os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        os.write(descriptor, _RESET)
    except OSError:
        return
    finally:
        os.close(descriptor)
