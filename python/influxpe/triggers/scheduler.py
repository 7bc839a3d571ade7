"""Scheduled triggers: waits for the ticks of a schedule and runs the plugin at each.

The time is read from the injected clock again and again while waiting, so that a machine that slept
and a clock that was set are noticed. Ticks that pass during a run are left out, with one warning.
"""

import asyncio
import contextlib
from functools import partial

from influxpe.clock import Clock
from influxpe.triggers.duration import NS_PER_SECOND
from influxpe.triggers.history import RunInput
from influxpe.triggers.runner import Runner, Work
from influxpe.triggers.schedule import (
    Due,
    Schedule,
    due,
    rfc3339,
    say_skipped,
    schedule_of,
    skipped_during,
    spoken,
    was_set_back,
)
from influxpe.triggers.spec import CronSpec, EverySpec
from influxpe.triggers.task import OVERLAPPING_RUNS_MAX, OnDisable, TriggerTask

# How long the clock is left unread.
WAIT_SECONDS_MAX = 0.5
# Rows that users write have no trigger behind them; those of a scheduled run have one.
DEPTH = 1


class ScheduleTask(TriggerTask):
    """Runs one scheduled trigger."""

    def __init__(self, runner: Runner, on_disable: OnDisable, clock: Clock) -> None:
        super().__init__(runner, on_disable)
        self._clock = clock
        self._running: set[asyncio.Task[None]] = set()
        self._fault: Exception | None = None
        self._seen_ns = 0
        self._clock_moved = asyncio.Event()
        self.awaited_ns: int | None = 0  # the tick to come; 0 until it is known

    def start(self) -> None:
        """Begin: the first tick is the next one from now on."""
        self._seen_ns = self._clock.now_ns()
        super().start()

    def look_again(self) -> None:
        """Read the clock at once; for whoever moves it by hand."""
        self._clock_moved.set()

    def has_served(self, time_ns: int) -> bool:
        """Whether all ticks up to a time are over."""
        awaited_ns = self.awaited_ns
        return not self._running and (awaited_ns is None or awaited_ns > time_ns)

    async def serve(self) -> None:
        """Run at every tick since the start, or since the clock was read last."""
        spec = self.trigger.spec
        assert isinstance(spec, EverySpec | CronSpec)  # noqa: S101 - chosen by the kind of spec
        self._fault = None
        try:
            await self._serve(schedule_of(spec))
        finally:
            for task in self._running:
                task.cancel()

    async def _serve(self, schedule: Schedule) -> None:
        awaited_ns = self.awaited_ns = schedule.next_after(self._seen_ns)
        while awaited_ns is not None and not self.stopping:
            tick = await self._tick(schedule, awaited_ns)
            if self._fault is not None:
                raise self._fault
            if tick is None:
                awaited_ns = self.awaited_ns = schedule.next_after(self._clock.now_ns())
                continue
            self._skip(tick.skipped)
            awaited_ns = self.awaited_ns = await self._fire(schedule, tick.time_ns)
        if awaited_ns is None:
            self.log.info("the schedule has no further times")

    async def _tick(self, schedule: Schedule, awaited_ns: int) -> Due | None:
        """Wait for a tick; `None` where the clock was set back, which makes the wait pointless."""
        while self._fault is None:
            seen_ns, now_ns = self._seen_ns, self._clock.now_ns()
            self._seen_ns = now_ns
            if was_set_back(seen_ns, now_ns):
                self.log.warn(f"the clock was set back to {rfc3339(now_ns)}: the schedule restarts")
                return None
            found = due(schedule, awaited_ns, now_ns)
            if found is not None:
                return found
            await self._wait(min((awaited_ns - now_ns) / NS_PER_SECOND, WAIT_SECONDS_MAX))
        return None

    async def _wait(self, seconds: float) -> None:
        """Leave the clock unread for a while, unless somebody says that it was moved."""
        self._clock_moved.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._clock_moved.wait()

    async def _fire(self, schedule: Schedule, time_ns: int) -> int | None:
        """Run a tick, and give the next one to wait for."""
        if await self.runner.source() is None:
            return schedule.next_after(max(time_ns, self._clock.now_ns()))
        if self.trigger.run_async:
            self._overlap(time_ns)
            return schedule.next_after(time_ns)
        await self._run_tick(time_ns)
        now_ns = self._clock.now_ns()
        self._skip(skipped_during(schedule, time_ns, now_ns))
        return schedule.next_after(max(time_ns, now_ns))

    def _skip(self, count: int) -> None:
        if count:
            self.runner.counters.skipped += count
            self.log.warn(say_skipped(count))

    def _overlap(self, time_ns: int) -> None:
        if len(self._running) >= OVERLAPPING_RUNS_MAX:
            self.runner.counters.skipped += 1
            self.log.warn(f"left out a run: {OVERLAPPING_RUNS_MAX} runs are not over yet")
            return
        task = asyncio.create_task(self._run_tick(time_ns))
        self._running.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self._fault = error

    async def _run_tick(self, time_ns: int) -> None:
        work = Work(
            run=partial(self.runner.run_of, call_time_ns=time_ns),
            start_text=f"starting execution with scheduled time {spoken(time_ns)}",
            depth=DEPTH,
            given=RunInput(call_time_ns=time_ns),
        )
        await self.runner.settle(work, self.busy)
