"""Cron expressions in a zone: clocks put on and back, against a walk from minute to minute."""

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from influxpe.triggers.cron import Cron, parse_cron
from influxpe.triggers.schedule import NS_MAX, ticks_between
from influxpe.triggers.spec import SpecError
from influxpe.triggers.zoned import ZONE_CHARACTERS_MAX, ZonedCron, check_zone

NS_PER_SECOND = 1_000_000_000
MINUTE = timedelta(minutes=1)

VIENNA, NEW_YORK, LORD_HOWE = "Europe/Vienna", "America/New_York", "Australia/Lord_Howe"
CASABLANCA, KATHMANDU, HAVANA, APIA = (
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "America/Havana",
    "Pacific/Apia",
)

# A day before each of these, in UTC, the clocks of the zone are still as they were.
CHANGES = {
    VIENNA: ["2026-03-29 01:00", "2026-10-25 01:00"],
    NEW_YORK: ["2026-03-08 07:00", "2026-11-01 06:00"],
    LORD_HOWE: ["2026-04-04 15:00", "2026-10-03 15:30"],
    CASABLANCA: ["2026-02-15 02:00", "2026-03-22 02:00"],
    HAVANA: ["2026-03-08 05:00", "2026-11-01 05:00"],
    APIA: ["2011-12-30 10:00"],
    KATHMANDU: ["2026-03-08 07:00"],
    "UTC": ["2026-03-29 01:00"],
}
WALKS = [(zone, at) for zone, times in CHANGES.items() for at in times]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def ns(moment: datetime) -> int:
    return int(moment.timestamp()) * NS_PER_SECOND


