"""Waiting for answers of the engine without a thread per query.

The engine makes a descriptor readable once a query has something to read. The event loop watches
it, asks which queries those are, and wakes whoever waits for one of them.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from itertools import count

from influxpe._engine import Engine, QueryStream
from influxpe.errors import ClosedError

# One read takes all wake-ups that have gathered.
WAKE_UPS_BYTES = 4096


class Queries:
    """Hands out the chunks of answers as they are made. Used on its event loop only."""

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
        self._engine = engine
        self._loop = loop
        self._numbers = count()
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._descriptor = engine.query_descriptor()
        loop.add_reader(self._descriptor, self._wake)

    def close(self) -> None:
        """Stop watching; whoever still waits gets `ClosedError`."""
        self._loop.remove_reader(self._descriptor)
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ClosedError("the server is stopping"))
        self._waiting.clear()

    def start(self, begin: Callable[[int], QueryStream]) -> RunningQuery:
        """Begin a query with the number that it is told by. Raises what `begin` does."""
        number = next(self._numbers)
        return RunningQuery(self, number, begin(number))

    def arrival(self, number: int) -> asyncio.Future[None]:
        """Give what is done once a query may have something; it raises what that is ended with."""
        future = self._loop.create_future()
        self._waiting[number] = future
        future.add_done_callback(lambda done: self._forget(number, done))
        return future

    def _forget(self, number: int, done: asyncio.Future[None]) -> None:
        if self._waiting.get(number) is done:
            del self._waiting[number]

    def end(self, number: int, reason: Exception) -> None:
        """Raise an exception where a query is waited for."""
        future = self._waiting.get(number)
        if future is not None and not future.done():
            future.set_exception(reason)

    def _wake(self) -> None:
        try:
            os.read(self._descriptor, WAKE_UPS_BYTES)
        except BlockingIOError:
            return
        for number in self._engine.ready_queries():
            future = self._waiting.get(number)
            if future is not None and not future.done():
                future.set_result(None)


class RunningQuery:
    """The answer of one query, while it is computed."""

    def __init__(self, queries: Queries, number: int, stream: QueryStream) -> None:
        self._queries = queries
        self._number = number
        self._stream = stream
        self._reason: Exception | None = None

    async def next_chunk(self) -> bytes | None:
        """Give the next bytes, or `None` at the end.

        Raises what the query raises, and what it is ended with.
        """
        while True:
            has_some, chunk = self.poll()
            if has_some:
                return chunk
            await self.arrival()

    def poll(self) -> tuple[bool, bytes | None]:
        """Tell whether there is something by now, and give it. Raises as `next_chunk` does."""
        if self._reason is not None:
            raise self._reason
        return self._stream.poll()

    def arrival(self) -> asyncio.Future[None]:
        """Give what is done once to poll again; it raises what the query is ended with."""
        return self._queries.arrival(self._number)

    def has_plan(self) -> bool:
        """Tell whether it is known to have a plan: what it raises before is about its text."""
        return self._stream.has_plan()

    def end(self, reason: Exception) -> None:
        """Give no more, and raise an exception where more is waited for."""
        self._reason = reason
        self._queries.end(self._number, reason)
