"""Documents of several results, in JSON and MessagePack, and their lines in CSV, piece by piece.

The engine writes the series of each statement; here is what stands around them, and failures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from influxpe import errors

if TYPE_CHECKING:
    from influxpe._engine import QueryStream

# What the engine says of a number that JSON has no word for; the clients of version 1 know it so.
UNSUPPORTED_VALUE = "json: unsupported value: "
# The mark of a map of fewer than 16 members, without their number.
SMALL_MAP = 0x80


@dataclass(frozen=True, slots=True)
class Result:
    """What one statement gives: `begin` and its stream may fail, which ends this result alone."""

    statement_id: int
    begin: Callable[[], QueryStream]

    def chunks(self) -> Iterator[bytes]:
        """Give what the engine writes of it."""
        return iter(self.begin().next_chunk, None)


class StatementError(Exception):
    """A statement that cannot begin; its text says why."""


FAILURES = (errors.EngineError, StatementError)


def explained(error: Exception) -> str:
    """Give the text of a failure inside a document."""
    text = str(error)
    if isinstance(error, errors.NotFoundError):
        return "Cannot retrieve database: External error: " + text.removeprefix("query error: ")
    if isinstance(error, StatementError) or text.startswith(UNSUPPORTED_VALUE):
        return text
    return f"datafusion error: {text}"


class Layout:
    """JSON in one line, or indented by two spaces."""

    def __init__(self, *, pretty: bool) -> None:
        self._pretty = pretty

    def line(self, depth: int) -> bytes:
        """Begin a line."""
        return b"\n" + b"  " * depth if self._pretty else b""

    def key(self, name: str) -> bytes:
        """Give a member's name."""
        return msgspec.json.encode(name) + (b": " if self._pretty else b":")

    def document(self, value: object) -> bytes:
        """Give a whole document."""
        text = msgspec.json.encode(value)
        return msgspec.json.format(text, indent=2) if self._pretty else text


def whole(results: Iterable[Result], layout: Layout) -> Iterator[bytes]:
    """Give one document of all results."""
    yield b"{" + layout.line(1) + layout.key("results") + b"["
    separator = b""
    for result in results:
        yield separator + layout.line(2) + b"{" + layout.line(3)
        yield layout.key("statement_id") + b"%d" % result.statement_id
        yield from _series(result, layout)
        yield layout.line(2) + b"}"
        separator = b","
    yield layout.line(1) + b"]" + layout.line(0) + b"}"


def _series(result: Result, layout: Layout) -> Iterator[bytes]:
    is_open, failure = False, None
    try:
        for chunk in result.chunks():
            yield chunk
            is_open = True
    except FAILURES as error:
        failure = explained(error)
    if is_open:  # the last series and their list
        yield layout.line(5) + b"]" + layout.line(4) + b"}" + layout.line(3) + b"]"
    if failure is not None:
        yield b"," + layout.line(3) + layout.key("error") + msgspec.json.encode(failure)


def packed(results: list[Result]) -> Iterator[bytes]:
    """Give one document in MessagePack, with the names of JSON; a statement's rows are gathered.

    Its array of results says first how many there are, so the nulls of an empty one are cut off.
    """
    opening = msgspec.msgpack.encode({"results": [None] * len(results)})
    yield opening[: len(opening) - len(results)]
    for result in results:
        yield _packed(result)


def _packed(result: Result) -> bytes:
    told: dict[str, object] = {"statement_id": result.statement_id}
    series: list[bytes] = []
    try:
        series.extend(result.chunks())
    except FAILURES as error:
        told["error"] = explained(error)
    mark = SMALL_MAP + len(told) + (1 if series else 0)
    return bytes([mark]) + msgspec.msgpack.encode(told)[1:] + b"".join(series)


def chunked(results: Iterable[Result], spell: Callable[[object], bytes]) -> Iterator[bytes]:
    """Give the documents that the engine makes of each result, and those of failures."""
    for result in results:
        try:
            yield from result.chunks()
        except FAILURES as error:
            failed = {"statement_id": result.statement_id, "error": explained(error)}
            yield spell({"results": [failed]})


def csv(results: Iterable[Result]) -> Iterator[bytes]:
    """Give the rows of all results as text; a statement that fails has none from there on."""
    separator = b""
    for result in results:
        before = separator
        with suppress(*FAILURES):
            for chunk in result.chunks():
                yield before + chunk
                separator, before = b"\n", b""
