"""What a call ends with: a gRPC status. One table says which exception becomes which.

Whatever is not in the table is a fault of this server: INTERNAL, logged with its traceback.
"""

from __future__ import annotations

import logging
from enum import IntEnum
from urllib.parse import quote

import msgspec

from influxpe import errors
from influxpe.http.flight.ipc import NotArrow
from influxpe.http.flight.protobuf import ProtobufError
from influxpe.http.messages import Refusal

logger = logging.getLogger(__name__)

# As much of a message as InfluxDB 3 sends: it travels in a header.
MESSAGE_BYTES_MAX = 2000
# What may stand in `grpc-message` as it is: printable ASCII without the percent sign.
PLAIN = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")


class Code(IntEnum):
    """The codes of gRPC that we send."""

    OK = 0
    CANCELLED = 1
    INVALID_ARGUMENT = 3
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class CallFailed(Exception):
    """A call ends with exactly this status."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> CallFailed:
    """Refuse what the client has said."""
    return CallFailed(Code.INVALID_ARGUMENT, message)


TABLE: dict[type[Exception], Code] = {
    errors.InvalidError: Code.INVALID_ARGUMENT,
    errors.NotFoundError: Code.NOT_FOUND,
    errors.ConflictError: Code.ALREADY_EXISTS,
    errors.TooLargeError: Code.RESOURCE_EXHAUSTED,
    errors.BusyError: Code.UNAVAILABLE,
    # as where `grpc-timeout` is over
    errors.TimedOutError: Code.RESOURCE_EXHAUSTED,
    errors.CancelledError: Code.CANCELLED,
    errors.UnsupportedError: Code.INVALID_ARGUMENT,
    errors.ClosedError: Code.UNAVAILABLE,
    errors.CorruptError: Code.DATA_LOSS,
    errors.InternalError: Code.INTERNAL,
    ProtobufError: Code.INVALID_ARGUMENT,
    NotArrow: Code.INVALID_ARGUMENT,
}


def failure(error: Exception) -> CallFailed:
    """Give what a call ends with that met this error."""
    if isinstance(error, CallFailed):
        return error
    if isinstance(error, Refusal):
        return CallFailed(Code.INVALID_ARGUMENT, _refusal_text(error))
    for kind in type(error).__mro__:
        if kind in TABLE:
            return CallFailed(TABLE[kind], str(error))
    logger.error("internal error", exc_info=error)
    return CallFailed(Code.INTERNAL, f"internal error: {type(error).__name__}: {error}")


def _refusal_text(refusal: Refusal) -> str:
    if isinstance(refusal.body, str):
        return refusal.body
    text: str = msgspec.json.decode(refusal.body)["error"]
    return text


def trailers(code: Code, message: str = "") -> list[tuple[bytes, bytes]]:
    """Spell the end of a call."""
    spelled = [(b"grpc-status", b"%d" % code)]
    if message:
        spelled.append((b"grpc-message", _spell(message)))
    return spelled


def _spell(message: str) -> bytes:
    short = message.encode()[:MESSAGE_BYTES_MAX].decode("utf-8", "ignore")
    return quote(short, safe=PLAIN).encode("ascii")
