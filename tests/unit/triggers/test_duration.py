"""Durations as the humantime library reads and writes them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influxpe.triggers.duration import (
    NS_PER_MS,
    NS_PER_SECOND,
    NUMBER_MAX,
    TEXT_CHARACTERS_MAX,
    UNITS_NS,
    DurationError,
    format_duration,
    parse_duration,
)

S = NS_PER_SECOND

READ = {
    "0": 0,
    "0s": 0,
    "1ns": 1,
    "500us": 500_000,
    "500µs": 500_000,
    "3 usec": 3000,
    "32ms": 32 * NS_PER_MS,
    "2 millis": 2 * NS_PER_MS,
    "90s": 90 * S,
    "1 0s": 10 * S,
    "1m1m": 120 * S,
    "2h 37min": 9420 * S,
    "1hour 12min 5s": 4325 * S,
    "  1 h  ": 3600 * S,
    "1.5h": 5400 * S,
    "0.5s": S // 2,
    "4.2s": 4_200 * NS_PER_MS,
    "1.000000001s": S + 1,
    "1. 5 s": 1_500 * NS_PER_MS,
    "1d": 86_400 * S,
    "2wks": 1_209_600 * S,
    "1M": 2_630_016 * S,
    "1month": 2_630_016 * S,
    "1y": 31_557_600 * S,
    "1yr 1d": 31_644_000 * S,
    "365d": 31_536_000 * S,
}

# Every unit that the reference names, and no other, with what one of it is.
UNITS = {
    "ns nsec nanos": 1,
    "us µs usec": 1_000,
    "ms msec millis": NS_PER_MS,
    "s sec secs second seconds": S,
    "m min mins minute minutes": 60 * S,
    "h hr hrs hour hours": 3600 * S,
    "d day days": 86_400 * S,
    "w wk wks week weeks": 604_800 * S,
    "M month months": 2_630_016 * S,
    "y yr yrs year years": 31_557_600 * S,
}

REFUSED = [
    "",
    "  ",
    "s",
    "1",
    "1 ",
    "-1s",
    "+1s",
    "1e3s",
    "1_000s",
    "1,5s",
    "1.s",
    ".5s",
    "1.5.5h",
    "1 m sec",
    "1S",
    "1H",
    "1D",
    "1W",
    "1Y",
    "1mo",
    "1fortnight",
    "0.5ns",
    "1.0ns",
    "0.0000000001s",
    "0.00001h",
    "1s?",
    "٣s",
]


@pytest.mark.parametrize("text", READ)
def test_a_duration_is_read(text: str) -> None:
    assert parse_duration(text) == READ[text]


@pytest.mark.parametrize("names", UNITS)
def test_a_unit_has_these_names(names: str) -> None:
    assert {parse_duration(f"1{name}") for name in names.split()} == {UNITS[names]}


def test_units_have_no_other_names() -> None:
    assert sorted(UNITS_NS) == sorted(name for names in UNITS for name in names.split())


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(DurationError):
        parse_duration(text)


def test_numbers_up_to_the_limit_are_read() -> None:
    assert parse_duration(f"{NUMBER_MAX}s") == NUMBER_MAX * S
    with pytest.raises(DurationError):
        parse_duration(f"{NUMBER_MAX + 1}ns")
    with pytest.raises(DurationError):
        parse_duration(f"{NUMBER_MAX}s 1s")


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(DurationError, match=f"longer than {TEXT_CHARACTERS_MAX} characters"):
        parse_duration("9" * TEXT_CHARACTERS_MAX + "s")


@pytest.mark.parametrize(
    ("duration_ns", "text"),
    [
        (0, "0s"),
        (60 * S, "1m"),
        (9420 * S, "2h 37m"),
        (604_800 * S, "7days"),
        (86_400 * S, "1day"),
        (31_536_000 * S, "11months 30days 3h 50m 24s"),
        (31_557_600 * S, "1year"),
        (63_115_200 * S, "2years"),
        (1_234_567, "1ms 234us 567ns"),
        (32 * NS_PER_MS, "32ms"),
    ],
)
def test_a_duration_is_written(duration_ns: int, text: str) -> None:
    assert format_duration(duration_ns) == text


@given(st.integers(min_value=0, max_value=10**20))
def test_what_is_written_reads_the_same_again(duration_ns: int) -> None:
    assert parse_duration(format_duration(duration_ns)) == duration_ns


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(DurationError):
        assert parse_duration(text) >= 0
