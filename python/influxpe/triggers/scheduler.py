"""Scheduled triggers: waits for the ticks of a schedule and runs the plugin at each.

The time is read from the injected clock again and again while waiting, so that a machine that slept
and a clock that was set are noticed. Ticks that pass during a run or while the server is down are
left out, with one warning, or run late, as the option `missed_runs` says. For the latter each tick
is committed in one frame with what its run leaves behind, also when that run is given up; a trigger
that has no such tick yet commits the time at which it begins. Ticks that are left out are not
committed, so a schedule whose runs write nothing costs no sync of the disk.
"""

import asyncio
import contextlib
from dataclasses import replace
from functools import partial

from influxpe.clock import Clock
from influxpe.plugin.engine_calls import Output
from influxpe.to_its_end import to_its_end
from influxpe.triggers.backlog import WAITING_MAX, Backlog, ServedTicks
from influxpe.triggers.duration import NS_PER_SECOND
from influxpe.triggers.history import RunInput
from influxpe.triggers.runner import Runner, Work
from influxpe.triggers.schedule import (
    rfc3339,
    say_skipped,
    schedule_of,
    spoken,
    was_set_back,
)
from influxpe.triggers.spec import CronSpec, EverySpec
from influxpe.triggers.task import (
    OVERLAPPING_RUNS_MAX,
    UNSETTLED_RUNS_MAX,
    WAITS,
    OnDisable,
    TriggerTask,
)

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
        self._backlog: Backlog | None = None
        self._runs_late = self.trigger.options.missed_runs != "skip"
        self._mark_ns = self.trigger.tick_ns
        self._served = ServedTicks()
        self._committing = asyncio.Lock()
        self._has_room = True

    def start(self) -> None:
        """Begin: without ticks that were missed, the first one is the next from now on."""
        self._seen_ns = self._clock.now_ns()
        super().start()

    def look_again(self) -> None:
        """Read the clock at once; for whoever moves it by hand."""
        self._clock_moved.set()

    @property
    def awaited_ns(self) -> int | None:
        """The tick to be served next; 0 until it is known, `None` where there is none."""
        return 0 if self._backlog is None else self._backlog.awaited_ns

    def has_served(self, time_ns: int) -> bool:
        """Whether all ticks up to a time are over."""
        awaited_ns = self.awaited_ns
        return not self._running and (awaited_ns is None or awaited_ns > time_ns)

    async def serve(self) -> None:
        """Run at every tick since the last one that was served, or since the clock was read."""
        spec, options = self.trigger.spec, self.trigger.options
        assert isinstance(spec, EverySpec | CronSpec)  # noqa: S101 - chosen by the kind of spec
        self._fault = None
        schedule = schedule_of(spec, options.time_zone)
        waiting_max = WAITING_MAX[options.missed_runs]
        try:
            backlog = Backlog(schedule, await self._served_until(), waiting_max)
            if self._runs_late:
                await self._take_in_missed(backlog)
            self._backlog = backlog
            await self._serve(backlog)
        finally:
            await self._end_runs()

    async def _end_runs(self) -> None:
        """End the runs that overlap; what they commit by now is known before ticks run again."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)

    async def _served_until(self) -> int:
        """Give the time after which ticks are to be run; what ran before a fault is over."""
        self._served = ServedTicks()
        if not self._runs_late:
            return self._seen_ns
        if self._mark_ns is None:
            await self._begin_at(self._seen_ns)
        elif was_set_back(self._mark_ns, self._seen_ns):
            self._say_set_back(self._seen_ns)
            await self._begin_at(self._seen_ns)
        return self._seen_ns if self._mark_ns is None else self._mark_ns

    async def _begin_at(self, time_ns: int) -> None:
        """Let ticks later than this be the ones to run, also after a restart."""
        async with self._committing:
            await self.runner.commit(Output(depth=DEPTH, tick_ns=time_ns))
            self._mark_ns = time_ns

    async def _take_in_missed(self, backlog: Backlog) -> None:
        # Where much was missed this takes a while, in which others are to be served.
        self._skip(await asyncio.to_thread(backlog.take_in, self._seen_ns))
        if backlog.waiting:
            count = len(backlog.waiting)
            runs = "run was missed and runs" if count == 1 else "runs were missed and run"
            self.log.info(f"{count} scheduled {runs} now")

    async def _serve(self, backlog: Backlog) -> None:
        while not self.stopping:
            await self._look(backlog)
            if self._fault is not None:
                raise self._fault
            if backlog.waiting:
                await self._fire(backlog)
            elif backlog.awaited_ns is not None:
                await self._wait((backlog.awaited_ns - self._seen_ns) / NS_PER_SECOND)
            elif self._running:
                await self._wait(WAIT_SECONDS_MAX)
            else:
                self.log.info("the schedule has no further times")
                return

    async def _look(self, backlog: Backlog) -> None:
        """Read the clock, and let the ticks wait that have come."""
        seen_ns, now_ns = self._seen_ns, self._clock.now_ns()
        self._seen_ns = now_ns
        if was_set_back(seen_ns, now_ns):
            self._say_set_back(now_ns)
            backlog.start_over(now_ns)
            self._served = ServedTicks()
            if self._runs_late:
                await self._begin_at(now_ns)
        self._skip(backlog.take_in(now_ns))

    def _say_set_back(self, now_ns: int) -> None:
        self.log.warn(f"the clock was set back to {rfc3339(now_ns)}: the schedule restarts")

    async def _wait(self, seconds: float) -> None:
        """Leave the clock unread for a while, unless somebody says that it was moved.

        All triggers that wait for long wake together, which costs less than each by itself.
        """
        longest = WAIT_SECONDS_MAX - asyncio.get_running_loop().time() % WAIT_SECONDS_MAX
        self._clock_moved.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, longest)):
                await self._clock_moved.wait()

    async def _fire(self, backlog: Backlog) -> None:
        """Run the first tick that waits, which is over or runs for itself then."""
        if await self.runner.source() is None:
            await self._without_plugin(backlog)
        elif self.trigger.run_async:
            await self._overlap(backlog)
        else:
            await self._run_tick(backlog.waiting[0])
            backlog.waiting.popleft()
            if not self._runs_late:
                self._skip(backlog.leave_out(self._clock.now_ns()))

    async def _without_plugin(self, backlog: Backlog) -> None:
        if self._runs_late:
            await self._wait(WAIT_SECONDS_MAX)
        else:
            backlog.waiting.clear()

    def _skip(self, count: int) -> None:
        if count:
            self.runner.counters.skipped += count
            self.log.warn(say_skipped(count))

    async def _overlap(self, backlog: Backlog) -> None:
        self._look_for_room()
        if self._has_room and len(self._running) < OVERLAPPING_RUNS_MAX:
            task = asyncio.create_task(self._run_tick(backlog.waiting.popleft()))
            self._running.add(task)
            task.add_done_callback(self._over)
        elif self._runs_late:
            await asyncio.wait(
                self._running, timeout=WAIT_SECONDS_MAX, return_when=asyncio.FIRST_COMPLETED
            )
        else:
            backlog.waiting.popleft()
            self.runner.counters.skipped += 1
            self.log.warn(f"left out a run: {OVERLAPPING_RUNS_MAX} runs are not over yet")

    def _look_for_room(self) -> None:
        """See whether a further run may begin, while one goes on that began long ago."""
        had_room, self._has_room = self._has_room, len(self._served) < UNSETTLED_RUNS_MAX
        if had_room and not self._has_room:
            self.log.warn(WAITS.format(len(self._served) - len(self._running)))

    def _over(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self._fault = error

    async def _run_tick(self, time_ns: int) -> None:
        if self._runs_late:
            self._served.begin(time_ns)
        work = Work(
            run=partial(self.runner.run_of, call_time_ns=time_ns),
            start_text=f"starting execution with scheduled time {spoken(time_ns)}",
            depth=DEPTH,
            given=RunInput(call_time_ns=time_ns),
            commit=partial(self._commit, time_ns) if self._runs_late else None,
        )
        await self.runner.settle(work, self.busy)

    async def _commit(self, time_ns: int, output: Output) -> None:
        """Commit what a run leaves behind, with the last tick before which none is to run."""
        async with self._committing:
            await to_its_end(self._commit_tick(time_ns, output))

    async def _commit_tick(self, time_ns: int, output: Output) -> None:
        mark_ns = self._served.mark_with(time_ns)
        await self.runner.commit(replace(output, tick_ns=mark_ns))
        self._served.end(time_ns)
        if mark_ns is not None:
            self._mark_ns = mark_ns
