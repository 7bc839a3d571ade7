"""The engine as triggers and their plugins use it, without blocking the event loop.

Calls run in threads of their own, so that a slow query of a plugin holds up neither the log readers
of triggers nor the requests of clients.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from influxpe._engine import Cancellation, Engine, Feed, FeedTable, WriteTicket
from influxpe.clock import Clock
from influxpe.commits import Commits
from influxpe.engine_types import Scalar
from influxpe.errors import BusyError, EngineError
from influxpe.plugin.protocol import ArrowWrite, QueryFailed, WriteFailed

Result = TypeVar("Result")
Level: TypeAlias = Literal["INFO", "WARN", "ERROR"]

QUERY_THREADS = 16
WORK_THREADS = 4
QUERY_BYTES_MAX = 256 * 1024 * 1024
# A full queue empties with the next sync; a run that still finds no room then has failed.
BUSY_PAUSES_S = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Rows:
    """New rows for one run: (table, Arrow IPC stream) pairs, and where the log stands after them.

    `cut` rows were left out because too many triggers in a row stand behind them.
    """

    position: int
    depth: int
    cut: int
    count: int
    tables: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class Record:
    """A line about a run for `_internal`, up to its time; the engine adds its rows."""

    line: str
    time_ns: int


@dataclass(frozen=True)
class Output:
    """What a run leaves behind: one frame of the log has all of it.

    `writes` are (database, line protocol), `tables` Arrow rows, `state` keys with their new values.
    `depth` says how many triggers in a row stand behind them, `cursor` and `tick_ns` what is served
    with it. `record` and `internal` are what the server keeps about the run.
    """

    writes: Sequence[tuple[str, str]] = ()
    depth: int = 0
    cursor: int | None = None
    tick_ns: int | None = None
    state: Sequence[tuple[str, bytes | None]] = ()
    tables: Sequence[ArrowWrite] = ()
    record: Record | None = None
    internal: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to commit but what is to be known of the run."""
        served = self.cursor is not None or self.tick_ns is not None
        return not (self.writes or self.state or self.tables or self.internal or served)


class EngineCalls:
    """One engine, its clock, and the moments at which its writes are durable."""

    def __init__(self, engine: Engine, clock: Clock, commits: Commits) -> None:
        self.engine = engine
        self.clock = clock
        self._commits = commits
        self._queries = ThreadPoolExecutor(QUERY_THREADS, "plugin-query")
        self._work = ThreadPoolExecutor(WORK_THREADS, "trigger")
        self._logged_at_ns = 0

    def close(self) -> None:
        """Take no more calls; what runs is not waited for."""
        for pool in (self._queries, self._work):
            pool.shutdown(wait=False, cancel_futures=True)

    async def work(self, call: Callable[[], Result]) -> Result:
        """Run a call that may wait for the disk."""
        return await asyncio.get_running_loop().run_in_executor(self._work, call)

    async def position(self) -> int:
        """Give the newest log position that is durable and visible."""
        return (await self.work(self.engine.stats)).position

    async def query(self, database: str, sql: str, params: Mapping[str, Scalar]) -> bytes:
        """Give the whole answer as an Arrow IPC stream. Raises `QueryFailed`."""
        loop, cancellation = asyncio.get_running_loop(), Cancellation()
        asked = (database, sql, params, cancellation)
        try:
            return await loop.run_in_executor(self._queries, self._query, *asked)
        except EngineError as error:
            raise QueryFailed(str(error)) from error
        finally:
            cancellation.cancel()  # a run that was ended waits no more

    def _query(
        self,
        database: str,
        sql: str,
        params: Mapping[str, Scalar],
        cancellation: Cancellation,
    ) -> bytes:
        stream = self.engine.query(
            database, sql, params=params, format="arrow", cancellation=cancellation
        )
        content = bytearray()
        while chunk := stream.next_chunk():
            content += chunk
            if len(content) > QUERY_BYTES_MAX:
                raise QueryFailed(f"the result is over {QUERY_BYTES_MAX} bytes of Arrow")
        return bytes(content)

    async def read(self, feed: Feed, rows_max: int, bytes_max: int) -> Rows:
        """Read on in the log; a feed is read by one call at a time."""
        return await self.work(lambda: _read(feed, rows_max, bytes_max))

    async def commit(self, trigger_id: int, output: Output) -> int:
        """Commit what a run leaves behind as one frame; durable and visible on return.

        Gives the rows that the run wrote. Raises `InvalidError` for a bad line or a state that is
        too large, then nothing was written.
        """
        ticket = await self._queue(trigger_id, output)
        await self._commits.wait(ticket)
        return ticket.rows

    async def write_now(self, trigger_id: int, database: str, lines: str, depth: int) -> None:
        """Write lines in the middle of a run: durable and visible on return.

        Raises `WriteFailed` with the first bad line.
        """
        try:
            await self.commit(trigger_id, Output([(database, lines)], depth=depth))
        except EngineError as error:
            reason = str(error).removeprefix(f"error writing back lines to {database}: ")
            raise WriteFailed(f"Cannot write: {reason}") from error

    async def _queue(self, trigger_id: int, output: Output) -> WriteTicket:
        def queue() -> WriteTicket:
            record = output.record
            return self.engine.commit_run(
                trigger_id,
                output.writes,
                cursor=output.cursor,
                depth=output.depth,
                now_ns=self.clock.now_ns(),
                tick_ns=output.tick_ns,
                state=output.state,
                tables=[(one.database, one.table, one.tags, one.ipc) for one in output.tables],
                record=None if record is None else (record.line, record.time_ns),
                internal=output.internal,
            )

        for pause_s in BUSY_PAUSES_S:
            try:
                return await self.work(queue)
            except BusyError:
                await asyncio.sleep(pause_s)
        return await self.work(queue)

    def log(self, trigger_name: str, level: Level, text: str) -> None:
        """Add a line to the log table; lines keep their order, whatever the clock does."""
        self._logged_at_ns = max(self._logged_at_ns + 1, self.clock.now_ns())
        self.engine.log(
            time_ns=self._logged_at_ns, trigger_name=trigger_name, level=level, text=text
        )


def _read(feed: Feed, rows_max: int, bytes_max: int) -> Rows:
    found = feed.read(rows_max=rows_max, bytes_max=bytes_max)
    tables: list[FeedTable] = found.tables
    return Rows(
        position=found.position,
        depth=found.depth,
        cut=found.rows_cut,
        count=sum(table.rows for table in tables),
        tables=tuple((table.name, table.ipc()) for table in tables),
    )
