"""The columnar write route: an Arrow IPC stream in, the answers of the line protocol routes out.

Rows are taken under the same rules as lines, in ranges: a refused range is told like a line, whose
number is that of its first row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response

from influxpe import errors
from influxpe._engine import WriteTicket
from influxpe.http.bodies import decode_body
from influxpe.http.messages import Call, Refusal, empty_response, json_bytes
from influxpe.http.names import check_database_name
from influxpe.http.parameters import Flag, ParameterError, decode_query, parse_query
from influxpe.http.services import Services
from influxpe.http.write import (
    LIMIT_MESSAGES,
    RefusedLine,
    answer_error,
    lines_answer,
    precision_named,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from influxpe.engine_types import Precision


@dataclass(frozen=True, slots=True)
class ArrowTarget:
    """Where a stream goes, and how."""

    database: str
    table: str
    tags: tuple[str, ...] | None
    time: str
    precision: Precision
    accept_partial: bool
    no_sync: bool


class _Parameters(msgspec.Struct):
    db: str
    table: str
    time: str = "time"
    precision: str = "nanosecond"
    accept_partial: Flag = "true"
    no_sync: Flag = "false"


def arrow_target(query_string: bytes) -> ArrowTarget:
    """Parse the parameters of `/api/v3/write_arrow`. Raises `Refusal`."""
    try:
        given = decode_query(_Parameters, query_string)
        precision = precision_named(given.precision, auto=True)
        tags = _tags(query_string)
    except ParameterError as error:
        raise Refusal(400, f"serde error: {error}") from error
    check_database_name(given.db)
    return ArrowTarget(
        given.db,
        given.table,
        tags,
        given.time,
        precision,
        given.accept_partial == "true",
        given.no_sync == "true",
    )


def _tags(query_string: bytes) -> tuple[str, ...] | None:
    """Give the names of `tags=a,b` and `tags=a&tags=b`; `tags=` says that there are none."""
    values = [value for name, value in parse_query(query_string) if name == "tags"]
    if not values:
        return None
    return tuple(name for value in values for name in value.split(",") if name)


class ArrowEndpoint:
    """The columnar write route over one engine."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._written = empty_response(204)

    async def write(self, call: Call) -> Response:
        """Answer `POST /api/v3/write_arrow`."""
        target = arrow_target(call.query_string)
        ticket, size = await self._submit(call, target)
        await self._services.commits.wait(ticket)
        self._services.metrics.write(
            target.database, lines=ticket.rows, rejected=ticket.rows_refused, size=size
        )
        refused = ticket.errors
        return rows_refused(target, refused) if refused else self._written

    async def _submit(self, call: Call, target: ArrowTarget) -> tuple[WriteTicket, int]:
        # Always in a thread: a small stream may unpack to a large one.
        encoding = call.header(b"content-encoding")
        return await self._services.threads.write(lambda: self._decode(call, encoding, target))

    def _decode(
        self, call: Call, encoding: bytes | None, target: ArrowTarget
    ) -> tuple[WriteTicket, int]:
        bytes_max = self._services.config.max_http_request_size
        body = decode_body(call.body, encoding, bytes_max)
        return take_rows(self._services, body, target), len(body)


def take_rows(services: Services, body: bytes, target: ArrowTarget) -> WriteTicket:
    """Queue the rows of a stream for the log; blocks. Raises as `Engine.write_arrow`."""
    return services.engine.write_arrow(
        target.database,
        target.table,
        body,
        tags=target.tags,
        time=target.time,
        precision=target.precision,
        accept_partial=target.accept_partial,
        no_sync=target.no_sync,
        now_ns=services.clock.now_ns(),
        bytes_max=services.config.max_http_request_size,
    )


def answer_stream_error(error: Exception) -> Response:
    """Give the answer for an error: that of lines, but 413 for a stream that unpacks to too much.

    Unlike the limits of the catalog, which are 422, it says nothing about what is stored.
    """
    if isinstance(error, errors.TooLargeError) and not str(error).startswith(LIMIT_MESSAGES):
        return Response(json_bytes({"error": str(error)}), 413)
    return answer_error(error)


def rows_refused(target: ArrowTarget, refused: Sequence[RefusedLine]) -> Response:
    """Name every refused range, in the shapes that refused lines have."""
    limited = any(message in error.message for error in refused for message in LIMIT_MESSAGES)
    return lines_answer(refused, partial=target.accept_partial, limited=limited)
