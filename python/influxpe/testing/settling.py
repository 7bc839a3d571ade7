"""Waiting until all triggers have served what there is: rows of the log, and ticks of schedules."""

import asyncio
from collections.abc import Sequence

from influxpe._engine import Engine
from influxpe.testing.clock import FollowingClock
from influxpe.triggers.dispatcher import WalTask
from influxpe.triggers.processing_engine import ProcessingEngine
from influxpe.triggers.scheduler import ScheduleTask
from influxpe.triggers.task import TriggerTask

PAUSE_S = 0.002


class Settling:
    """Leads the clock of the triggers on, from tick to tick, and lets them catch up at each."""

    def __init__(self, engine: Engine, processing: ProcessingEngine, clock: FollowingClock) -> None:
        self._engine = engine
        self._processing = processing
        self._clock = clock

    async def until(self, time_ns: int, seconds_max: float) -> None:
        """Serve everything up to a time. Raises `TimeoutError` that names who is late."""
        try:
            async with asyncio.timeout(seconds_max):
                await self._serve(time_ns)
        except TimeoutError:
            raise TimeoutError(self._complaint(seconds_max)) from None

    async def _serve(self, time_ns: int) -> None:
        await self._catch_up()
        while (tick_ns := self._next_tick()) is not None and tick_ns <= time_ns:
            await self._move(tick_ns)
        await self._move(time_ns)

    async def _move(self, time_ns: int) -> None:
        if time_ns > self._clock.time_ns:
            self._clock.time_ns = time_ns
            for task in self._scheduled():
                task.look_again()
        await self._catch_up()

    async def _catch_up(self) -> None:
        while self._late():  # noqa: ASYNC110 - triggers tell nobody when they are done
            await asyncio.sleep(PAUSE_S)

    def _late(self) -> list[TriggerTask]:
        """Give the triggers that have not served all that there is now."""
        newest = self._engine.stats().position
        writing = (task for task in self._processing.tasks if isinstance(task, WalTask))
        late: list[TriggerTask] = [task for task in writing if task.lag(newest)]
        late += [t for t in self._scheduled() if not t.has_served(self._clock.time_ns)]
        return late

    def _next_tick(self) -> int | None:
        ticks = [task.awaited_ns for task in self._scheduled() if task.awaited_ns is not None]
        return min(ticks, default=None)

    def _scheduled(self) -> Sequence[ScheduleTask]:
        return [task for task in self._processing.tasks if isinstance(task, ScheduleTask)]

    def _complaint(self, seconds_max: float) -> str:
        names = ", ".join(sorted(f"'{task.trigger.name}'" for task in self._late()))
        return f"after {seconds_max:g} s these triggers are not done: {names or 'none'}"
