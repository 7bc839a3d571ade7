"""The cron dialect of InfluxDB 3: from text to sets of values.

Fields are `second minute hour day-of-month month day-of-week [year]`, and all of them must match,
day of month and day of week included. Days of the week are numbered 1 (Sunday) to 7
(Saturday); 0 alone is taken as Sunday. Five fields are an extension: no seconds, and the days of
the week of POSIX (0 and 7 are Sunday, 1 is Monday). Six and seven fields are never read that way.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from influxpe.triggers.duration import NS_PER_SECOND
from influxpe.triggers.wall_clock import WallClock

YEAR_FIRST, YEAR_LAST = 1970, 2100
EXPRESSION_CHARACTERS_MAX = 1000
RANGES_SHOWN_MAX = 8

DAY_NAMES = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG_DAYS = "sunday monday tuesday wednesday thursday friday saturday".split()
_LONG_MONTHS = (
    "january february march april may june july august september october november december".split()
)
_DAYS = {name: number for number, name in enumerate(_LONG_DAYS, 1)}
_DAYS |= {name[:3]: number for name, number in _DAYS.items()} | {"tues": 3, "thurs": 5}
_MONTHS = {name: number for number, name in enumerate(_LONG_MONTHS, 1)}
_MONTHS |= {name[:3]: number for name, number in _MONTHS.items()}

SHORTHANDS = {
    "@hourly": "0 0 * * * *",
    "@daily": "0 0 0 * * *",
    "@weekly": "0 0 0 * * 1",
    "@monthly": "0 0 0 1 * *",
    "@yearly": "0 0 0 1 1 *",
}

_BLANK = r"[ \t\r\n]*+"
_NUMBER = rf"{_BLANK}\d++{_BLANK}"
_NAME = rf"{_BLANK}[A-Za-z]++{_BLANK}"
_ITEM = re.compile(
    rf"(?P<any>[*?])|(?P<low>{_NUMBER})-(?P<high>{_NUMBER})|(?P<point>{_NUMBER})"
    rf"|(?P<from>{_NAME})-(?P<to>{_NAME})|(?P<name>{_NAME})",
    re.ASCII,
)
_STEP = re.compile(rf"/({_NUMBER})", re.ASCII)
_BETWEEN = re.compile(_BLANK)


class CronError(ValueError):
    """The text is no cron expression; the message names the field and the value."""


@dataclass(frozen=True)
class _Item:
    """One part of a comma list: `any` is `*` or `?`, numbers and names are (low, high).

    `point` is one number alone, which with a step runs on to the end of the field.
    """

    any: str | None
    numbers: tuple[int, int] | None
    names: tuple[str, str] | None
    point: bool
    step: int | None


@dataclass(frozen=True)
class _Unit:
    """The range of one field, the names in it, and whether `?` may stand there."""

    label: str
    first: int
    last: int
    names: dict[str, int] | None = None
    question: bool = False

    def values(self, items: list[_Item]) -> frozenset[int]:
        """Give all values that a comma list stands for. Raises `CronError`."""
        return frozenset(value for item in items for value in self._of(item))

    def _of(self, item: _Item) -> range:
        if item.any == "?" and not self.question:
            raise CronError(f"'?' may not stand in {self.label}")
        low, high = self._bounds(item)
        if item.step is None:
            return range(low, high + 1)
        if not 1 <= item.step <= self.last:
            limits = f"between 1 and {self.last}"
            raise CronError(f"the step of {self.label} must be {limits}, not {item.step}")
        return range(low, (self.last if item.point else high) + 1, item.step)

    def _bounds(self, item: _Item) -> tuple[int, int]:
        if item.any is not None:
            return self.first, self.last
        if item.numbers is not None:
            low, high = (self._number(number) for number in item.numbers)
        else:
            low, high = (self._named(name) for name in item.names or ())
        if low > high:
            raise CronError(f"a range of {self.label} runs backwards: {low}-{high}")
        return low, high

    def _number(self, number: int) -> int:
        if not self.first <= number <= self.last:
            limits = f"between {self.first} and {self.last}"
            raise CronError(f"{self.label} must be {limits}, not {number}")
        return number

    def _named(self, name: str) -> int:
        found = (self.names or {}).get(name.lower())
        if found is None:
            raise CronError(f"'{name}' is no name of {self.label}")
        return found


@dataclass(frozen=True)
class Cron:
    """A cron expression as sets of values; days of the week are 0 (Sunday) to 6."""

    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    years: frozenset[int]

    @cached_property
    def wall(self) -> WallClock:
        """The same values in order, which can be asked for the next match."""
        fields = (self.seconds, self.minutes, self.hours, self.days, self.months, self.years)
        seconds, minutes, hours, days, months, years = (tuple(sorted(one)) for one in fields)
        return WallClock(seconds, minutes, hours, days, months, years, self.weekdays)

    @property
    def every_minute(self) -> bool:
        """Whether all minutes match, as with `*`."""
        return len(self.minutes) == 60

    @property
    def every_hour(self) -> bool:
        """Whether all hours match, as with `*`."""
        return len(self.hours) == 24

    def next_after(self, time_ns: int) -> int | None:
        """Give the first match in UTC that is later than a time, or `None` where there is none."""
        found = self.wall.next_after(time_ns // NS_PER_SECOND)
        return None if found is None else found * NS_PER_SECOND

    def describe(self, zone: str = "UTC") -> str:
        """Say in words when it matches, such as `at 06:00:00 on Sun-Thu, UTC`."""
        parts = [self._clock()]
        if len(self.weekdays) < len(DAY_NAMES):
            parts.append("on " + _ranges(self.weekdays, {i: n for i, n in enumerate(DAY_NAMES)}))
        if len(self.days) < 31:
            parts.append("on day " + _ranges(self.days) + " of the month")
        if len(self.months) < len(MONTH_NAMES):
            parts.append("in " + _ranges(self.months, dict(enumerate(MONTH_NAMES, 1))))
        if len(self.years) <= YEAR_LAST - YEAR_FIRST:
            parts.append("in " + _ranges(self.years))
        return " ".join(parts) + f", {zone}"

    def _clock(self) -> str:
        parts = (self.hours, self.minutes, self.seconds)
        if all(len(part) == 1 for part in parts):
            return "at " + ":".join(f"{min(part):02}" for part in parts)
        sizes = (24, 60, 60)
        named = zip(("hour", "minute", "second"), parts, sizes, strict=True)
        return ", ".join(
            f"every {name}" if len(part) == size else f"{name} {_ranges(part)}"
            for name, part, size in named
        )


_QUARTZ_DAYS = _Unit("day of week", 1, 7, _DAYS, question=True)
_POSIX_DAYS = _Unit(
    "day of week", 0, 7, {name: day - 1 for name, day in _DAYS.items()}, question=True
)
_MINUTES = _Unit("minutes", 0, 59)
_HOURS = _Unit("hours", 0, 23)
_DAYS_OF_MONTH = _Unit("day of month", 1, 31, question=True)
_MONTHS_OF_YEAR = _Unit("month", 1, 12, _MONTHS)
_YEARS = _Unit("year", YEAR_FIRST, YEAR_LAST)
_UNITS = (_Unit("seconds", 0, 59), _MINUTES, _HOURS, _DAYS_OF_MONTH, _MONTHS_OF_YEAR)
_ALL_YEARS = frozenset(range(YEAR_FIRST, YEAR_LAST + 1))


def parse_cron(text: str) -> Cron:
    """Read an expression of five, six or seven fields, or a shorthand. Raises `CronError`."""
    text = text.strip()
    if len(text) > EXPRESSION_CHARACTERS_MAX:
        limit = f"{EXPRESSION_CHARACTERS_MAX} characters"
        raise CronError(f"the expression has {len(text)} characters, its limit is {limit}")
    fields = _fields(SHORTHANDS.get(text, text))
    if len(fields) == 5:
        return _posix(fields)
    if len(fields) not in (6, 7):
        raise CronError(f"a cron expression has 5, 6 or 7 fields, this one has {len(fields)}")
    values = [unit.values(field) for unit, field in zip(_UNITS, fields, strict=False)]
    years = _YEARS.values(fields[6]) if len(fields) == 7 else _ALL_YEARS
    seconds, minutes, hours, days, months = values
    return Cron(seconds, minutes, hours, days, months, _quartz_weekdays(fields[5]), years)


def _posix(fields: list[list[_Item]]) -> Cron:
    values = [unit.values(field) for unit, field in zip(_UNITS[1:], fields, strict=False)]
    weekdays = frozenset(day % 7 for day in _POSIX_DAYS.values(fields[4]))
    minutes, hours, days, months = values
    return Cron(frozenset({0}), minutes, hours, days, months, weekdays, _ALL_YEARS)


def _quartz_weekdays(items: list[_Item]) -> frozenset[int]:
    # Zero is no day in this numbering, so reading it as Sunday takes nothing away; in a range it
    # would mix two numberings, and is refused.
    zeros = [item for item in items if item.numbers == (0, 0) and item.step is None]
    others = [item for item in items if item not in zeros]
    sunday = frozenset({0} if zeros else ())
    return sunday | {day - 1 for day in _QUARTZ_DAYS.values(others)}


def _fields(text: str) -> list[list[_Item]]:
    """Split into fields; blanks between them are needed only where tokens would run together."""
    fields = []
    position = _skip(text, 0)
    while position < len(text):
        items, position = _list(text, position)
        fields.append(items)
        position = _skip(text, position)
    return fields


def _list(text: str, position: int) -> tuple[list[_Item], int]:
    item, position = _item(text, position)
    items = [item]
    while text.startswith(",", position):
        item, position = _item(text, position + 1)
        items.append(item)
    return items, position


def _item(text: str, position: int) -> tuple[_Item, int]:
    found = _ITEM.match(text, position)
    if found is None:
        raise CronError(f"cannot read '{text[position:]}'")
    step = None if found["name"] else _STEP.match(text, found.end())
    low, high = found["low"] or found["point"], found["high"] or found["point"]
    first, last = found["from"] or found["name"], found["to"] or found["name"]
    item = _Item(
        any=found["any"],
        numbers=(int(low), int(high)) if low else None,
        names=(first.strip(), last.strip()) if first else None,
        point=found["point"] is not None,
        step=int(step[1]) if step else None,
    )
    return item, step.end() if step else found.end()


def _skip(text: str, position: int) -> int:
    found = _BETWEEN.match(text, position)
    return found.end() if found else position


def _ranges(values: frozenset[int], names: dict[int, str] | None = None) -> str:
    """Write values as `1-5, 9`, or with names for the numbers."""
    runs: list[list[int]] = []
    for value in sorted(values):
        if runs and runs[-1][1] == value - 1:
            runs[-1][1] = value
        else:
            runs.append([value, value])
    show = (names or {}).get
    shown = [
        f"{show(low, str(low))}-{show(high, str(high))}" if low < high else show(low, str(low))
        for low, high in runs[:RANGES_SHOWN_MAX]
    ]
    return ", ".join(shown + ["..."] * (len(runs) > RANGES_SHOWN_MAX))
