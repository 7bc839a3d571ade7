"""What `process_request` may return, and what becomes of it."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from influxpe.worker.response import ResponseError, to_response


@dataclass
class Point:
    """A value that json does not know."""

    x: int


class Model:
    """Has what a model of pydantic has."""

    def model_dump(self) -> dict[str, int]:
        """Its fields."""
        return {"x": 2}

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(self.model_dump().items())


class FlaskLike:
    """Says that it is a response of Flask."""

    status_code = 202
    headers: dict[str, str] = {"X-A": "b"}  # noqa: RUF012 # read only

    def __flask_response__(self) -> bool:  # the name of the protocol
        return True

    def get_data(self) -> str:
        """The body."""
        return "flask"


class StarletteLike:
    """Has what a response of Starlette has."""

    status_code = 203
    headers: dict[str, str] = {"content-type": "text/csv"}  # noqa: RUF012 # as above
    body = b"a,b"


def answered(value: object) -> tuple[int, dict[str, str], bytes]:
    response = to_response(value)
    return response.status, dict(response.headers), response.body


HTML, PLAIN = {"Content-Type": "text/html"}, {"Content-Type": "text/plain"}
JSON, BINARY = {"Content-Type": "application/json"}, {"Content-Type": "application/octet-stream"}
CASES: list[tuple[Any, int, dict[str, str], bytes]] = [
    ("text", 200, HTML, b"text"),
    ("é", 200, HTML, "é".encode()),
    ({"a": float("nan"), "é": 1}, 200, JSON, b'{"a": NaN, "\\u00e9": 1}'),
    ([1, None], 200, JSON, b"[1, null]"),
    (b"\x00\xff", 200, BINARY, b"\x00\xff"),
    ((), 200, HTML, b""),
    (("a",), 200, HTML, b"a"),
    (("a", 201), 201, HTML, b"a"),
    (({"a": 1}, 201, {"X-B": "c"}), 201, JSON | {"X-B": "c"}, b'{"a": 1}'),
    (("a", {"X-B": "c"}), 200, HTML | {"X-B": "c"}, b"a"),
    (("a", {"X-B": "c"}, {"X-D": "e"}), 200, HTML | {"X-B": "c", "X-D": "e"}, b"a"),
    (("a", {"X-B": "c"}, {"x-b": "e"}), 200, HTML | {"x-b": "e"}, b"a"),
    ((iter(["a", b"b"]), 201), 201, HTML, b"ab"),
    ((Point(1), 201), 201, JSON, b'{"x": 1}'),
    ((datetime.date(2026, 1, 2), 201), 201, PLAIN, b"2026-01-02"),
    (Model(), 200, JSON, b'{"x": 2}'),
    ((Model(),), 200, JSON, b'{"x": 2}'),
    ([Model()], 200, JSON, b'[{"x": 2}]'),
    (bytearray(b"a"), 200, BINARY, b"a"),
    (memoryview(b"a"), 200, BINARY, b"a"),
    (("a", "ignored"), 200, HTML, b"a"),
    ((None,), 200, PLAIN, b"None"),
    ((1.5, 299), 299, PLAIN, b"1.5"),
    ((b"raw", 200), 200, BINARY, b"raw"),
    (("a", True), 500, HTML, b"a"),
    (("a", 99), 500, HTML, b"a"),
    (("a", 1000), 500, HTML, b"a"),
    (("a", -1), 500, HTML, b"a"),
    (("a", 200, {"content-TYPE": "text/csv"}), 200, {"content-TYPE": "text/csv"}, b"a"),
    (("a", 200, {"X-Bad": "x\r\ny"}), 200, HTML | {"X-Bad": ""}, b"a"),
    (("a", "b", {}, "d"), 200, HTML, b"abd"),
    ((piece for piece in ("a", b"b", 3)), 200, HTML, b"ab"),
    ({5}, 200, HTML, b""),
    (FlaskLike(), 202, {"X-A": "b"}, b"flask"),
    (StarletteLike(), 203, {"content-type": "text/csv"}, b"a,b"),
    (Point(1), 200, JSON, b'{"x": 1}'),
    (
        {"t": datetime.date(2026, 1, 2), "d": Decimal("0.5"), "p": Point(1), "s": {1}},
        200,
        JSON,
        b'{"t": "2026-01-02", "d": 0.5, "p": {"x": 1}, "s": [1]}',
    ),
]


@pytest.mark.parametrize(("value", "status", "headers", "body"), CASES)
def test_a_value_becomes_a_response(
    value: object, status: int, headers: dict[str, str], body: bytes
) -> None:
    assert answered(value) == (status, headers, body)


@pytest.mark.parametrize("value", [None, 5, 1.5, object()])
def test_what_is_no_response_is_refused(value: object) -> None:
    with pytest.raises(ResponseError, match=r"^Unsupported return type from Python function$"):
        to_response(value)


@pytest.mark.parametrize("value", [(200, {"A": "b"}, "body"), ("body", 200, None)])
def test_a_tuple_without_headers_in_the_third_place_is_refused(value: object) -> None:
    with pytest.raises(ResponseError, match=r"^expected a dictionary in header item$"):
        to_response(value)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (("a", {"X": 1}), TypeError, "header 'X' must be a str with a str, not int"),
        (("a", {"X Y": "1"}), ValueError, "invalid header name 'X Y'"),
        ({"a": object()}, TypeError, "Object of type object is not JSON serializable"),
    ],
)
def test_what_http_or_json_cannot_carry_is_named(
    value: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        to_response(value)
