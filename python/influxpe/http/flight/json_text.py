"""JSON that a client has written: a value of a type, or one kind of error."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

if TYPE_CHECKING:
    from influxpe.http.flight.protobuf import Buffer

Value = TypeVar("Value")


class BadJson(ValueError):
    """This is not JSON, or not of the type that is wanted."""


def from_json(data: Buffer, kind: type[Value]) -> Value:
    """Decode a document. Raises `BadJson`."""
    try:
        return msgspec.json.decode(bytes(data), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadJson(str(error)) from error
    except RecursionError as error:
        raise BadJson("it is nested too deeply") from error
