"""`/query`: statements of InfluxQL in, one document of their results out, or one for each chunk.

What is wrong with a statement is told inside the document, with status 200; the others go on. The
engine writes the series, piece by piece as they are read on the threads of queries.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from influxpe import errors
from influxpe._engine import InfluxqlStatement, SeriesFormat, influxql_statements
from influxpe.http import errors as table
from influxpe.http.influxql import DURATION, NO_DATABASE, catalog_query
from influxpe.http.messages import Answer, Call, json_refusal, succeeded
from influxpe.http.names import INTERNAL_DATABASE, with_retention_policy
from influxpe.http.query import answer_chunks
from influxpe.http.v1.documents import (
    Layout,
    Result,
    StatementError,
    chunked,
    csv,
    packed,
    whole,
)
from influxpe.http.v1.parameters import Form, Question, check_token, form_of, question

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.responses import Response

    from influxpe._engine import Cancellation, Engine, QueryStream
    from influxpe.engine_types import Scalar, SeriesSpelling
    from influxpe.http.services import Services

MEDIA_TYPES: dict[Form, str] = {
    "json": "application/json",
    "csv": "application/csv",
    "msgpack": "application/x-msgpack",
}
# Bytes that are gathered before they are sent.
PIECE_BYTES_MIN = 64 * 1024

DATABASES = """
SELECT 'databases' AS "iox::measurement", database_name AS name FROM system.databases
WHERE NOT deleted ORDER BY database_name
"""
RETENTION_POLICIES = f"""
WITH periods AS (
  SELECT database_name, CAST(coalesce(retention_period_ns, 0) AS BIGINT) / 1000000000 AS s
  FROM system.databases WHERE NOT deleted AND database_name = $db
)
SELECT 'retention_policies' AS "iox::measurement", database_name AS name,
  {DURATION} AS duration,
  true AS "default"
FROM periods
"""  # noqa: S608 - constants of these files


class QueryV1Endpoint:
    """The route over one engine."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def answer(self, call: Call) -> Answer:
        """Answer `GET` and `POST /query`."""
        check_token(call)
        form = form_of(call.header(b"accept"))
        asked = await self._services.threads.query(lambda: question(call))
        params = asked.values()
        engine = self._services.engine

        def begin(cancellation: Cancellation) -> Callable[[], bytes | None]:
            results = list(_results(engine, asked, params, form, cancellation))
            return partial(_gathered, _pieces(results, asked, form))

        return await answer_chunks(self._services.threads, call, MEDIA_TYPES[form], begin)


def answer_error(error: Exception) -> Response:
    """Give the answer of the route for an error: its text in JSON, for any origin to read."""
    status, _ = table.find(error) or (500, None)
    if status == 500:
        return succeeded(table.answer(error))
    return succeeded(json_refusal(status, str(error)).response())


def _pieces(results: list[Result], asked: Question, form: Form) -> Iterator[bytes]:
    if form == "csv":
        return csv(results)
    layout = Layout(pretty=asked.is_pretty)
    if asked.chunk_rows is not None:
        return chunked(results, msgspec.msgpack.encode if form == "msgpack" else layout.document)
    return packed(results) if form == "msgpack" else whole(results, layout)


def _gathered(pieces: Iterator[bytes]) -> bytes | None:
    gathered: list[bytes] = []
    size = 0
    for piece in pieces:
        gathered.append(piece)
        size += len(piece)
        if size >= PIECE_BYTES_MIN:
            break
    return b"".join(gathered) or None


def _results(
    engine: Engine,
    asked: Question,
    params: dict[str, Scalar] | None,
    form: Form,
    cancellation: Cancellation,
) -> Iterator[Result]:
    try:
        statements = influxql_statements(asked.q)
    except errors.InvalidError as error:
        yield Result(0, partial(_failing, str(error)))
        return
    for number, statement in enumerate(statements):
        database = _database(statement, asked)
        series = _series_format(asked, form, number)
        yield Result(
            number, partial(_begun, engine, statement, database, params, series, cancellation)
        )


def _failing(text: str) -> QueryStream:
    raise StatementError(text)


def _series_format(asked: Question, form: Form, number: int) -> SeriesFormat:
    spelling: SeriesSpelling = "pretty_json" if form == "json" and asked.is_pretty else form
    epoch = asked.epoch or ("ns" if form == "csv" else None)
    return SeriesFormat(spelling, epoch=epoch, chunk_rows=asked.chunk_rows, statement_id=number)


def _database(statement: InfluxqlStatement, asked: Question) -> str:
    """Give the database that a statement names, else that of the request.

    A policy of the request counts where the statement alone names a database, and none of its own.
    """
    named = statement.database
    if named is None or asked.db or "/" in named:
        return named or asked.db
    return with_retention_policy(named, asked.rp)


def _begun(
    engine: Engine,
    statement: InfluxqlStatement,
    database: str,
    params: dict[str, Scalar] | None,
    series: SeriesFormat,
    cancellation: Cancellation,
) -> QueryStream:
    """Begin a statement."""
    if statement.kind == "show_databases":
        return engine.query(INTERNAL_DATABASE, DATABASES, series=series)
    if not database:
        raise StatementError(NO_DATABASE)
    if catalog_query(statement) is None:
        return engine.query(
            database,
            statement.text,
            params=params,
            series=series,
            language="influxql",
            cancellation=cancellation,
        )
    if all(known.deleted or known.name != database for known in engine.databases()):
        text = f"datafusion error: Error during planning: database not found: {database}"
        raise StatementError(text)
    named = {"db": database}
    return engine.query(INTERNAL_DATABASE, RETENTION_POLICIES, params=named, series=series)
