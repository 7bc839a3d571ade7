"""Exchanges in, one after the other; the application is run for each.

One task does it for all requests of a connection: a task for each would cost each of them more.
What an application does after its answer delays the next request of its connection.
"""

import asyncio
import logging
from collections.abc import Callable

from starlette.types import ASGIApp

from influxpe.http.wire.exchange import Exchange

logger = logging.getLogger(__name__)


class Runner:
    """Runs the application; `returned` is told whenever it comes back, whatever it did."""

    def __init__(
        self, app: ASGIApp, loop: asyncio.AbstractEventLoop, returned: Callable[[Exchange], None]
    ) -> None:
        self._app = app
        self._loop = loop
        self._returned = returned
        self._next: Exchange | None = None
        self._rested: asyncio.Future[None] | None = None
        self._is_over = False
        self.task: asyncio.Task[None] | None = None

    def run(self, exchange: Exchange) -> None:
        """Run it, as soon as the exchange before has come back."""
        self._next = exchange
        if self.task is None:
            self.task = self._loop.create_task(self._run_all())
        self._end_rest()

    def end(self) -> None:
        """Run nothing more; what runs comes to its end."""
        self._is_over = True
        self._end_rest()

    def cancel(self) -> None:
        """Break off what runs."""
        if self.task is not None:
            self.task.cancel()

    def _end_rest(self) -> None:
        if self._rested is not None and not self._rested.done():
            self._rested.set_result(None)
        self._rested = None

    async def _run_all(self) -> None:
        while not self._is_over:
            exchange, self._next = self._next, None
            if exchange is not None:
                await self._run(exchange)
                if self._has_next():
                    # Other clients first: an application need not wait for anything.
                    await asyncio.sleep(0)
            else:
                self._rested = self._loop.create_future()
                await self._rested

    def _has_next(self) -> bool:
        return self._next is not None

    async def _run(self, exchange: Exchange) -> None:
        try:
            await self._app(exchange.scope, exchange.receive, exchange.send)
        except Exception:
            logger.exception("the application failed")
        self._returned(exchange)
