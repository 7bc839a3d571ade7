"""Query strings and JSON bodies, decoded into typed structs.

Unknown members are ignored, a repeated known parameter is refused. What is wrong is said in the
words that clients of InfluxDB 3 look for: ``missing field `db` ``, ``duplicate field `db` ``.
"""

import re
from collections.abc import Mapping
from typing import Literal, TypeVar
from urllib.parse import parse_qsl

import msgspec

from influxpe.http.bodies import decode_body
from influxpe.http.messages import Call, Refusal

Decoded = TypeVar("Decoded", bound=msgspec.Struct)

MISSING = re.compile(r"Object missing required field `([^`]+)`")
WRONG_TYPE = re.compile(r"Expected `([^`]+)`, got `([^`]+)`(?: - at `\$\.?([^`]*)`)?")
BAD_VARIANT = re.compile(r"Invalid enum value '?([^' ]*)'?(?: - at `\$\.?([^`]*)`)?")
JSON_TYPE = re.compile(rb"application/(json|[^;\s]+\+json)\s*(;|$)", re.IGNORECASE)


# A flag of a query string has exactly two spellings.
Flag = Literal["true", "false"]

# What the value of an argument may be in JSON: to a plugin it is text.
Argument = str | int | float | bool


class ParameterError(Exception):
    """A query string or a JSON body that does not fit; its text says what is wrong."""


def parse_query(query_string: bytes) -> list[tuple[str, str]]:
    """Give the decoded pairs of a query string, in their order. Raises `ParameterError`."""
    try:
        return parse_qsl(query_string.decode("utf-8"), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError as error:
        raise ParameterError(f"the query string is not valid UTF-8: {error.reason}") from error
    except ValueError as error:
        raise ParameterError(str(error)) from error


def decode_query(kind: type[Decoded], query_string: bytes) -> Decoded:
    """Fill a struct from a query string. Raises `ParameterError`."""
    known = set(kind.__struct_encode_fields__)
    members: dict[str, str] = {}
    for name, value in parse_query(query_string):
        if name not in known:
            continue
        if name in members:
            raise ParameterError(f"duplicate field `{name}`")
        members[name] = value
    try:
        return msgspec.convert(members, kind, strict=False)
    except msgspec.ValidationError as error:
        raise ParameterError(_reason(error)) from error


def query_parameters(kind: type[Decoded], call: Call) -> Decoded:
    """Fill a struct from the query string of a request. Raises `Refusal` (400)."""
    try:
        return decode_query(kind, call.query_string)
    except ParameterError as error:
        raise Refusal(400, f"serde error: {error}") from error


def decode_json(kind: type[Decoded], body: bytes) -> Decoded:
    """Fill a struct from a JSON document. Raises `Refusal` (400)."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(400, f"serde json error: {_reason(error)}") from error


def json_parameters(kind: type[Decoded], call: Call, bytes_max: int) -> Decoded:
    """Fill a struct from a body that must be named as JSON. Raises `Refusal` (400, 413, 415)."""
    content_type = call.header(b"content-type")
    if content_type is None or JSON_TYPE.match(content_type) is None:
        raise Refusal(415, "unacceptable content-type, expected: application/json")
    body = decode_body(call.body, call.header(b"content-encoding"), bytes_max)
    return decode_json(kind, body)


def argument_texts(arguments: Mapping[str, Argument] | None) -> dict[str, str] | None:
    """Give arguments as plugins get them: numbers and booleans as JSON writes them."""
    if arguments is None:
        return None
    return {name: _text(value) for name, value in arguments.items()}


def _text(value: Argument) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _reason(error: Exception) -> str:
    """Put the decoder's finding into the words of InfluxDB 3."""
    text = str(error)
    if missing := MISSING.search(text):
        return f"missing field `{missing[1]}`"
    if wrong := WRONG_TYPE.search(text):
        place = f" at `{wrong[3]}`" if wrong[3] else ""
        return f"invalid type: {wrong[2]}, expected {wrong[1]}{place}"
    if variant := BAD_VARIANT.search(text):
        place = f" at `{variant[2]}`" if variant[2] else ""
        return f"unknown variant `{variant[1]}`{place}"
    return text