def ticks(schedule: ZonedCron, start: datetime, end: datetime) -> list[datetime]:
    """Give the ticks from a time on and before another."""
    found = ticks_between(schedule, ns(start) - 1, ns(end) - 1)
    return [datetime.fromtimestamp(tick // NS_PER_SECOND, UTC) for tick in found]


def shown(text: str, zone: str, start: str, count: int) -> list[str]:
    """Give the next ticks as the zone shows them."""
    schedule = ZonedCron(parse_cron(text), zone)
    found = islice(ticks_between(schedule, ns(instant(start)), NS_MAX), count)
    moments = [datetime.fromtimestamp(tick // NS_PER_SECOND, ZoneInfo(zone)) for tick in found]
    return [f"{moment:%m-%d %H:%M:%S%z}" for moment in moments]


# In Vienna 2026-03-29 has no 02:00 to 03:00, and 2026-10-25 has it twice.
SPRING = {
    "0 30 2 * * *": ["03-28 02:30:00+0100", "03-29 03:00:00+0200", "03-30 02:30:00+0200"],
    "0 0 2,3 * * *": ["03-28 02:00:00+0100", "03-28 03:00:00+0100", "03-29 03:00:00+0200"],
    "0 */15 2 29 * *": ["03-29 03:00:00+0200", "04-29 02:00:00+0200"],
    "* 59 2 29 * *": ["03-29 03:00:00+0200", "04-29 02:59:00+0200"],
    "0 30 * 29 * *": ["03-29 00:30:00+0100", "03-29 01:30:00+0100", "03-29 03:30:00+0200"],
    "0 */40 1-3 29 * *": ["03-29 01:00:00+0100", "03-29 01:40:00+0100", "03-29 03:00:00+0200"],
    "0 40 2,3 29 * *": ["03-29 03:00:00+0200", "03-29 03:40:00+0200", "04-29 02:40:00+0200"],
    "0 * 2 * * *": [f"03-28 02:{minute:02}:00+0100" for minute in range(60)]
    + ["03-30 02:00:00+0200"],
    "59 59 1 29 * *": ["03-29 01:59:59+0100", "04-29 01:59:59+0200"],
}
AUTUMN = {
    "0 30 2 * * *": ["10-24 02:30:00+0200", "10-25 02:30:00+0200", "10-26 02:30:00+0100"],
    "0 0 3 * * *": ["10-24 03:00:00+0200", "10-25 03:00:00+0100"],
    "0 30 1-3 25 * *": ["10-25 01:30:00+0200", "10-25 02:30:00+0200", "10-25 03:30:00+0100"],
    "0 30 * 25 * *": [f"10-25 {hour:02}:30:00+0200" for hour in range(3)]
    + ["10-25 02:30:00+0100", "10-25 03:30:00+0100"],
    "0 30 0-23 25 * *": [f"10-25 {hour:02}:30:00+0200" for hour in range(3)]
    + ["10-25 02:30:00+0100", "10-25 03:30:00+0100"],
    "0 */30 2 25 * *": ["10-25 02:00:00+0200", "10-25 02:30:00+0200", "11-25 02:00:00+0100"],
    "59 59 1,2 25 * *": ["10-25 01:59:59+0200", "10-25 02:59:59+0200", "11-25 01:59:59+0100"],
}


@pytest.mark.parametrize("text", SPRING)
def test_a_clock_put_on_leaves_out_no_run_of_fixed_times(text: str) -> None:
    assert shown(text, VIENNA, "2026-03-27 23:00", len(SPRING[text])) == SPRING[text]


@pytest.mark.parametrize("text", AUTUMN)
def test_a_clock_put_back_repeats_no_run_of_fixed_hours(text: str) -> None:
    assert shown(text, VIENNA, "2026-10-23 22:00", len(AUTUMN[text])) == AUTUMN[text]


def test_a_shift_of_half_an_hour_is_kept() -> None:
    spring = shown("0 15 2 * * *", LORD_HOWE, "2026-10-02 15:00", 3)
    assert spring == ["10-03 02:15:00+1030", "10-04 02:30:00+1100", "10-05 02:15:00+1100"]
    autumn = shown("0 45 * * * *", LORD_HOWE, "2026-04-04 14:00", 3)
    assert autumn == ["04-05 01:45:00+1100", "04-05 01:45:00+1030", "04-05 02:45:00+1030"]


def test_a_day_that_a_zone_leaves_out_counts_once() -> None:
    found = shown("0 0 8 * * *", APIA, "2011-12-29 12:00", 3)
    assert found == ["12-29 08:00:00-1000", "12-31 00:00:00+1400", "12-31 08:00:00+1400"]


def test_a_midnight_that_does_not_exist_is_the_end_of_the_gap() -> None:
    assert shown("@daily", HAVANA, "2026-03-07 12:00", 2) == [
        "03-08 01:00:00-0400",
        "03-09 00:00:00-0400",
    ]


@pytest.mark.parametrize(
    ("text", "start", "first"),
    [
        ("0 0 0 29 2 *", "2026-01-01 00:00", "02-29 00:00:00+0100"),
        ("0 30 2 29 3 SUN 2037", "2026-01-01 00:00", "03-29 03:00:00+0200"),
        ("0 0 12 1 7 * 2100", "2026-01-01 00:00", "07-01 12:00:00+0200"),
    ],
)
def test_a_far_match_is_found(text: str, start: str, first: str) -> None:
    assert shown(text, VIENNA, start, 1) == [first]


def test_an_expression_may_never_match_in_a_zone() -> None:
    assert shown("0 0 0 31 2 *", VIENNA, "2026-01-01 00:00", 1) == []
    assert shown("0 30 2 29 3 * 2026", VIENNA, "2026-03-29 00:00", 9) == ["03-29 03:00:00+0200"]
    assert shown("0 30 * 25 10 * 2026", VIENNA, "2026-10-25 21:50", 9) == ["10-25 23:30:00+0100"]


def subset(first: int, last: int) -> st.SearchStrategy[frozenset[int]]:
    some = st.frozensets(st.integers(first, last), min_size=1, max_size=4)
    return some | st.just(frozenset(range(first, last + 1)))


CRONS = st.builds(
    Cron,
    st.just(frozenset({0})),
    subset(0, 59),
    subset(0, 23) | st.frozensets(st.integers(0, 3), min_size=1),
    st.just(frozenset(range(1, 32))) | subset(1, 31),
    st.just(frozenset(range(1, 13))),
    st.just(frozenset(range(7))) | subset(0, 6),
    st.just(frozenset(range(1970, 2101))),
)


@cache
def minutes_around(zone: str, at: str) -> list[datetime]:
    """Give each minute of two days around a change, as the zone shows it."""
    start = instant(at) - timedelta(hours=27)
    return [(start + n * MINUTE).astimezone(ZoneInfo(zone)) for n in range(54 * 60)]


def matches(cron: Cron, wall: datetime) -> bool:
    return (
        wall.minute in cron.minutes
        and wall.hour in cron.hours
        and wall.day in cron.days
        and (wall.weekday() + 1) % 7 in cron.weekdays
    )


def left_out(before: datetime, after: datetime) -> list[datetime]:
    """Give the minutes that no clock shows between two that follow each other."""
    shown, end = before.replace(tzinfo=None) + MINUTE, after.replace(tzinfo=None)
    count = max(0, (end - shown) // MINUTE)
    return [shown + n * MINUTE for n in range(count)]


def walk(cron: Cron, minutes: list[datetime]) -> list[datetime]:
    """Look at each minute and at those that are left out: the rule of `zoned.py`, word by word."""
    fixed_hours, fixed_minutes = len(cron.hours) < 24, len(cron.minutes) < 60
    found = []
    for before, now in pairwise(minutes):
        fires = matches(cron, now) and not (fixed_hours and now.fold)
        if fixed_hours and fixed_minutes:
            fires = fires or any(matches(cron, wall) for wall in left_out(before, now))
        if fires:
            found.append(now.astimezone(UTC))
    return found


@settings(deadline=None)
@given(CRONS, st.sampled_from(WALKS))
def test_the_ticks_are_those_of_a_walk_from_minute_to_minute(
    cron: Cron, change: tuple[str, str]
) -> None:
    zone, at = change
    minutes = minutes_around(zone, at)
    end = minutes[-1].astimezone(UTC) + MINUTE
    assert ticks(ZonedCron(cron, zone), minutes[1].astimezone(UTC), end) == walk(cron, minutes)


@settings(deadline=None)
@given(CRONS, st.sampled_from(WALKS), st.integers(-26 * 3600, 26 * 3600))
def test_the_next_tick_is_the_same_wherever_one_asks_before_it(
    cron: Cron, change: tuple[str, str], seconds: int
) -> None:
    zone, at = change
    after = instant(at) + timedelta(seconds=seconds)
    schedule = ZonedCron(cron, zone)
    found = schedule.next_after(ns(after))
    later = [tick for tick in walk(cron, minutes_around(zone, at)) if tick > after]
    if later:
        assert found == ns(later[0])
        assert schedule.next_after(ns(later[0]) - 1) == found


@settings(deadline=None)
@given(CRONS, st.integers(0, 4_000_000_000))
def test_utc_as_a_zone_is_utc(cron: Cron, time_s: int) -> None:
    zoned = ZonedCron(cron, "UTC").next_after(time_s * NS_PER_SECOND)
    assert zoned == cron.next_after(time_s * NS_PER_SECOND)


@pytest.mark.parametrize("zone", [*CHANGES, "Etc/GMT+5", "America/Argentina/Buenos_Aires"])
def test_names_of_the_database_are_zones(zone: str) -> None:
    check_zone(zone)


NO_ZONES = ["", "Vienna", "CET/", "Europe", "+02:00", "../UTC", "/etc/passwd", "right/UTC", "a\0b"]
NO_ZONES += ["posixrules", "localtime", "zone.tab", "tzdata.zi", "Ö"]


@pytest.mark.parametrize("name", NO_ZONES)
def test_what_is_no_name_of_a_zone_is_refused(name: str) -> None:
    with pytest.raises(SpecError, match="unknown time zone '"):
        check_zone(name)


def test_a_misspelt_zone_is_told_what_it_may_have_meant() -> None:
    with pytest.raises(SpecError) as raised:
        check_zone("europe/vienna")
    assert str(raised.value) == (
        "unknown time zone 'europe/vienna': a name of the IANA database is needed, "
        "did you mean 'Europe/Vienna'?"
    )


def test_a_name_that_is_too_long_is_refused() -> None:
    check_zone("America/Argentina/ComodRivadavia")
    with pytest.raises(SpecError, match=f"its limit is {ZONE_CHARACTERS_MAX} characters"):
        check_zone("x" * (ZONE_CHARACTERS_MAX + 1))


def test_an_expression_is_described_in_its_zone() -> None:
    schedule = ZonedCron(parse_cron("0 0 6 * * MON-FRI"), VIENNA)
    assert schedule.describe() == "at 06:00:00 on Mon-Fri, Europe/Vienna"
