"""When schedules fire, and what happens to ticks that nobody ran."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from influxpe.triggers.cron import parse_cron
from influxpe.triggers.options import TriggerOptions
from influxpe.triggers.schedule import (
    SET_BACK_NS_MIN,
    SKIPPED_COUNTED_MAX,
    Every,
    Newest,
    newest,
    next_times,
    rfc3339,
    say_skipped,
    schedule_of,
    spoken,
    ticks_between,
    was_set_back,
)
from influxpe.triggers.spec import CronSpec, EverySpec

SECOND = 1_000_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
BASE = 1_767_225_600 * SECOND  # 2026-01-01T00:00:00Z, a Thursday

EVERY_SECOND = Every(SECOND)
CRON_SECOND = parse_cron("* * * * * *")


@pytest.mark.parametrize(
    ("period", "after", "expected"),
    [
        (HOUR, BASE + 1, BASE + HOUR),
        (HOUR, BASE, BASE + HOUR),
        (HOUR, BASE - 1, BASE),
        (DAY, BASE + HOUR, BASE + DAY),
        (7 * DAY, BASE + DAY, BASE + 7 * DAY),
        (SECOND // 10, BASE + 1, BASE + SECOND // 10),
    ],
)
def test_a_period_is_aligned_to_the_epoch(period: int, after: int, expected: int) -> None:
    assert Every(period).next_after(after) == expected


def test_fractions_of_a_millisecond_are_dropped() -> None:
    spec = EverySpec(100_700_000)
    assert schedule_of(spec) == Every(100_000_000)


def test_a_cron_specification_is_a_schedule() -> None:
    assert schedule_of(CronSpec("0 0 6 * * *")).next_after(BASE) == BASE + 6 * HOUR


@given(st.integers(1, 10**15), st.integers(0, 2 * 10**18))
def test_the_next_tick_is_later_and_the_last_is_not(period: int, time_ns: int) -> None:
    every = Every(period)
    (last,) = newest(every, 0, time_ns, 1).ticks or (0,)
    assert last <= time_ns < every.next_after(time_ns)
    assert every.next_after(time_ns) - last == period


both = pytest.mark.parametrize("schedule", [EVERY_SECOND, CRON_SECOND], ids=["every", "cron"])


@both
def test_no_ticks_lie_between_equal_times(schedule: Every) -> None:
    assert newest(schedule, BASE, BASE, 9) == Newest((), 0)
    assert newest(schedule, BASE + SECOND, BASE, 9) == Newest((), 0)


@both
def test_the_newest_ticks_are_kept_and_those_before_counted(schedule: Every) -> None:
    late = BASE + 5 * SECOND + 1
    last_two = (BASE + 4 * SECOND, BASE + 5 * SECOND)
    assert newest(schedule, BASE, late, 2) == Newest(last_two, 3)
    assert newest(schedule, BASE, late, 5).left_out == 0
    assert newest(schedule, BASE, late, 0) == Newest((), 5)
    years = BASE + 3000 * DAY
    assert newest(schedule, BASE, years, 1) == Newest((years,), SKIPPED_COUNTED_MAX)


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(["*/7 * * * * *", "0 */20 1-3 * * *", "0 30 2 * * SUN", "0 0 0 31 2 *"]),
    st.sampled_from(["UTC", "Europe/Vienna", "Australia/Lord_Howe"]),
    st.integers(0, 40 * 86_400),
    st.integers(0, 12),
)
def test_the_newest_ticks_are_the_end_of_all_ticks(
    text: str, zone: str, seconds: int, count: int
) -> None:
    schedule = schedule_of(CronSpec(text), zone)
    start = BASE + 70 * DAY
    until = start + seconds * SECOND // 8
    ticks = list(ticks_between(schedule, start, until))
    kept = tuple(ticks[max(0, len(ticks) - count) :])
    left_out = min(len(ticks) - len(kept), SKIPPED_COUNTED_MAX)
    assert newest(schedule, start, until, count) == Newest(kept, left_out)


def test_only_a_clear_step_back_counts_as_set_back() -> None:
    assert not was_set_back(BASE, BASE + 1)
    assert not was_set_back(BASE, BASE - SET_BACK_NS_MIN)
    assert was_set_back(BASE, BASE - SET_BACK_NS_MIN - 1)


def test_the_warning_names_how_many_were_skipped() -> None:
    assert say_skipped(1) == "skipped 1 scheduled run whose time has passed"
    assert say_skipped(7) == "skipped 7 scheduled runs whose times have passed"
    assert f"{SKIPPED_COUNTED_MAX} or more" in say_skipped(SKIPPED_COUNTED_MAX)


@pytest.mark.parametrize(
    ("time_ns", "machine", "human"),
    [
        (BASE, "2026-01-01T00:00:00Z", "2026-01-01 00:00:00 UTC"),
        (BASE + SECOND // 2, "2026-01-01T00:00:00.500Z", "2026-01-01 00:00:00.500 UTC"),
        (BASE + 1000, "2026-01-01T00:00:00.000001Z", "2026-01-01 00:00:00.000001 UTC"),
        (BASE + 1, "2026-01-01T00:00:00.000000001Z", "2026-01-01 00:00:00.000000001 UTC"),
    ],
)
def test_times_are_written(time_ns: int, machine: str, human: str) -> None:
    assert rfc3339(time_ns) == machine
    assert spoken(time_ns) == human


def test_a_period_is_described() -> None:
    assert Every(90 * SECOND).describe() == "every 1m 30s from the Unix epoch on, UTC"


def test_the_next_times_of_a_zone_are_told_in_the_zone_and_in_utc() -> None:
    options = TriggerOptions(time_zone="Europe/Vienna")
    assert next_times(CronSpec("0 30 2 * 3 SUN"), options, BASE + 78 * DAY) == [
        "2026-03-22T02:30:00+01:00 (2026-03-22T01:30:00Z)",
        "2026-03-29T03:00:00+02:00 (2026-03-29T01:00:00Z)",
        "2027-03-07T02:30:00+01:00 (2027-03-07T01:30:00Z)",
    ]


def test_the_next_times_in_utc_are_told_once() -> None:
    times = next_times(CronSpec("0 0 6 * * 1-5"), TriggerOptions(), BASE)
    assert times == ["2026-01-01T06:00:00Z", "2026-01-04T06:00:00Z", "2026-01-05T06:00:00Z"]


def test_a_zone_has_no_say_in_periods() -> None:
    options = TriggerOptions(time_zone="Asia/Kathmandu")
    assert next_times(EverySpec(DAY), options, BASE) == [
        f"2026-01-{day:02}T00:00:00Z" for day in (2, 3, 4)
    ]


def test_fewer_times_are_told_where_there_are_fewer() -> None:
    assert next_times(CronSpec("0 0 0 31 2 *"), TriggerOptions(), BASE) == []
    assert len(next_times(CronSpec("0 0 0 1 1 * 2027"), TriggerOptions(), BASE)) == 1
