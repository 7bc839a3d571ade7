"""Which format a query answers in, and which parameters it takes."""

import pytest

from influxpe import errors
from influxpe.http.messages import Refusal
from influxpe.http.query import MEDIA_TYPES, answer_error, check_parameters, choose_format


@pytest.mark.parametrize(
    ("accept", "requested", "chosen"),
    [
        (None, None, "json"),
        (b"*/*", None, "json"),
        (b"application/json", None, "json"),
        (b"text/csv", None, "csv"),
        (b"text/plain", None, "pretty"),
        (b"application/vnd.apache.parquet", None, "parquet"),
        (b"text/html,application/xhtml+xml", None, "json"),
        (b"image/webp,*/*;q=0.8", None, "json"),
        (b"text/csv", "json_lines", "json_lines"),
        (None, "jsonl", "json_lines"),
        (None, "pretty", "pretty"),
    ],
)
def test_name_wins_over_accept(accept: bytes | None, requested: str | None, chosen: str) -> None:
    assert choose_format(accept, requested) == chosen


@pytest.mark.parametrize(
    "accept", [b"application/jsonl", b"text/plain; charset=utf-8", b"TEXT/CSV"]
)
def test_unknown_accept_is_400_even_with_a_name(accept: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        choose_format(accept, "json")
    assert (refused.value.status, refused.value.body) == (
        400,
        f"invalid mime type ({accept.decode()})",
    )


def test_every_format_has_a_content_type() -> None:
    assert set(MEDIA_TYPES) == {"json", "json_lines", "csv", "pretty", "parquet"}


def test_scalars_are_taken_and_integers_past_64_bits_become_floats() -> None:
    given = {"a": None, "b": True, "c": 2**64 - 1, "d": -(2**63), "e": 2**64, "f": 1.5, "g": "x"}
    checked = check_parameters(given, "serde json")
    assert checked == given
    assert checked is not None
    assert isinstance(checked["e"], float)
    assert checked["b"] is True


@pytest.mark.parametrize(("value", "kind"), [([1], "arrays"), ({"a": 1}, "objects")])
def test_lists_and_objects_are_refused(value: object, kind: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_parameters({"a": value}, "serde json")
    assert refused.value.status == 400
    assert f"JSON {kind} are not supported as query parameters" in str(refused.value.body)


def test_unknown_database_is_told_in_json() -> None:
    response = answer_error(errors.NotFoundError("query error: database not found: foo"))
    assert response.status_code == 404
    assert bytes(response.body) == b'{"error":"query error: database not found: foo"}'


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidError("Schema error: No field named nope."), 400),
        (errors.UnsupportedError("This feature is not implemented: x"), 405),
        (errors.BusyError("Resources exhausted"), 503),
        (errors.InternalError("query error: error while executing plan: x"), 500),
    ],
)
def test_other_errors_are_text(error: Exception, status: int) -> None:
    response = answer_error(error)
    assert (response.status_code, bytes(response.body).decode()) == (status, str(error))
