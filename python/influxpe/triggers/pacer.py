"""The beat of all data-write triggers: once per flush interval, where the log has advanced."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from influxpe.errors import EngineError
from influxpe.plugin.engine_calls import EngineCalls

logger = logging.getLogger(__name__)

OnAdvance = Callable[[], Awaitable[None]]


class Pacer:
    """Looks at the log in one task for all triggers, and wakes them."""

    def __init__(self, calls: EngineCalls, interval_s: float, on_advance: OnAdvance) -> None:
        self.interval_s = interval_s
        self._calls = calls
        self._on_advance = on_advance
        self._position = -1
        self._beat = asyncio.Event()

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            try:
                await self._look()
            except EngineError as error:
                logger.warning("the log cannot be looked at: %s", error)
            except Exception:
                logger.exception("the pacing of triggers met a fault")
            await asyncio.sleep(self.interval_s)

    async def _look(self) -> None:
        position = await self._calls.position()
        if position != self._position:
            self._position = position
            beat, self._beat = self._beat, asyncio.Event()
            beat.set()
            await self._on_advance()

    async def past(self, position: int) -> int:
        """Wait for the beat that finds the log past a position; gives where the log stands then."""
        while self._position <= position:
            await self._beat.wait()
        return self._position
