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
        self._reported = ""

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            try:
                await self._look()
            except Exception as error:
                self._report(error)
            else:
                self._reported = ""
            await asyncio.sleep(self.interval_s)

    def _report(self, error: Exception) -> None:
        """Log a fault when it is another than the last one, not once per beat."""
        text = f"{type(error).__name__}: {error}"
        if text != self._reported:
            unexpected = None if isinstance(error, EngineError) else error
            logger.error("triggers are not woken: %s", text, exc_info=unexpected)
        self._reported = text

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
