"""When a schedule fires: pure functions of the specification and of times handed in.

A tick is a time at which a schedule fires. Ticks that pass while a run is busy or the machine is
suspended are left out, and counted up to a limit.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from influxpe.triggers.duration import NS_PER_MS, NS_PER_SECOND, format_duration
from influxpe.triggers.spec import CronSpec, EverySpec

# Counting cron ticks one by one costs time: past this many it is only said that there were more.
SKIPPED_COUNTED_MAX = 100
# A clock that is set back by less is left to catch up, so that no tick comes twice.
SET_BACK_NS_MIN = NS_PER_SECOND


class Schedule(Protocol):
    """Ticks in time, in nanoseconds since the Unix epoch."""

    def next_after(self, time_ns: int) -> int | None:
        """Give the first tick later than a time, or `None`."""

    def last_until(self, time_ns: int) -> int | None:
        """Give the last tick not later than a time, or `None`."""

    def describe(self) -> str:
        """Say in words when it fires."""


@dataclass(frozen=True)
class Every:
    """Fires at the multiples of a period since the Unix epoch; fractions of a ms are dropped."""

    period_ns: int

    def next_after(self, time_ns: int) -> int:
        """Give the first multiple later than a time."""
        return (time_ns // self.period_ns + 1) * self.period_ns

    def last_until(self, time_ns: int) -> int:
        """Give the last multiple not later than a time."""
        return time_ns // self.period_ns * self.period_ns

    def describe(self) -> str:
        """Say in words when it fires."""
        return f"every {format_duration(self.period_ns)} from the Unix epoch on, UTC"


@dataclass(frozen=True)
class Due:
    """A tick to run now, and how many before it were left out."""

    time_ns: int
    skipped: int


def schedule_of(spec: EverySpec | CronSpec) -> Schedule:
    """Give the ticks of a specification."""
    if isinstance(spec, CronSpec):
        return spec.cron
    return Every(spec.duration_ns // NS_PER_MS * NS_PER_MS)


def due(schedule: Schedule, awaited_ns: int, now_ns: int) -> Due | None:
    """Say what to run when `awaited_ns` is waited for: the newest tick that has come, or nothing.

    More than one has come where the machine slept; all but the newest are left out.
    """
    if now_ns < awaited_ns:
        return None
    newest_ns = schedule.last_until(now_ns)
    if newest_ns is None or newest_ns <= awaited_ns:
        return Due(awaited_ns, 0)
    return Due(newest_ns, count_between(schedule, awaited_ns, newest_ns) + 1)


def skipped_during(schedule: Schedule, ran_ns: int, now_ns: int) -> int:
    """Count the ticks after the one of a run that have passed when the run is over."""
    return count_between(schedule, ran_ns, now_ns + 1)


def count_between(schedule: Schedule, after_ns: int, before_ns: int) -> int:
    """Count ticks later than one time and earlier than another, up to `SKIPPED_COUNTED_MAX`."""
    if isinstance(schedule, Every):
        first_ns = schedule.next_after(after_ns)
        passed = max(0, -((first_ns - before_ns) // schedule.period_ns))
        return min(passed, SKIPPED_COUNTED_MAX)
    count = 0
    tick_ns = schedule.next_after(after_ns)
    while tick_ns is not None and tick_ns < before_ns and count < SKIPPED_COUNTED_MAX:
        count += 1
        tick_ns = schedule.next_after(tick_ns)
    return count


def was_set_back(seen_ns: int, now_ns: int) -> bool:
    """Whether the clock shows clearly less than it has shown before."""
    return now_ns < seen_ns - SET_BACK_NS_MIN


def say_skipped(count: int) -> str:
    """Say how many ticks were left out."""
    if count >= SKIPPED_COUNTED_MAX:
        return f"skipped {count} or more scheduled runs whose times have passed"
    runs = "run whose time has" if count == 1 else "runs whose times have"
    return f"skipped {count} scheduled {runs} passed"


def rfc3339(time_ns: int) -> str:
    """Write a time as `2026-01-01T00:00:00Z`, with a fraction only where there is one."""
    return f"{_date(time_ns):%Y-%m-%dT%H:%M:%S}{_fraction(time_ns)}Z"


def spoken(time_ns: int) -> str:
    """Write a time as log lines do: `2026-01-01 00:00:00 UTC`."""
    return f"{_date(time_ns):%Y-%m-%d %H:%M:%S}{_fraction(time_ns)} UTC"


def _date(time_ns: int) -> datetime:
    return datetime.fromtimestamp(time_ns // NS_PER_SECOND, UTC)


def _fraction(time_ns: int) -> str:
    fraction_ns = time_ns % NS_PER_SECOND
    if not fraction_ns:
        return ""
    digits = f"{fraction_ns:09}"
    shortest = 3 if digits.endswith("000000") else 6 if digits.endswith("000") else 9
    return f".{digits[:shortest]}"
