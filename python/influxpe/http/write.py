"""The three write routes: bytes of line protocol in, an answer once they are durable and visible.

This is the hot path. A query string is parsed once and remembered, small bodies are handed to the
engine on the event loop, large ones in a thread, and nothing blocks while the disk works.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import msgspec
from starlette.responses import Response

from influxpe import errors
from influxpe._engine import WriteTicket
from influxpe.http import errors as table
from influxpe.http.bodies import decode_body
from influxpe.http.messages import Call, Refusal, empty_response, json_bytes, json_refusal
from influxpe.http.names import check_database_name, check_namespace, with_retention_policy
from influxpe.http.parameters import Flag, ParameterError, decode_query
from influxpe.http.services import Services

if TYPE_CHECKING:
    from influxpe.engine_types import Precision

# Parsing less than this takes about as long as the way to a thread and back.
INLINE_BYTES_MAX = 64 * 1024
QUERY_STRINGS_REMEMBERED = 1024
QUERY_STRING_BYTES_REMEMBERED = 1024
LIMIT_MESSAGES = (
    "Update to schema would exceed number of",
    "Adding a new database would exceed limit of",
)
# Engine messages that InfluxDB 3 answers as text; all others are JSON.
TEXT_MESSAGES = ("body content is not valid utf8", "incoming write was empty")

PRECISIONS: dict[str, Precision] = {
    "auto": "auto",
    "s": "second",
    "second": "second",
    "ms": "millisecond",
    "millisecond": "millisecond",
    "us": "microsecond",
    "u": "microsecond",
    "microsecond": "microsecond",
    "ns": "nanosecond",
    "n": "nanosecond",
    "nanosecond": "nanosecond",
}


class RefusedLine(Protocol):
    """A line that the engine refused, and why."""

    @property
    def message(self) -> str:
        """The reason."""

    @property
    def line_number(self) -> int:
        """Position in the body, from 1."""

    @property
    def original_line(self) -> str:
        """How the line begins."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a body goes, and how; the outcome of parsing a query string."""

    database: str
    precision: Precision
    accept_partial: bool
    no_sync: bool


class _Version3(msgspec.Struct):
    db: str
    precision: str = "auto"
    accept_partial: Flag = "true"
    no_sync: Flag = "false"


class _Version1(msgspec.Struct):
    db: str
    rp: str | None = None
    precision: str = "nanosecond"


class _Version2(msgspec.Struct):
    bucket: str | None = None
    precision: str = "nanosecond"


def precision_named(name: str, *, auto: bool) -> Precision:
    """Give the unit of that name. Raises `ParameterError`."""
    if name in PRECISIONS and (auto or name != "auto"):
        return PRECISIONS[name]
    names = [f"`{known}`" for known in PRECISIONS if auto or known != "auto"]
    expected = ", ".join(names)
    raise ParameterError(f"unknown variant `{name}` at `precision`, expected one of {expected}")


def target_v3(query_string: bytes) -> Target:
    """Parse the parameters of `/api/v3/write_lp`. Raises `Refusal`."""
    if not query_string:
        raise Refusal(400, "missing query parameter 'db'")
    try:
        given = decode_query(_Version3, query_string)
        precision = precision_named(given.precision, auto=True)
    except ParameterError as error:
        raise Refusal(400, f"serde error: {error}") from error
    check_database_name(given.db)
    return Target(given.db, precision, given.accept_partial == "true", given.no_sync == "true")


def target_v1(query_string: bytes) -> Target:
    """Parse the parameters of `/write`. Raises `Refusal`."""
    if not query_string:
        raise json_refusal(400, "no db destination provided")
    try:
        given = decode_query(_Version1, query_string)
        precision = precision_named(given.precision, auto=False)
    except ParameterError as error:
        message = f"failed to deserialize db/rp/precision in request: {error}"
        raise json_refusal(400, message) from error
    name = with_retention_policy(given.db, given.rp)
    check_namespace(name)
    return Target(name, precision, accept_partial=False, no_sync=False)


def target_v2(query_string: bytes) -> Target:
    """Parse the parameters of `/api/v2/write`. Raises `Refusal`."""
    if not query_string:
        raise json_refusal(400, "no org/bucket destination provided")
    try:
        given = decode_query(_Version2, query_string)
        precision = precision_named(given.precision, auto=False)
    except ParameterError as error:
        message = f"failed to deserialize org/bucket/precision in request: {error}"
        raise json_refusal(400, message) from error
    if not given.bucket:
        raise json_refusal(400, "missing bucket value")
    check_namespace(given.bucket)
    return Target(given.bucket, precision, accept_partial=False, no_sync=False)


ParseTarget = Callable[[bytes], Target]


class Targets:
    """Remembers what query strings mean: clients repeat the same few."""

    def __init__(self, parse: ParseTarget) -> None:
        self._parse = parse
        self._known: dict[bytes, Target] = {}

    def find(self, query_string: bytes) -> Target:
        """Parse, or remember. Raises `Refusal`."""
        target = self._known.get(query_string)
        if target is not None:
            return target
        target = self._parse(query_string)
        if len(query_string) <= QUERY_STRING_BYTES_REMEMBERED:
            if len(self._known) >= QUERY_STRINGS_REMEMBERED:
                self._known.clear()
            self._known[query_string] = target
        return target


