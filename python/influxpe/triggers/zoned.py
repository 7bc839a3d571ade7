"""Cron expressions in a time zone: which instants they stand for when clocks are put on or back.

An expression is matched against what a clock on the wall shows in the zone. Where the clock is put
on, some times are never shown; where it is put back, some are shown twice. The rule:

- The hours of an expression are *fixed* unless all 24 match, its minutes unless all 60 do: lists
  and `*/2` are fixed, `*` and `0-23` are not.
- Put on: an expression whose hours and minutes are both fixed, and which matches any time that is
  left out, fires once for them, at the instant at which the clock is put on. All others go on with
  the times that are shown.
- Put back: an expression with fixed hours fires at the first showing of a time and not at the
  second. One that matches every hour fires at both.

So `0 30 2 * * *` fires once on every day of the year, and `0 30 * * * *` whenever a clock shows
half past. A change of the zone's offset for another reason follows the same rule. Pure functions.
"""

import contextlib
import difflib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo, available_timezones

from influxpe.triggers.cron import Cron
from influxpe.triggers.duration import NS_PER_SECOND
from influxpe.triggers.spec import SpecError

UTC = "UTC"
# The longest name of the database has 32 characters; what is longer need not be looked for.
ZONE_CHARACTERS_MAX = 64
# Offsets are compared at instants so far apart; no zone changes there and back in between.
PROBE_SECONDS = 6 * 3600
# More than any change of an offset: what lies further from a change is not touched by it.
REACH_SECONDS = 2 * 86_400
# With leap seconds, or what the machine is set to: no zones of the IANA database.
NO_ZONES = ("right/", "posix/", "localtime", "posixrules", "Factory")

_SECOND = timedelta(seconds=1)


def check_zone(name: str) -> None:
    """Refuse what is no name of the IANA time zone database. Raises `SpecError`."""
    if len(name) > ZONE_CHARACTERS_MAX:
        limit = f"{ZONE_CHARACTERS_MAX} characters"
        raise SpecError(
            f"the name of the time zone has {len(name)} characters, its limit is {limit}"
        )
    _zone(name)


def _zone(name: str) -> ZoneInfo:
    if not name.startswith(NO_ZONES):
        # What is no zone is not there, or is a folder, or is another file, or no name of a file.
        with contextlib.suppress(KeyError, OSError, ValueError):
            return ZoneInfo(name)
    raise SpecError(f"unknown time zone '{name}': {_hint(name)}")


def _hint(name: str) -> str:
    known = available_timezones()
    if not known:
        return "this machine has no time zone database; install the package tzdata"
    lower = {zone.lower(): zone for zone in known}
    close = difflib.get_close_matches(name.lower(), lower, n=1)
    meant = f"did you mean '{lower[close[0]]}'?" if close else "such as 'Europe/Vienna' or 'UTC'"
    return f"a name of the IANA database is needed, {meant}"


@dataclass(frozen=True)
class ZonedCron:
    """The instants that a cron expression stands for in a zone."""

    cron: Cron
    zone_name: str

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone by its name. Raises `SpecError` where it is not known."""
        return _zone(self.zone_name)

    def describe(self) -> str:
        """Say in words when it fires."""
        return self.cron.describe(self.zone_name)

    def next_after(self, time_ns: int) -> int | None:
        """Give the first tick later than a time, or `None` where there is none."""
        found = self._next_after(time_ns // NS_PER_SECOND)
        return None if found is None else found * NS_PER_SECOND

    def _next_after(self, time_s: int) -> int | None:
        """Go on from change to change of the offset; between two the wall is a fixed step away."""
        while True:
            offset = self._offset(time_s)
            wall_s = self.cron.wall.next_after(self._seen(time_s, offset))
            tick_s = None if wall_s is None else wall_s - offset
            until_s = time_s + REACH_SECONDS
            if tick_s is not None and tick_s < until_s:
                until_s = tick_s
            change_s = self._first_change(time_s, until_s)
            if change_s is not None:
                if self._fires_at_change(change_s):
                    return change_s
                time_s = change_s
            elif tick_s is None or tick_s == until_s:
                return tick_s
            else:
                time_s = max(until_s, tick_s - REACH_SECONDS)

    def _seen(self, time_s: int, offset: int) -> int:
        """Give the time on the wall up to which there is nothing to fire any more."""
        shown = datetime.fromtimestamp(time_s + 1, self.zone)
        if self.cron.every_hour or not shown.fold:
            return time_s + offset
        # Times are shown again: fixed hours go on where the clock was put back.
        back_s = _offset_of(shown.replace(fold=0)) - _offset_of(shown)
        change_s = self._first_change(time_s + 1 - back_s, time_s + 1)
        if change_s is None:
            return time_s + offset
        return change_s - 1 + self._offset(change_s - 1)

    def _fires_at_change(self, change_s: int) -> bool:
        before, after = self._offset(change_s - 1), self._offset(change_s)
        if after < before and not self.cron.every_hour:
            return False
        left_out = after > before and not (self.cron.every_hour or self.cron.every_minute)
        first_s = change_s + (before if left_out else after)
        match_s = self.cron.wall.next_after(first_s - 1)
        return match_s is not None and match_s <= change_s + after

    def _first_change(self, after_s: int, until_s: int) -> int | None:
        """Give the first instant with another offset than one before, not later than `until_s`."""
        low_s, offset = after_s, self._offset(after_s)
        while low_s < until_s:
            high_s = min(low_s + PROBE_SECONDS, until_s)
            if self._offset(high_s) != offset:
                return self._bisect(low_s, high_s)
            low_s = high_s
        return None

    def _bisect(self, low_s: int, high_s: int) -> int:
        offset = self._offset(low_s)
        while high_s - low_s > 1:
            middle_s = (low_s + high_s) // 2
            if self._offset(middle_s) == offset:
                low_s = middle_s
            else:
                high_s = middle_s
        return high_s

    def _offset(self, time_s: int) -> int:
        return _offset_of(datetime.fromtimestamp(time_s, self.zone))


def _offset_of(moment: datetime) -> int:
    offset = moment.utcoffset()
    return 0 if offset is None else offset // _SECOND
