"""DoGet: the rows of a query, as the engine makes them.

The engine gives an Arrow stream in pieces; its messages go on as they are, but for those that
clients with a usual limit could not take. The engine is a few pieces ahead of the client and then
waits, so what is held does not grow with the answer. A client that goes away ends its query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from influxpe import errors
from influxpe.http.flight import ipc
from influxpe.http.flight.messages import flight_data_head
from influxpe.http.flight.patience import Patience
from influxpe.http.flight.statements import Statement, run
from influxpe.http.flight.status import CallFailed, Code

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

    from influxpe._engine import Cancellation, Engine, QueryStream
    from influxpe.http.flight.exchange import Exchange
    from influxpe.queries import Queries, RunningQuery

# Near what InfluxDB 3 splits at: gRPC clients take messages up to 4 MiB unless they are told more.
BATCH_BYTES_MAX = 2 * 1024 * 1024
# Proxies close connections on which nothing happens; as often as InfluxDB 3 does.
KEEP_ALIVE_SECONDS = 5.0
# What the engine raises for a text that it does not plan; also for some rows, once there is a plan.
REFUSED_TEXTS = (errors.InvalidError, errors.UnsupportedError)


def start_query(
    queries: Queries,
    engine: Engine,
    database: str,
    statement: Statement,
    cancellation: Cancellation,
) -> RunningQuery:
    """Begin a statement, which is planned meanwhile. Raises `CallFailed`."""

    def begin(number: int) -> QueryStream:
        return run(engine, database, statement, cancellation, number)

    try:
        return queries.start(begin)
    except errors.NotFoundError as error:
        raise unknown_database(error) from error


def unplannable(error: Exception) -> CallFailed:
    """Say that a text has no plan, in the words of InfluxDB 3."""
    message = f"Error while logically planning query: {error}"
    return CallFailed(Code.INVALID_ARGUMENT, message)


def unknown_database(error: errors.NotFoundError) -> CallFailed:
    """Say that there is no such database, in the words of InfluxDB 3."""
    found = str(error).removeprefix("query error: ")
    message = f"Cannot retrieve database: External error: {found}"
    return CallFailed(Code.NOT_FOUND, message)


def query_table(engine: Engine, database: str, sql: str) -> pa.Table:
    """Give the whole answer of a query of our own. Raises `CallFailed`."""
    try:
        stream = run(engine, database, Statement(sql))
    except errors.NotFoundError as error:
        raise unknown_database(error) from error
    except REFUSED_TEXTS as error:
        raise unplannable(error) from error
    pieces = iter(stream.next_chunk, None)
    return pa.ipc.open_stream(b"".join(pieces)).read_all()


def table_exists(engine: Engine, database: str, table: str) -> bool:
    """Tell whether a database has a table of a user of that name, and is there itself."""
    sql = (
        "SELECT table_name FROM information_schema.tables "
        "WHERE table_schema = 'iox' AND table_name = $name"
    )
    try:
        stream = run(engine, database, Statement(sql, {"name": table}))
    except errors.NotFoundError:
        return False
    return pa.ipc.open_stream(b"".join(iter(stream.next_chunk, None))).read_all().num_rows > 0


async def send_table(exchange: Exchange, table: pa.Table) -> None:
    """Send rows that are there."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    for message in ipc.Splitter().feed(sink.getvalue().to_pybytes()):
        await exchange.message(flight_data_head(message.header, len(message.body)), message.body)


class RowSender:
    """Sends the answer of one query over one exchange."""

    def __init__(self, exchange: Exchange, patience: Patience) -> None:
        self._exchange = exchange
        self._patience = patience
        self._splitter = ipc.Splitter()
        self._schema: pa.Schema | None = None

    async def send(self, query: RunningQuery) -> None:
        """Send all messages.

        Raises `CallFailed` for a text that has no plan, what the execution raises, and as
        `Patience.check` does.
        """
        while (piece := await self._next(query)) is not None:
            for message in self._splitter.feed(piece):
                await self._send(message)

    async def _next(self, query: RunningQuery) -> bytes | None:
        has_some, piece = _poll(query)
        while not has_some:
            await self._wait(query.arrival())
            has_some, piece = _poll(query)
        return piece

    async def _wait(self, arrival: asyncio.Future[None]) -> None:
        while not await self._patience.wait(arrival, KEEP_ALIVE_SECONDS):
            if self._schema is not None:
                await self._send_body(no_rows(self._schema))
        arrival.result()

    async def _send(self, message: ipc.Message) -> None:
        if message.kind == ipc.SCHEMA:
            self._schema = _schema(message)
        if message.kind == ipc.BATCH and len(message.body) > BATCH_BYTES_MAX and self._schema:
            for part in parts(message, self._schema):
                await self._send_body(part)
        else:
            await self._send_body(message)

    async def _send_body(self, message: ipc.Message) -> None:
        self._patience.check()
        head = flight_data_head(message.header, len(message.body))
        await self._exchange.message(head, message.body)


def _poll(query: RunningQuery) -> tuple[bool, bytes | None]:
    try:
        return query.poll()
    except REFUSED_TEXTS as error:
        if query.has_plan():
            raise
        raise unplannable(error) from error


def _whole(message: ipc.Message) -> Any:  # noqa: ANN401 - the stubs of pyarrow do not know it
    pieces = ipc.encapsulated(message.header, message.body)
    return pa.ipc.read_message(pa.py_buffer(b"".join(pieces)))


def _schema(message: ipc.Message) -> pa.Schema:
    return pa.ipc.read_schema(_whole(message))


def _serialized(batch: pa.RecordBatch) -> ipc.Message:
    return next(ipc.Splitter().feed(batch.serialize().to_pybytes()))


def no_rows(schema: pa.Schema) -> ipc.Message:
    """Give a batch without rows: it says nothing, but that the server is there."""
    return _serialized(pa.RecordBatch.from_pylist([], schema=schema))


def parts(message: ipc.Message, schema: pa.Schema) -> Iterator[ipc.Message]:
    """Give a batch in parts near the size that clients take."""
    batch = pa.ipc.read_record_batch(_whole(message), schema)
    count = -(-len(message.body) // BATCH_BYTES_MAX)
    rows = max(1, batch.num_rows // count)
    for start in range(0, batch.num_rows, rows):
        yield _serialized(batch.slice(start, rows))