class WriteEndpoints:
    """The write routes over one engine."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._written = empty_response(204)
        self._targets_v3 = Targets(target_v3)
        self._targets_v1 = Targets(target_v1)
        self._targets_v2 = Targets(target_v2)

    async def v3(self, call: Call) -> Response:
        """Answer `POST /api/v3/write_lp`."""
        return await self._write(call, self._targets_v3, lines_refused)

    async def v1(self, call: Call) -> Response:
        """Answer `POST /write`."""
        return await self._write(call, self._targets_v1, lines_refused)

    async def v2(self, call: Call) -> Response:
        """Answer `POST /api/v2/write`; refusals of every kind have the shape of version 2."""
        return await self._write(call, self._targets_v2, lines_refused_v2)

    async def _write(
        self,
        call: Call,
        targets: Targets,
        refuse: Callable[[Target, Sequence[RefusedLine]], Response],
    ) -> Response:
        target = targets.find(call.query_string)
        ticket, size = await self._submit(call, target)
        # Without a sync (`no_sync`) a write counts as committed as soon as queries can see it.
        await self._services.commits.wait(ticket)
        refused = ticket.errors
        self._services.metrics.write(
            target.database, lines=ticket.rows, rejected=len(refused), size=size
        )
        return refuse(target, refused) if refused else self._written

    async def _submit(self, call: Call, target: Target) -> tuple[WriteTicket, int]:
        encoding = call.header(b"content-encoding")
        if encoding is None and len(call.body) < INLINE_BYTES_MAX:
            return self._parse(call.body, target)
        return await self._services.threads.write(lambda: self._decode(call, encoding, target))

    def _decode(
        self, call: Call, encoding: bytes | None, target: Target
    ) -> tuple[WriteTicket, int]:
        bytes_max = self._services.config.max_http_request_size
        return self._parse(decode_body(call.body, encoding, bytes_max), target)

    def _parse(self, lines: bytes, target: Target) -> tuple[WriteTicket, int]:
        ticket = self._services.engine.write(
            target.database,
            lines,
            precision=target.precision,
            accept_partial=target.accept_partial,
            no_sync=target.no_sync,
            now_ns=self._services.clock.now_ns(),
        )
        return ticket, len(lines)


def _line(error: RefusedLine) -> dict[str, object]:
    return {
        "error_message": error.message,
        "line_number": error.line_number,
        "original_line": error.original_line,
    }


def lines_refused(target: Target, refused: Sequence[RefusedLine]) -> Response:
    """Name every refused line: a list where the others were stored, else the one that failed all.

    422 says that a limit was reached, 400 that a line is wrong.
    """
    limited = any(error.message.startswith(LIMIT_MESSAGES) for error in refused)
    return lines_answer(refused, partial=target.accept_partial, limited=limited)


def lines_answer(refused: Sequence[RefusedLine], *, partial: bool, limited: bool) -> Response:
    """Give the list of a partial write, or the one fault that failed a whole one."""
    if not partial:
        return _answer(400, "line protocol parsing error", _line(refused[0]))
    data = [_line(error) for error in refused]
    return _answer(422 if limited else 400, "partial write of line protocol occurred", data)


def _answer(status: int, message: str, data: object) -> Response:
    return Response(json_bytes({"error": message, "data": data}), status)


def lines_refused_v2(_: Target, refused: Sequence[RefusedLine]) -> Response:
    """Say the same in the shape of version 2."""
    message = f"write buffer error: line protocol parse failed: {refused[0].message}"
    return _answer_v2(400, message)


CODES_V2 = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "not found",
    413: "request too large",
    503: "unavailable",
}


def _answer_v2(status: int, message: str) -> Response:
    code = CODES_V2.get(status, "internal error")
    return Response(json_bytes({"code": code, "message": message}), status)


def answer_error(error: Exception) -> Response:
    """Give the answer of `/api/v3/write_lp` and `/write` for an error."""
    if isinstance(error, errors.InvalidError | errors.ConflictError):
        text = str(error)
        body = text if text.startswith(TEXT_MESSAGES) else json_bytes({"error": text})
        return Response(body, 400)
    return table.answer(error)


def answer_error_v2(error: Exception) -> Response:
    """Give the answer of `/api/v2/write` for an error: `{"code","message"}` always."""
    if isinstance(error, Refusal):
        return _answer_v2(error.status, _refusal_text(error))
    row = table.find(error)
    if row is None:
        table.unexpected(error)
        return _answer_v2(500, f"internal error: {type(error).__name__}: {error}")
    answer = _answer_v2(row[0] if row[0] >= 500 else 400, _prefix_v2(str(error)) + str(error))
    return table.with_retry(answer, error)


def _prefix_v2(text: str) -> str:
    if text.startswith(TEXT_MESSAGES[0]):
        return ""
    if text.startswith(LIMIT_MESSAGES):
        return "write buffer error: catalog update error: "
    return "write buffer error: "


def _refusal_text(refusal: Refusal) -> str:
    if isinstance(refusal.body, str):
        return refusal.body
    text: str = msgspec.json.decode(refusal.body)["error"]
    return text
