"""Times on a wall clock that a cron expression matches: no zone, no daylight saving.

A time on the wall is a number of seconds since 1970-01-01 00:00:00 as the wall shows it, so that
each day has 86,400 of them. What they are in a zone is said in `zoned.py`.
"""

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import date
from itertools import product

SECONDS_PER_DAY = 86_400
EPOCH_DAY = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class WallClock:
    """The values of each field in order; days of the week are 0 (Sunday) to 6."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    years: tuple[int, ...]
    weekdays: Set[int]

    def next_after(self, wall_s: int) -> int | None:
        """Give the first match later than a time, or `None` where there is none."""
        if not all((self.seconds, self.minutes, self.hours)):
            return None
        day, second = divmod(wall_s + 1, SECONDS_PER_DAY)
        if self._has_day(day) and (found := self._second_from(second)) is not None:
            return day * SECONDS_PER_DAY + found
        next_day = self._day_from(day + 1)
        if next_day is None:
            return None
        return next_day * SECONDS_PER_DAY + _second(self.hours[0], self.minutes[0], self.seconds[0])

    def _second_from(self, second: int) -> int | None:
        """Give the first match of a day from this second of it on."""
        hour, minute, second = second // 3600, second // 60 % 60, second % 60
        if hour in self.hours:
            if minute in self.minutes and (found := _first(self.seconds, second)) is not None:
                return _second(hour, minute, found)
            if (found := _first(self.minutes, minute + 1)) is not None:
                return _second(hour, found, self.seconds[0])
        if (found := _first(self.hours, hour + 1)) is not None:
            return _second(found, self.minutes[0], self.seconds[0])
        return None

    def _has_day(self, day: int) -> bool:
        shown = date.fromordinal(EPOCH_DAY + day)
        return (
            shown.day in self.days
            and shown.month in self.months
            and shown.isoweekday() % 7 in self.weekdays
            and shown.year in self.years
        )

    def _day_from(self, day: int) -> int | None:
        """Give the first day that matches from this one on, in days since 1970."""
        from_ordinal = EPOCH_DAY + day
        for ordinal in self._ordinals(date.fromordinal(from_ordinal)):
            # Ordinal 1 was a Monday.
            if ordinal >= from_ordinal and ordinal % 7 in self.weekdays:
                return ordinal - EPOCH_DAY
        return None

    def _ordinals(self, start: date) -> Iterator[int]:
        """Give all days from the month of a date on, whatever their day of the week."""
        years = self.years[bisect_left(self.years, start.year) :]
        for year, month in product(years, self.months):
            if (year, month) < (start.year, start.month):
                continue
            before, length = date(year, month, 1).toordinal() - 1, monthrange(year, month)[1]
            yield from (before + day for day in self.days if day <= length)


def _second(hour: int, minute: int, second: int) -> int:
    return hour * 3600 + minute * 60 + second


def _first(values: tuple[int, ...], least: int) -> int | None:
    """Give the first value that is not less."""
    index = bisect_left(values, least)
    return values[index] if index < len(values) else None
