"""Ticks that have come and were not run yet, and how far those that ran have got.

In go the schedule and times of the clock, out come the ticks to run, oldest first. How many of them
may wait is what the policy for missed runs amounts to; what is too much is left out, the oldest
first, and counted. Nothing here waits, runs or commits.
"""

from collections import deque

from influxpe.triggers.options import MissedRuns
from influxpe.triggers.schedule import Schedule, newest

# Ticks that wait with `missed_runs=all`: six weeks of hours. A plugin that is slower than its
# schedule is never further behind.
CATCH_UP_RUNS_MAX = 1000
WAITING_MAX: dict[MissedRuns, int] = {"skip": 1, "once": 1, "all": CATCH_UP_RUNS_MAX}


class Backlog:
    """The ticks that wait to be run, all later than the one time and none later than the other."""

    def __init__(self, schedule: Schedule, after_ns: int, waiting_max: int) -> None:
        self.waiting: deque[int] = deque()
        self._schedule = schedule
        self._waiting_max = waiting_max
        self.start_over(after_ns)

    def start_over(self, after_ns: int) -> None:
        """Forget what waits: ticks later than a time are to come."""
        self.waiting.clear()
        self._known_ns = after_ns
        self._next_ns = self._schedule.next_after(after_ns)

    @property
    def awaited_ns(self) -> int | None:
        """The tick to run next, whether it has come or not; `None` where there is none."""
        return self.waiting[0] if self.waiting else self._next_ns

    def take_in(self, now_ns: int) -> int:
        """Let the ticks wait that have come; gives how many are left out."""
        if self._next_ns is None or now_ns < self._next_ns:
            return 0
        come = newest(self._schedule, self._known_ns, now_ns, self._waiting_max)
        too_many = max(0, len(self.waiting) + len(come.ticks) - self._waiting_max)
        for _ in range(too_many):
            self.waiting.popleft()
        self.waiting.extend(come.ticks)
        self._known_ns, self._next_ns = now_ns, self._schedule.next_after(now_ns)
        return come.left_out + too_many

    def leave_out(self, now_ns: int) -> int:
        """Let nothing wait that has come; gives how many are left out."""
        left_out = self.take_in(now_ns) + len(self.waiting)
        self.waiting.clear()
        return left_out


class ServedTicks:
    """Up to which tick all are over, where runs overlap and end in any order."""

    def __init__(self) -> None:
        self._running: set[int] = set()
        self._over: set[int] = set()

    def __len__(self) -> int:
        """What is known: the runs that go on, and those over that began after the first of them."""
        return len(self._running) + len(self._over)

    def begin(self, time_ns: int) -> None:
        """Take note of a run that starts."""
        self._running.add(time_ns)

    def mark_with(self, time_ns: int) -> int | None:
        """Give the last tick before which none runs, were this one over; `None`: no new one.

        A tick that is not known has run since before the clock was set back, and marks nothing.
        """
        if time_ns not in self._running:
            return None
        first_ns = min(self._running - {time_ns}, default=None)
        over = {one for one in self._over | {time_ns} if first_ns is None or one < first_ns}
        return max(over, default=None)

    def end(self, time_ns: int) -> None:
        """Take note of a run that is over, and forget what need not be known any more."""
        mark_ns = self.mark_with(time_ns)
        if time_ns in self._running:
            self._running.remove(time_ns)
            self._over.add(time_ns)
        if mark_ns is not None:
            self._over = {one for one in self._over if one > mark_ns}
