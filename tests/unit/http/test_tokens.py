"""Tokens and times, as the routes show them."""

import re

import pytest

from influxpe.http.information import uuid7
from influxpe.http.messages import Refusal
from influxpe.http.times import (
    HARD_DELETE_DEFAULT_NS,
    hard_delete_at_ns,
    milliseconds_text,
    timestamp_ns,
)
from influxpe.http.tokens import new_token

NOW_NS = 1_700_000_000_000_000_000


def test_token_has_92_url_safe_characters() -> None:
    assert re.fullmatch(r"apiv3_[A-Za-z0-9_-]{86}", new_token())
    assert new_token() != new_token()


def test_times_have_three_digits_and_a_z() -> None:
    assert milliseconds_text(1_744_984_965_331) == "2025-04-18T14:02:45.331Z"
    assert milliseconds_text(None) is None


@pytest.mark.parametrize(
    ("text", "time_ns"),
    [
        ("never", None),
        (None, NOW_NS + HARD_DELETE_DEFAULT_NS),
        ("default", NOW_NS + HARD_DELETE_DEFAULT_NS),
        ("now", NOW_NS),
        ("1999-01-01T00:00:00Z", NOW_NS),
        ("2033-05-18T03:33:20.5Z", 2_000_000_000_500_000_000),
        ("2033-05-18T05:33:20+02:00", 2_000_000_000_000_000_000),
    ],
)
def test_hard_deletion_times(text: str | None, time_ns: int | None) -> None:
    assert hard_delete_at_ns(text, NOW_NS) == time_ns


def test_a_hard_deletion_in_the_past_is_now_and_one_too_far_ahead_is_400() -> None:
    assert hard_delete_at_ns("0001-01-01T00:00:00Z", NOW_NS) == NOW_NS
    assert hard_delete_at_ns("2262-04-11T23:47:16.854775Z", NOW_NS) == 2**63 - 1 - 807
    with pytest.raises(Refusal, match="the time 2262-04-11T23:47:17Z lies outside of what 64 bits"):
        hard_delete_at_ns("2262-04-11T23:47:17Z", NOW_NS)


@pytest.mark.parametrize("text", ["tomorrow", "2033-05-18T03:33:20", ""])
def test_other_times_are_400(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        timestamp_ns(text)
    assert str(refused.value.body).startswith("Cannot parse the timestamp: ")


def test_request_ids_are_uuids_of_version_7_that_begin_with_the_time() -> None:
    made = uuid7(NOW_NS // 1_000_000)
    assert made.version == 7
    assert made.int >> 80 == NOW_NS // 1_000_000
