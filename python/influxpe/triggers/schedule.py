"""When a schedule fires: pure functions of the specification and of times handed in.

A tick is a time at which a schedule fires, in nanoseconds since the Unix epoch. Those of `every:`
are multiples of the period from the epoch on, so that `every:1d` is midnight in UTC whatever the
zone; those of `cron:` are meant in a zone.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC as ZONE_UTC
from datetime import datetime
from itertools import islice
from typing import Protocol
from zoneinfo import ZoneInfo

from influxpe.triggers.duration import NS_PER_MS, NS_PER_SECOND, format_duration
from influxpe.triggers.options import TriggerOptions
from influxpe.triggers.spec import CronSpec, EverySpec
from influxpe.triggers.zoned import UTC, ZonedCron

# Counting cron ticks one by one costs time: past this many it is only said that there were more.
SKIPPED_COUNTED_MAX = 100
NEXT_TIMES_TOLD = 3
NS_MAX = 2**63 - 1  # what a time is kept in
# A clock that is set back by less is left to catch up, so that no tick comes twice.
SET_BACK_NS_MIN = NS_PER_SECOND


class Schedule(Protocol):
    """Ticks in time, in nanoseconds since the Unix epoch."""

    def next_after(self, time_ns: int) -> int | None:
        """Give the first tick later than a time, or `None`."""

    def describe(self) -> str:
        """Say in words when it fires."""


@dataclass(frozen=True)
class Every:
    """Fires at the multiples of a period since the Unix epoch; fractions of a ms are dropped."""

    period_ns: int

    def next_after(self, time_ns: int) -> int:
        """Give the first multiple later than a time."""
        return (time_ns // self.period_ns + 1) * self.period_ns

    def describe(self) -> str:
        """Say in words when it fires."""
        return f"every {format_duration(self.period_ns)} from the Unix epoch on, UTC"


def schedule_of(spec: EverySpec | CronSpec, time_zone: str = UTC) -> Schedule:
    """Give the ticks of a specification; a zone has no say in `every:`."""
    if isinstance(spec, EverySpec):
        return Every(spec.duration_ns // NS_PER_MS * NS_PER_MS)
    return spec.cron if time_zone == UTC else ZonedCron(spec.cron, time_zone)


def ticks_between(schedule: Schedule, after_ns: int, until_ns: int) -> Iterator[int]:
    """Give the ticks later than one time and not later than another, in order."""
    tick_ns = schedule.next_after(after_ns)
    while tick_ns is not None and tick_ns <= until_ns:
        yield tick_ns
        tick_ns = schedule.next_after(tick_ns)


@dataclass(frozen=True)
class Newest:
    """The newest ticks of a time, in order, and how many before them are left out."""

    ticks: tuple[int, ...]
    left_out: int


def newest(schedule: Schedule, after_ns: int, until_ns: int, count_max: int) -> Newest:
    """Give the last ticks later than one time and not later than another.

    What is left out is counted up to `SKIPPED_COUNTED_MAX`.
    """
    if isinstance(schedule, Every):
        return _newest_of_period(schedule.period_ns, after_ns, until_ns, count_max)
    if not _more_than(count_max, schedule, after_ns, until_ns):
        return Newest(tuple(ticks_between(schedule, after_ns, until_ns)), 0)
    # The ticks of an expression are found one by one and lie anywhere: so halve, and count a few.
    seconds = range(after_ns // NS_PER_SECOND, until_ns // NS_PER_SECOND)
    index = bisect_left(
        seconds,
        True,
        key=lambda low_s: not _more_than(count_max, schedule, low_s * NS_PER_SECOND, until_ns),
    )
    low_ns = (seconds.start + index) * NS_PER_SECOND
    older = islice(ticks_between(schedule, after_ns, low_ns), SKIPPED_COUNTED_MAX)
    return Newest(tuple(ticks_between(schedule, low_ns, until_ns)), sum(1 for _ in older))


def _newest_of_period(period_ns: int, after_ns: int, until_ns: int, count_max: int) -> Newest:
    last = until_ns // period_ns
    count = max(0, last - after_ns // period_ns)
    kept = min(count, count_max)
    ticks = tuple(number * period_ns for number in range(last - kept + 1, last + 1))
    return Newest(ticks, min(count - kept, SKIPPED_COUNTED_MAX))


def _more_than(count: int, schedule: Schedule, after_ns: int, until_ns: int) -> bool:
    return next(islice(ticks_between(schedule, after_ns, until_ns), count, None), None) is not None


def next_times(spec: EverySpec | CronSpec, options: TriggerOptions, now_ns: int) -> list[str]:
    """Write the next times of a trigger, in its zone and in UTC; fewer where there are fewer."""
    schedule = schedule_of(spec, options.time_zone)
    ticks = islice(ticks_between(schedule, now_ns, NS_MAX), NEXT_TIMES_TOLD)
    if isinstance(schedule, ZonedCron):
        return [f"{_local(tick, schedule.zone)} ({rfc3339(tick)})" for tick in ticks]
    return [rfc3339(tick) for tick in ticks]


def _local(time_ns: int, zone: ZoneInfo) -> str:
    """Write whole seconds as a zone shows them: `2026-07-01T06:00:00+02:00`."""
    return datetime.fromtimestamp(time_ns // NS_PER_SECOND, zone).isoformat()


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
    return datetime.fromtimestamp(time_ns // NS_PER_SECOND, ZONE_UTC)


def _fraction(time_ns: int) -> str:
    fraction_ns = time_ns % NS_PER_SECOND
    if not fraction_ns:
        return ""
    digits = f"{fraction_ns:09}"
    shortest = 3 if digits.endswith("000000") else 6 if digits.endswith("000") else 9
    return f".{digits[:shortest]}"
