"""Query strings and JSON bodies, and what is said about wrong ones."""

import contextlib
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from influxpe.http.messages import Call, Refusal
from influxpe.http.parameters import (
    Argument,
    Flag,
    ParameterError,
    argument_texts,
    decode_json,
    decode_query,
    json_parameters,
    parse_query,
)


class Sample(msgspec.Struct):
    """One required member, and some others."""

    db: str
    format: Literal["json", "csv"] | None = None
    force: Flag = "false"
    count: int = 1


async def receive() -> dict[str, Any]:
    """Have nothing to give."""
    raise AssertionError


def call(body: bytes, content_type: bytes | None) -> Call:
    headers = [] if content_type is None else [(b"content-type", content_type)]
    return Call({"type": "http", "headers": headers, "query_string": b""}, body, receive)


def test_query_string_fills_a_struct_and_ignores_what_it_does_not_know() -> None:
    given = decode_query(Sample, b"db=a%20b+c&other=1&format=csv&other=2")
    assert given == Sample("a b c", "csv")


@pytest.mark.parametrize(
    ("query_string", "message"),
    [
        (b"format=csv", "missing field `db`"),
        (b"db=a&db=b", "duplicate field `db`"),
        (b"db=a&format=xml", "unknown variant `xml` at `format`"),
        (b"db=a&force=1", "unknown variant `1` at `force`"),
        (b"db=a&count=x", "invalid type: str, expected int at `count`"),
    ],
)
def test_wrong_query_string_is_named(query_string: bytes, message: str) -> None:
    with pytest.raises(ParameterError, match="^" + message.replace("`", "`") + "$"):
        decode_query(Sample, query_string)


def test_query_string_that_is_no_utf8_is_refused() -> None:
    with pytest.raises(ParameterError):
        parse_query(b"db=%ff")


@given(st.binary(max_size=60))
def test_any_query_string_is_parsed_or_refused(query_string: bytes) -> None:
    with contextlib.suppress(ParameterError):
        assert decode_query(Sample, query_string).db is not None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"format":"csv"}', "missing field `db`"),
        (b'{"db":1}', "invalid type: int, expected str at `db`"),
        (b"[]", "invalid type: array, expected object"),
        (b"", "Input data was truncated"),
        (b"[" * 100_000, "invalid type: array, expected object"),
    ],
)
def test_wrong_json_is_400_and_named(body: bytes, message: str) -> None:
    with pytest.raises(Refusal) as refused:
        decode_json(Sample, body)
    assert (refused.value.status, refused.value.body) == (400, f"serde json error: {message}")


@given(st.binary(max_size=60))
def test_any_body_is_decoded_or_refused(body: bytes) -> None:
    with contextlib.suppress(Refusal):
        assert decode_json(Sample, body).db is not None


@pytest.mark.parametrize(
    "content_type",
    [b"application/json", b"application/json; charset=utf-8", b"application/vnd.api+json"],
)
def test_json_content_types_are_taken(content_type: bytes) -> None:
    assert json_parameters(Sample, call(b'{"db":"a"}', content_type), 100).db == "a"


@pytest.mark.parametrize("content_type", [None, b"text/plain", b"application/jsonl", b"json"])
def test_other_content_types_are_415(content_type: bytes | None) -> None:
    with pytest.raises(Refusal) as refused:
        json_parameters(Sample, call(b'{"db":"a"}', content_type), 100)
    assert refused.value.status == 415
    assert refused.value.body == "unacceptable content-type, expected: application/json"


def test_arguments_become_text_as_json_writes_them() -> None:
    given: dict[str, Argument] = {"a": "x", "b": 8086, "c": 1.5, "d": True}
    assert argument_texts(given) == {"a": "x", "b": "8086", "c": "1.5", "d": "true"}
    assert argument_texts({}) == {}
    assert argument_texts(None) is None
