"""The wall clock, and the only file that reads it: all else takes a `Clock`."""

import time
from typing import Protocol


class Clock(Protocol):
    """What tells the time; tests hand in one that they move themselves."""

    def now_ns(self) -> int:
        """Nanoseconds since the Unix epoch, UTC."""


class SystemClock:
    """The clock of the machine."""

    def now_ns(self) -> int:
        """Nanoseconds since the Unix epoch, UTC."""
        return time.time_ns()
