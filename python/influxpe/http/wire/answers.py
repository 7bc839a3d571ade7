"""Status and headers of an answer in; the bytes of its head out.

Headers that would break the framing are refused with `AnswerRefused`, which is an error of the
application. Heads are remembered: an application repeats the same few.
"""

import re
from functools import lru_cache
from http import HTTPStatus
from typing import NamedTuple

from influxpe.http.wire.limits import HEADS_REMEMBERED_MAX

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
UNKNOWN_LENGTH = -1
NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")

RawHeaders = tuple[tuple[bytes, bytes], ...]


class AnswerRefused(Exception):
    """The application answers in a way that HTTP/1.1 cannot say."""


class Lines(NamedTuple):
    """The lines of a head that do not depend on the connection."""

    block: bytes
    length: int
    closes: bool


@lru_cache(maxsize=HEADS_REMEMBERED_MAX)
def head_lines(status: int, headers: RawHeaders) -> Lines:
    """Spell a head up to its date and framing, and give what it says of both."""
    kept: list[bytes] = []
    lengths: set[bytes] = set()
    closes = False
    if not 200 <= status <= 999:
        raise AnswerRefused(f"an answer cannot have the status {status}")
    for name, value in headers:
        lowered, value = _checked(name.strip(), value.strip())
        if lowered == b"content-length":
            lengths.add(value)
        elif lowered == b"connection":
            closes = closes or value.lower() == b"close"
        elif lowered != b"transfer-encoding":
            kept.append(lowered + b": " + value + b"\r\n")
    length = _only(lengths)
    if length is not None:
        kept.append(b"content-length: %d\r\n" % length)
    block = status_line(status) + b"".join(kept)
    return Lines(block, UNKNOWN_LENGTH if length is None else length, closes)


def _checked(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    if not NAME.fullmatch(name) or not VALUE.fullmatch(value):
        raise AnswerRefused(f"an answer has a header that cannot be sent: {name!r}")
    return name.lower(), value


def _only(lengths: set[bytes]) -> int | None:
    if not lengths:
        return None
    length = lengths.pop()
    if lengths or not length.isdigit():
        raise AnswerRefused("an answer has more than one content-length, or none that is a number")
    return int(length)


def status_line(status: int) -> bytes:
    """Give the first line of an answer."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


def refusal(status: int, date_line: bytes) -> bytes:
    """Give a whole answer without a body, after which the connection is closed."""
    return status_line(status) + date_line + b"content-length: 0\r\nconnection: close\r\n\r\n"
