"""Waiting for the log without a thread per request.

The engine makes a descriptor readable after each group commit. The event loop watches it, asks how
far the commits have come, and resolves all requests that are covered: one wake-up per group.
"""

import asyncio
import heapq
import os
from itertools import count

from influxpe._engine import Engine, WriteTicket
from influxpe.errors import ClosedError

# One read takes all wake-ups that have gathered, be it one counter or many bytes.
WAKE_UPS_BYTES = 4096


class Commits:
    """Hands out the moment when a write is durable and visible. Used on its event loop only."""

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
        self._engine = engine
        self._loop = loop
        self._committed = engine.committed()
        self._order = count()
        self._writes: list[tuple[int, int, asyncio.Future[None]]] = []
        self._positions: list[tuple[int, int, asyncio.Future[None]]] = []
        self._descriptor = engine.commit_descriptor()
        loop.add_reader(self._descriptor, self._advance)

    def close(self) -> None:
        """Stop watching; whoever still waits gets `ClosedError`."""
        self._loop.remove_reader(self._descriptor)
        self._fail(ClosedError("the server is stopping"))

    async def wait(self, ticket: WriteTicket) -> None:
        """Return once the write is durable and visible to queries.

        Raises `ClosedError` where that cannot happen any more.
        """
        sequence = ticket.sequence
        if sequence <= self._committed:
            return
        self._committed = self._engine.committed()
        if sequence > self._committed:
            await self._enter(self._writes, sequence)

    async def wait_position(self, position: int) -> None:
        """Return once the log has durable entries past `position`. Raises `ClosedError`."""
        if self._engine.stats().position <= position:
            await self._enter(self._positions, position)

    def _enter(
        self, waiting: list[tuple[int, int, asyncio.Future[None]]], mark: int
    ) -> asyncio.Future[None]:
        self._engine.check_writable()
        future: asyncio.Future[None] = self._loop.create_future()
        heapq.heappush(waiting, (mark, next(self._order), future))
        return future

    def _advance(self) -> None:
        try:
            if not os.read(self._descriptor, WAKE_UPS_BYTES):
                self._loop.remove_reader(self._descriptor)
        except BlockingIOError:
            return
        self._committed = self._engine.committed()
        _resolve(self._writes, self._committed)
        if self._positions:
            _resolve(self._positions, self._engine.stats().position - 1)
        self._fail_if_closed()

    def _fail_if_closed(self) -> None:
        try:
            self._engine.check_writable()
        except ClosedError as error:
            self._fail(error)

    def _fail(self, error: ClosedError) -> None:
        for _, _, future in self._writes + self._positions:
            if not future.done():
                future.set_exception(ClosedError(str(error)))
        self._writes.clear()
        self._positions.clear()


def _resolve(waiting: list[tuple[int, int, asyncio.Future[None]]], reached: int) -> None:
    while waiting and waiting[0][0] <= reached:
        future = heapq.heappop(waiting)[2]
        if not future.done():
            future.set_result(None)
