"""The clock of a test: it stands still until it is moved."""

import threading
from datetime import UTC, datetime, timedelta

from influxpe.clock import SystemClock

NS_PER_SECOND = 1_000_000_000
NS_PER_MICROSECOND = 1000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ManualClock:
    """Gives the time to rows without one, to schedules and to the log of triggers.

    `now()` in SQL is not among them: it is the time of the machine.
    """

    def __init__(self, start: datetime | None = None) -> None:
        """Stand at `start`, or at the machine's time now; a time without a zone is UTC."""
        self._lock = threading.Lock()
        self._now_ns = SystemClock().now_ns() if start is None else to_ns(start)

    def now_ns(self) -> int:
        """Nanoseconds since the Unix epoch, UTC."""
        return self._now_ns

    @property
    def now(self) -> datetime:
        """The same as a time in UTC, to the microsecond."""
        return to_datetime(self._now_ns)

    def advance(self, seconds: float) -> None:
        """Let time pass. Raises `ValueError` below 0: a clock that goes back stops schedules."""
        if seconds < 0:
            raise ValueError(f"a clock cannot be advanced by {seconds} s")
        with self._lock:
            self._now_ns += round(seconds * NS_PER_SECOND)

    def set(self, time: datetime) -> None:
        """Go to a later time. Raises `ValueError` for an earlier one."""
        time_ns = to_ns(time)
        with self._lock:
            if time_ns < self._now_ns:
                raise ValueError(f"the clock stands at {self.now}, it cannot go back to {time}")
            self._now_ns = time_ns


class FollowingClock:
    """The clock that triggers see: it is led to the test's clock tick by tick."""

    def __init__(self, time_ns: int) -> None:
        self.time_ns = time_ns

    def now_ns(self) -> int:
        """Nanoseconds since the Unix epoch, UTC."""
        return self.time_ns


def to_ns(time: datetime) -> int:
    """Nanoseconds since the Unix epoch; a time without a zone is UTC."""
    aware = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
    return (aware - EPOCH) // timedelta(microseconds=1) * NS_PER_MICROSECOND


def to_datetime(time_ns: int) -> datetime:
    """Give a time in UTC, to the microsecond."""
    return EPOCH + timedelta(microseconds=time_ns // NS_PER_MICROSECOND)
