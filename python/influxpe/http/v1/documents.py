"""Results of statements as documents in JSON and msgpack, and as CSV, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import msgspec

from influxpe import errors
from influxpe.http.v1.series import Run, UnsupportedValueError


@dataclass(frozen=True, slots=True)
class Result:
    """What one statement gives: `runs` may fail at any step, which ends this result alone."""

    statement_id: int
    runs: Callable[[], Iterator[Run]]


def explained(error: Exception) -> str:
    """Give the text of a failure inside a document."""
    text = str(error)
    if isinstance(error, errors.NotFoundError):
        return "Cannot retrieve database: External error: " + text.removeprefix("query error: ")
    if isinstance(error, StatementError | UnsupportedValueError):
        return text
    return f"datafusion error: {text}"


class StatementError(Exception):
    """A statement that cannot begin; its text says why."""


FAILURES = (errors.EngineError, StatementError, UnsupportedValueError)


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

    def value(self, value: object, depth: int) -> bytes:
        """Give a value whose inner lines are that deep."""
        text = msgspec.json.encode(value)
        if not self._pretty:
            return text
        return msgspec.json.format(text, indent=2).replace(b"\n", self.line(depth))

    def items(self, values: list[list[object]], depth: int) -> bytes:
        """Give the items of an array without its brackets, each on a line that deep."""
        if not self._pretty:
            return msgspec.json.encode(values)[1:-1]
        return b",".join(self.line(depth) + self.value(value, depth) for value in values)


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
    before: Run | None = None
    failure = None
    try:
        for run in result.runs():
            if before is not None and run.continues(before):
                yield b"," + layout.items(run.values, 6)
            else:
                yield _opened(before, layout) + _head(run, layout) + layout.items(run.values, 6)
            before = run
    except FAILURES as error:
        failure = explained(error)
    if before is not None:
        yield layout.line(5) + b"]" + layout.line(4) + b"}" + layout.line(3) + b"]"
    if failure is not None:
        yield b"," + layout.line(3) + layout.key("error") + layout.value(failure, 3)


def _opened(before: Run | None, layout: Layout) -> bytes:
    """End the series before this one, or begin the list of them."""
    if before is None:
        return b"," + layout.line(3) + layout.key("series") + b"["
    return layout.line(5) + b"]" + layout.line(4) + b"},"


def _head(run: Run, layout: Layout) -> bytes:
    told = (
        layout.line(5) + layout.key(name) + layout.value(value, 5)
        for name, value in _members(run).items()
    )
    values = b"," + layout.line(5) + layout.key("values") + b"["
    return layout.line(4) + b"{" + b",".join(told) + values


def _members(run: Run) -> dict[str, object]:
    tags: dict[str, object] = {"tags": dict(sorted(run.tags.items()))} if run.tags else {}
    return {"name": run.name, **tags, "columns": run.columns}


def packed(results: list[Result]) -> Iterator[bytes]:
    """Give one document in msgpack, with the names of JSON; the rows of a statement are gathered.

    Its array of results says first how many there are, so the nulls of an empty one are cut off.
    """
    opening = msgspec.msgpack.encode({"results": [None] * len(results)})
    yield opening[: len(opening) - len(results)]
    for result in results:
        yield msgspec.msgpack.encode(_gathered(result))


def _gathered(result: Result) -> dict[str, object]:
    series: list[dict[str, object]] = []
    values: list[list[object]] = []
    before: Run | None = None
    told: dict[str, object] = {"statement_id": result.statement_id}
    try:
        for run in result.runs():
            if before is None or not run.continues(before):
                values = []
                series.append(_members(run) | {"values": values})
            values.extend(run.values)
            before = run
    except FAILURES as error:
        told["error"] = explained(error)
    return told | ({"series": series} if series else {})


def chunked(
    results: Iterable[Result], spell: Callable[[object], bytes], rows_max: int
) -> Iterator[bytes]:
    """Give a document for each so many rows of a series; a result without rows gives none."""
    for result in results:
        held: Run | None = None
        try:
            for run in pieces(result.runs(), rows_max):
                if held is not None:
                    yield spell(_document(result, held, following=run))
                held = run
        except FAILURES as error:
            if held is not None:
                yield spell(_document(result, held))
            failed = {"statement_id": result.statement_id, "error": explained(error)}
            yield spell({"results": [failed]})
            continue
        if held is not None:
            yield spell(_document(result, held))


def pieces(found: Iterator[Run], rows_max: int) -> Iterator[Run]:
    """Cut runs so that each has as many rows as allowed, where its series has them."""
    held: Run | None = None
    for run in found:
        if held is not None and run.continues(held):
            held = replace(held, values=held.values + run.values)
        else:
            if held is not None:
                yield held
            held = run
        start = 0
        while len(held.values) - start > rows_max:
            yield replace(held, values=held.values[start : start + rows_max])
            start += rows_max
        held = replace(held, values=held.values[start:])
    if held is not None:
        yield held


def _document(result: Result, run: Run, following: Run | None = None) -> dict[str, object]:
    series = _members(run) | {"values": run.values}
    if following is not None and following.continues(run):
        series["partial"] = True
    told: dict[str, object] = {"statement_id": result.statement_id, "series": [series]}
    if following is not None:
        told["partial"] = True
    return {"results": [told]}


def csv(results: Iterable[Result]) -> Iterator[bytes]:
    """Give the rows of all results as text; a statement that fails has none from there on."""
    separator = ""
    for result in results:
        head: str | None = separator
        try:
            for run in result.runs():
                if head is not None:
                    yield (head + _line(["name", "tags", *run.columns])).encode()
                    separator, head = "\n", None
                tags = ",".join(f"{key}={value}" for key, value in sorted(run.tags.items()))
                yield "".join(_line([run.name, tags, *row]) for row in run.values).encode()
        except FAILURES:
            continue


def _line(cells: Iterable[object]) -> str:
    return ",".join(map(_cell, cells)) + "\n"


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if "," in text or '"' in text:
        return '"' + text.replace('"', '""') + '"'
    return text
