"""The cron dialect: what is accepted, what it means, and when it matches."""

import contextlib
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from influxpe.triggers.cron import (
    EXPRESSION_CHARACTERS_MAX,
    RANGES_SHOWN_MAX,
    Cron,
    CronError,
    parse_cron,
)
from influxpe.triggers.schedule import NS_MAX, ticks_between

NS_PER_SECOND = 1_000_000_000
BASE = datetime(2026, 1, 1, tzinfo=UTC)


def ns(moment: datetime) -> int:
    return int(moment.timestamp()) * NS_PER_SECOND


def moment(time_ns: int) -> datetime:
    assert time_ns % NS_PER_SECOND == 0
    return datetime.fromtimestamp(time_ns // NS_PER_SECOND, UTC)


def following(text: str, count: int) -> list[str]:
    times = islice(ticks_between(parse_cron(text), ns(BASE), NS_MAX), count)
    return [f"{moment(time_ns):%Y-%m-%d %H:%M:%S}" for time_ns in times]


VECTORS = {
    "0 0 6 * * 1-5": ["01-01 06:00:00", "01-04 06:00:00", "01-05 06:00:00", "01-06 06:00:00"],
    "0 0 6 * * MON-FRI": ["01-01 06:00:00", "01-02 06:00:00", "01-05 06:00:00"],
    "0 0 6 * * 7": ["01-03 06:00:00"],
    "0 0 0 13 * FRI": ["02-13 00:00:00"],
    "0 30 9,12,15 1,15 May-Aug Mon,Wed,Fri 2018/2": ["05-01 09:30:00"],
    "0 0 0 */30 * *": ["01-31 00:00:00", "02-01 00:00:00", "03-01 00:00:00", "03-31 00:00:00"],
    "1,2,3/20 * * * * *": ["01-01 00:00:01", "01-01 00:00:02", "01-01 00:00:03", "01-01 00:00:23"],
    "0 0 8 * * TUE-SAT/2": ["01-01 08:00:00", "01-03 08:00:00", "01-06 08:00:00"],
    "*/7 * * * * *": [f"01-01 00:00:{s:02}" for s in (7, 14, 21, 28, 35, 42, 49, 56)]
    + ["01-01 00:01:00"],
    "@hourly": ["01-01 01:00:00"],
    "@daily": ["01-02 00:00:00"],
    "@weekly": ["01-04 00:00:00"],
    "@monthly": ["02-01 00:00:00"],
    "0 */12 * * *": ["01-01 12:00:00", "01-02 00:00:00"],
    "0 6 * * 1-5": ["01-01 06:00:00", "01-02 06:00:00", "01-05 06:00:00"],
    "0 0 6 * * 0": ["01-04 06:00:00"],
    "0 0 6 * * 0,7": ["01-03 06:00:00", "01-04 06:00:00"],
    "0 6 * * 0": ["01-04 06:00:00"],
    "0 6 * * 7": ["01-04 06:00:00"],
    "0 0 13 * 5": ["02-13 00:00:00"],
    "0 0 */12 * * *": ["01-01 12:00:00", "01-02 00:00:00"],
}


@pytest.mark.parametrize("text", VECTORS)
def test_an_expression_matches_when_it_should(text: str) -> None:
    expected = [f"2026-{rest}" for rest in VECTORS[text]]
    assert following(text, len(expected)) == expected


def test_years_between_matches_are_bridged() -> None:
    assert following("0 0 0 29 2 *", 2) == ["2028-02-29 00:00:00", "2032-02-29 00:00:00"]
    assert following("@yearly", 1) == ["2027-01-01 00:00:00"]
    assert following("0 0 0 1 1 * 2100", 2) == ["2100-01-01 00:00:00"]
    assert following("0 0 0 29 2 FRI", 2) == ["2036-02-29 00:00:00", "2064-02-29 00:00:00"]


@pytest.mark.parametrize("text", ["0 0 0 31 2 *", "0 0 0 1 1 * 2020"])
def test_an_expression_may_never_match(text: str) -> None:
    assert parse_cron(text).next_after(ns(BASE)) is None


SAME = {
    "******": "* * * * * *",
    "0 0 0 ? * ?": "0 0 0 * * *",
    "0 0 0 ?/5 * *": "0 0 0 */5 * *",
    "0 0 0 * * MON - FRI": "0 0 0 * * MON-FRI",
    "0 0 0 * * mon , wed": "0 0 0 * * 2,4",
    "0\t0\n0 * * *": "0 0 0 * * *",
    "00 007 0 * * *": "0 7 0 * * *",
    "0 0 0 * * sunday,TUES,Thurs,Saturday": "0 0 0 * * 1,3,5,7",
    "0 0 0 * january,feb-April *": "0 0 0 * 1-4 *",
    "0 0 0 * JAN-DEC/6 *": "0 0 0 * 1,7 *",
    "5/20 * * * * *": "5,25,45 * * * * *",
    "10-30/10 * * * * *": "10,20,30 * * * * *",
    "5-5/2 * * * * *": "5 * * * * *",
    "0 0 0 */2 * *": "0 0 0 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31 * *",
    "0 0 0 * * ?/5": "0 0 0 * * SUN,FRI",
    "0 0 0 13 * FRI *": "0 0 0 13 * 6",
    "*/59 * * * * *": "0,59 * * * * *",
    "* * * * * * *": "* * * * * *",
    "* * * * * * 1970-2100": "* * * * * *",
    "@hourly": "0 0 * * * *",
    "@daily": "0 0 0 * * *",
    "@weekly": "0 0 0 * * SUN",
    "@monthly": "0 0 0 1 * *",
    "@yearly": "0 0 0 1 1 *",
    "* * * * *": "0 * * * * *",
    "0 6 * * MON-FRI": "0 0 6 * * MON-FRI",
    "0 6 * * 1-5": "0 0 6 * * MON-FRI",
    "0 6 * * 0-7": "0 0 6 * * *",
}


@pytest.mark.parametrize("text", SAME)
def test_two_ways_to_write_the_same(text: str) -> None:
    assert parse_cron(text) == parse_cron(SAME[text])


DAY_NAMES = {
    "sun sunday": 1,
    "mon monday": 2,
    "tue tues tuesday": 3,
    "wed wednesday": 4,
    "thu thurs thursday": 5,
    "fri friday": 6,
    "sat saturday": 7,
}
MONTHS = (
    "january february march april may june july august september october november december".split()
)


@pytest.mark.parametrize("names", DAY_NAMES)
def test_a_day_has_these_names(names: str) -> None:
    for name in names.split():
        assert parse_cron(f"0 0 0 * * {name}") == parse_cron(f"0 0 0 * * {DAY_NAMES[names]}")
        assert parse_cron(f"0 0 0 * * {name.upper()}") == parse_cron(f"0 0 0 * * {name}")


@pytest.mark.parametrize("name", MONTHS)
def test_a_month_has_two_names(name: str) -> None:
    number = parse_cron(f"0 0 0 * {MONTHS.index(name) + 1} *")
    assert parse_cron(f"0 0 0 * {name} *") == number
    assert parse_cron(f"0 0 0 * {name[:3].title()} *") == number


REFUSED = {
    "": "has 0",
    "* * * *": "has 4",
    "* * * * * * * *": "has 8",
    "60 * * * * *": "seconds must be between 0 and 59, not 60",
    "* 60 * * * *": "minutes must be",
    "* * 24 * * *": "hours must be",
    "* * * 0 * *": "day of month must be",
    "* * * 32 * *": "day of month must be",
    "* * * * 0 *": "month must be",
    "* * * * 13 *": "month must be",
    "* * * * * 8": "day of week must be between 1 and 7, not 8",
    "* * * * * 0-6": "day of week must be",
    "* * * * * 0/2": "day of week must be",
    "* * * * 8": "day of week must be between 0 and 7, not 8",
    "* * * * * * 1969": "year must be",
    "* * * * * * 2101": "year must be",
    "*/0 * * * * *": "step",
    "*/60 * * * * *": "the step of seconds must be between 1 and 59, not 60",
    "0 0 0 */32 * *": "step",
    "40-10 * * * * *": "backwards: 40-10",
    "0 0 0 * * FRI-MON": "backwards",
    "0 0 0 * * MON/2": "cannot read",
    "0 0 0 * * 2-FRI": "cannot read",
    "0 0 0 * * MON-6": "cannot read",
    "? * * * * *": "'?' may not stand in seconds",
    "0 0 0 * ? *": "'?' may not stand in month",
    "0 0 0 L * *": "'L' is no name of day of month",
    "0 0 0 15W * *": "'W' is no name of month",
    "0 0 0 * * 6#3": "cannot read",
    "0 0 0 * * FUNDAY": "'FUNDAY' is no name of day of week",
    "0 0 0 * MON *": "'MON' is no name of month",
    "1, x * * * *": "'x' is no name of minutes",
    "1, , * * * *": "cannot read",
    ",1 * * * * *": "cannot read",
    "1-3-5 * * * * *": "cannot read",
    "1..5 * * * * *": "cannot read",
    "-1 * * * * *": "cannot read",
    "* /5 * * * *": "cannot read",
    "0 0 0 * * THUR": "'THUR' is no name of day of week",
    "0 0 0 * SEPT *": "'SEPT' is no name of month",
    "* * * * 0 MON": "month must be",
    "* * * * * 1-8": "day of week must be between 1 and 7, not 8",
    "0 0 0 * * MON#1": "cannot read",
    "@Hourly": "cannot read",
    "@annually": "cannot read",
    "@midnight": "cannot read",
    "@reboot": "cannot read",
    "@every 5m": "cannot read",
    "@daily @daily": "cannot read",
    "TZ=UTC 0 0 0 * * *": "cannot read",
    "CRON_TZ=UTC 0 0 0 * * *": "cannot read",
    "٣ * * * * *": "cannot read",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_expression_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(CronError, match=REFUSED[text].replace("?", r"\?")):
        parse_cron(text)


def test_an_expression_that_is_too_long_is_refused() -> None:
    seconds = ",".join(["1"] * EXPRESSION_CHARACTERS_MAX)
    with pytest.raises(CronError, match=f"limit is {EXPRESSION_CHARACTERS_MAX} characters"):
        parse_cron(f"{seconds} * * * * *")


@given(st.text(alphabet="0123456789*?/-, MONFRIJANL@#", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(CronError):
        assert parse_cron(text) == parse_cron(f" {text} ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0 0 6 * * 1-5", "at 06:00:00 on Sun-Thu, UTC"),
        ("0 0 0 13 * FRI", "at 00:00:00 on Fri on day 13 of the month, UTC"),
        ("0 30 9,12 * May-Aug *", "hour 9, 12, minute 30, second 0 in May-Aug, UTC"),
        ("* * * * * *", "every hour, every minute, every second, UTC"),
        ("0 0 0 1 1 * 2027", "at 00:00:00 on day 1 of the month in Jan in 2027, UTC"),
    ],
)
def test_an_expression_is_described(text: str, words: str) -> None:
    assert parse_cron(text).describe() == words


def test_a_long_list_is_described_by_its_start() -> None:
    words = parse_cron("0 0 0 * * * 2018/2").describe()
    assert words.count(",") == RANGES_SHOWN_MAX + 1
    assert words.endswith("..., UTC")


def subset(first: int, last: int) -> st.SearchStrategy[frozenset[int]]:
    return st.frozensets(st.integers(first, last), min_size=1, max_size=4)


CRONS: st.SearchStrategy[Cron] = st.builds(
    Cron,
    subset(0, 59),
    subset(0, 59),
    subset(0, 23),
    subset(1, 28),
    subset(1, 12),
    st.frozensets(st.integers(0, 6), min_size=3),
    st.just(frozenset(range(1970, 2101))),
)


def first_match(cron: Cron, start: datetime) -> datetime:
    """Look at each day from a midnight on; the first second of the first day that matches."""
    day = start
    while not (
        day.month in cron.months
        and day.day in cron.days
        and (day.weekday() + 1) % 7 in cron.weekdays
    ):
        day += timedelta(days=1)
    return day.replace(hour=min(cron.hours), minute=min(cron.minutes), second=min(cron.seconds))


@settings(max_examples=50, deadline=None)
@given(CRONS)
def test_the_next_match_is_the_one_that_looking_at_each_day_finds(cron: Cron) -> None:
    found = cron.next_after(ns(BASE - timedelta(seconds=1)))
    assert found is not None
    assert moment(found) == first_match(cron, BASE)
    assert cron.next_after(found - 1) == found


SECOND_CRONS = st.builds(
    Cron,
    subset(0, 59) | st.just(frozenset(range(60))),
    subset(0, 59),
    subset(0, 23) | st.just(frozenset(range(24))),
    st.just(frozenset(range(1, 32))) | subset(1, 3),
    st.just(frozenset(range(1, 13))),
    st.just(frozenset(range(7))) | subset(0, 6),
    st.just(frozenset(range(1970, 2101))),
)


@settings(deadline=None)
@given(SECOND_CRONS, st.integers(0, 3 * 366 * 86_400))
def test_all_matches_of_an_hour_are_those_of_a_walk_through_its_seconds(
    cron: Cron, seconds: int
) -> None:
    start = BASE + timedelta(seconds=seconds)
    walked = [
        ns(now)
        for now in (start + timedelta(seconds=n) for n in range(1, 3601))
        if now.second in cron.seconds
        and now.minute in cron.minutes
        and now.hour in cron.hours
        and now.day in cron.days
        and (now.weekday() + 1) % 7 in cron.weekdays
    ]
    assert list(ticks_between(cron, ns(start), ns(start) + 3600 * NS_PER_SECOND)) == walked
