"""The columnar write route: parameters in, shapes of refusals out."""

import contextlib
import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influxpe import errors
from influxpe.http.messages import Refusal
from influxpe.http.write_arrow import (
    ArrowTarget,
    answer_stream_error,
    arrow_target,
    rows_refused,
)

LIMIT = "Update to schema would exceed number of columns per table limit of 500 columns"


@dataclass(frozen=True)
class Rows:
    """A refused range, as the engine tells it."""

    message: str
    line_number: int = 17
    original_line: str = "rows 17 to 19"


def target(*, accept_partial: bool = True) -> ArrowTarget:
    """Give a target whose other members do not matter."""
    return ArrowTarget("a", "m", None, "time", "nanosecond", accept_partial, no_sync=False)


def test_defaults_are_nanoseconds_and_partial() -> None:
    assert arrow_target(b"db=a&table=m") == target()


def test_all_parameters_are_read() -> None:
    query = b"db=a&table=m&tags=x,y&tags=z&time=ts&precision=ms&accept_partial=false&no_sync=true"
    expected = ArrowTarget(
        "a", "m", ("x", "y", "z"), "ts", "millisecond", accept_partial=False, no_sync=True
    )
    assert arrow_target(query) == expected


def test_an_empty_list_says_that_there_are_no_tags() -> None:
    assert arrow_target(b"db=a&table=m&tags=").tags == ()


@pytest.mark.parametrize(
    ("query_string", "text"),
    [
        (b"", "missing field `db`"),
        (b"db=a", "missing field `table`"),
        (b"db=a&table=m&table=n", "duplicate field `table`"),
        (b"db=a&table=m&precision=h", "unknown variant `h` at `precision`"),
        (b"db=&table=m", "db name cannot be empty"),
        (b"db=a&table=m&no_sync=1", "no_sync"),
    ],
)
def test_what_is_wrong_is_named(query_string: bytes, text: str) -> None:
    with pytest.raises(Refusal) as refused:
        arrow_target(query_string)
    assert refused.value.status == 400
    assert text in str(refused.value.body)


@given(st.binary(max_size=80))
def test_any_query_string_is_a_target_or_a_refusal(query_string: bytes) -> None:
    with contextlib.suppress(Refusal):
        assert arrow_target(query_string).database


def test_ranges_are_told_like_lines() -> None:
    response = rows_refused(target(), [Rows("rows 17 to 19: Bad")])
    assert response.status_code == 400
    assert json.loads(bytes(response.body)) == {
        "error": "partial write of line protocol occurred",
        "data": [
            {
                "error_message": "rows 17 to 19: Bad",
                "line_number": 17,
                "original_line": "rows 17 to 19",
            }
        ],
    }


def test_a_stream_that_unpacks_to_too_much_is_413_and_a_bad_one_400() -> None:
    response = answer_stream_error(errors.TooLargeError("more than 10 bytes"))
    assert (response.status_code, bytes(response.body)) == (413, b'{"error":"more than 10 bytes"}')
    response = answer_stream_error(errors.InvalidError("malformed arrow stream"))
    assert response.status_code == 400


def test_limits_are_422_in_the_list_form_only() -> None:
    refused = [Rows("row 1: Bad"), Rows(f"rows 17 to 19: {LIMIT}")]
    assert rows_refused(target(), refused).status_code == 422
    assert rows_refused(target(accept_partial=False), refused).status_code == 400
