"""What follows a failed run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influxpe.triggers.policy import (
    DOUBLINGS_MAX,
    RETRY_FIRST_S,
    RETRY_MAX_S,
    Disable,
    GiveUp,
    GoOn,
    Retry,
    UnknownErrorBehavior,
    after_failure,
    parse_error_behavior,
    retry_after_s,
)


def test_log_goes_on_after_any_failure() -> None:
    assert after_failure("log", 1, 0.5, 3) == after_failure("log", 100, 0.5, 3) == GoOn()


def test_disable_asks_for_it_at_the_first_failure() -> None:
    assert after_failure("disable", 1, 0.5, 3) == Disable()


def test_retry_doubles_its_pause_up_to_a_minute() -> None:
    pauses = [retry_after_s(failures, 0) for failures in range(1, 9)]
    assert pauses == [1, 2, 4, 8, 16, 32, RETRY_MAX_S, RETRY_MAX_S]
    assert after_failure("retry", 1, 0, 3) == Retry(RETRY_FIRST_S)


def test_retry_gives_up_at_the_last_attempt() -> None:
    decisions = [after_failure("retry", failures, 0, 3) for failures in range(1, 5)]
    assert decisions == [Retry(1), Retry(2), GiveUp(), GiveUp()]
    assert after_failure("retry", 1, 0, 1) == GiveUp()


def test_retry_never_overflows() -> None:
    assert retry_after_s(10**9, 0) == RETRY_MAX_S
    assert RETRY_FIRST_S * 2**DOUBLINGS_MAX > RETRY_MAX_S


@given(st.integers(1, 1000), st.floats(0, 1))
def test_jitter_takes_off_up_to_half(failures: int, jitter: float) -> None:
    whole = retry_after_s(failures, 0)
    assert whole / 2 <= retry_after_s(failures, jitter) <= whole


@pytest.mark.parametrize("text", ["log", "Log", "LOG", "retry", "Retry", "disable", "DISABLE"])
def test_case_does_not_count(text: str) -> None:
    assert parse_error_behavior(text) == text.lower()


def test_another_behavior_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownErrorBehavior) as raised:
        parse_error_behavior("ignore")
    expected = "unknown variant `ignore`, expected one of `log`, `retry`, `disable`"
    assert str(raised.value) == expected
