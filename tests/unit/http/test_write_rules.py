"""The write routes: parameters in, shapes of refusals out."""

import contextlib
import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influxpe import errors
from influxpe.http.messages import Refusal
from influxpe.http.write import (
    Target,
    Targets,
    answer_error,
    answer_error_v2,
    lines_refused,
    lines_refused_v2,
    target_v1,
    target_v2,
    target_v3,
)


@dataclass(frozen=True)
class Line:
    """A refused line, as the engine tells it."""

    message: str
    line_number: int = 2
    original_line: str = "m f="


def refusal(query_string: bytes, route: str) -> tuple[int, str]:
    parse = {"v1": target_v1, "v2": target_v2, "v3": target_v3}[route]
    with pytest.raises(Refusal) as refused:
        parse(query_string)
    body = refused.value.body
    return refused.value.status, body if isinstance(body, str) else body.decode()


@pytest.mark.parametrize(
    ("query_string", "target"),
    [
        (b"db=a", Target("a", "auto", accept_partial=True, no_sync=False)),
        (
            b"db=a&precision=ms&accept_partial=false&no_sync=true",
            Target("a", "millisecond", accept_partial=False, no_sync=True),
        ),
        (
            b"db=a%2Frp&precision=n",
            Target("a/rp", "nanosecond", accept_partial=True, no_sync=False),
        ),
    ],
)
def test_version_3_parameters(query_string: bytes, target: Target) -> None:
    assert target_v3(query_string) == target


def test_old_routes_are_nanoseconds_and_all_or_nothing() -> None:
    expected = Target("a", "nanosecond", accept_partial=False, no_sync=False)
    assert target_v1(b"db=a&accept_partial=true&no_sync=true") == expected
    assert target_v2(b"bucket=a&org=x") == expected


def test_version_1_policy_becomes_part_of_the_name() -> None:
    assert target_v1(b"db=a&rp=Weekly&precision=u").database == "a/weekly"


@pytest.mark.parametrize(
    ("route", "query_string", "answer"),
    [
        ("v3", b"", (400, "missing query parameter 'db'")),
        ("v3", b"precision=s", (400, "serde error: missing field `db`")),
        ("v3", b"db=a&db=b", (400, "serde error: duplicate field `db`")),
        ("v3", b"db=", (400, '{"error":"db name cannot be empty"}')),
        ("v1", b"", (400, '{"error":"no db destination provided"}')),
        ("v2", b"", (400, '{"error":"no org/bucket destination provided"}')),
        ("v2", b"org=a", (400, '{"error":"missing bucket value"}')),
        ("v2", b"bucket=", (400, '{"error":"missing bucket value"}')),
    ],
)
def test_missing_parameters_are_named(
    route: str, query_string: bytes, answer: tuple[int, str]
) -> None:
    assert refusal(query_string, route) == answer


@pytest.mark.parametrize(("route", "name"), [("v3", b"db"), ("v1", b"db"), ("v2", b"bucket")])
def test_unknown_precision_is_named(route: str, name: bytes) -> None:
    status, text = refusal(name + b"=a&precision=h", route)
    assert status == 400
    assert "unknown variant `h` at `precision`, expected one of" in text


def test_only_version_3_guesses_the_precision() -> None:
    assert "`auto`" in refusal(b"db=a&precision=auto", "v1")[1]


@given(st.binary(max_size=80))
def test_any_query_string_is_a_target_or_a_refusal(query_string: bytes) -> None:
    for parse in (target_v1, target_v2, target_v3):
        with contextlib.suppress(Refusal):
            assert parse(query_string).database


def test_query_strings_are_parsed_once() -> None:
    parsed: list[bytes] = []

    def parse(query_string: bytes) -> Target:
        parsed.append(query_string)
        return target_v3(query_string)

    targets = Targets(parse)
    assert targets.find(b"db=a") == targets.find(b"db=a")
    assert parsed == [b"db=a"]


PARTIAL = Target("a", "auto", accept_partial=True, no_sync=False)
WHOLE = Target("a", "auto", accept_partial=False, no_sync=False)


def test_partial_write_lists_every_refused_line() -> None:
    response = lines_refused(PARTIAL, [Line("No fields were provided"), Line("Bad", 7)])
    assert response.status_code == 400
    assert bytes(response.body).decode() == (
        '{"error":"partial write of line protocol occurred","data":['
        '{"error_message":"No fields were provided","line_number":2,"original_line":"m f="},'
        '{"error_message":"Bad","line_number":7,"original_line":"m f="}]}'
    )


def test_whole_write_names_the_line_that_failed_it() -> None:
    response = lines_refused(WHOLE, [Line("Bad")])
    assert json.loads(bytes(response.body)) == {
        "error": "line protocol parsing error",
        "data": {"error_message": "Bad", "line_number": 2, "original_line": "m f="},
    }


@pytest.mark.parametrize(
    "message",
    [
        "Update to schema would exceed number of columns per table limit of 500 columns",
        "Adding a new database would exceed limit of 5 databases",
    ],
)
def test_limits_are_422_in_the_list_form_only(message: str) -> None:
    refused = [Line("Bad"), Line(message)]
    assert lines_refused(PARTIAL, refused).status_code == 422
    assert lines_refused(WHOLE, refused).status_code == 400


def test_version_2_has_its_own_shape() -> None:
    response = lines_refused_v2(WHOLE, [Line("Bad")])
    assert json.loads(bytes(response.body)) == {
        "code": "invalid",
        "message": "write buffer error: line protocol parse failed: Bad",
    }


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (errors.InvalidError("incoming write was empty"), 400, "incoming write was empty"),
        (errors.InvalidError("body content is not valid utf8: x"), 400, "body content is not"),
        (errors.InvalidError("something else"), 400, '{"error":"something else"}'),
        (errors.TooLargeError("Adding a new database"), 422, '{"error":"Adding a new database"}'),
        (errors.BusyError("the buffer is full"), 503, "the buffer is full"),
        (errors.ClosedError("a sync has failed"), 503, "a sync has failed"),
        (Refusal(413, "max request size (5 bytes) exceeded"), 413, "max request size"),
    ],
)
def test_engine_errors_of_the_first_and_third_version(
    error: Exception, status: int, body: str
) -> None:
    response = answer_error(error)
    assert response.status_code == status
    assert bytes(response.body).decode().startswith(body)


@pytest.mark.parametrize(
    ("error", "status", "code", "message"),
    [
        (
            errors.InvalidError("incoming write was empty"),
            400,
            "invalid",
            "write buffer error: incoming write was empty",
        ),
        (
            errors.InvalidError("body content is not valid utf8: x"),
            400,
            "invalid",
            "body content is not valid utf8: x",
        ),
        (errors.TooLargeError("too many"), 400, "invalid", "write buffer error: too many"),
        (
            errors.TooLargeError("Adding a new database would exceed limit of 5 databases"),
            400,
            "invalid",
            "write buffer error: catalog update error: "
            "Adding a new database would exceed limit of 5 databases",
        ),
        (errors.ClosedError("closed"), 503, "unavailable", "write buffer error: closed"),
        (errors.InternalError("oh"), 500, "internal error", "write buffer error: oh"),
        (Refusal(413, "too big"), 413, "request too large", "too big"),
        (ZeroDivisionError("oh"), 500, "internal error", "internal error: ZeroDivisionError: oh"),
    ],
)
def test_version_2_errors_have_code_and_message(
    error: Exception, status: int, code: str, message: str
) -> None:
    response = answer_error_v2(error)
    assert response.status_code == status
    assert json.loads(bytes(response.body)) == {"code": code, "message": message}
