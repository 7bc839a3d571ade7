"""Data-write triggers: reads the log from the trigger's cursor and runs the plugin on new rows.

A run's output and the new cursor are one frame of the log, so that a crash at any moment neither
loses a row nor writes an output twice. Rows stay in the log until they are served: a plugin that is
not there, hangs or fails shows up as the lag of its trigger and as nothing else.
"""

import asyncio
from dataclasses import replace
from functools import partial

from influxpe._engine import Feed
from influxpe.errors import EngineError, NotFoundError
from influxpe.plugin.engine_calls import EngineCalls, Output, Rows
from influxpe.plugin.repository import PREFIX
from influxpe.to_its_end import to_its_end
from influxpe.triggers.cursors import OpenRanges
from influxpe.triggers.history import RunInput
from influxpe.triggers.pacer import Pacer
from influxpe.triggers.runner import DisableTrigger, Runner, Work
from influxpe.triggers.spec import TableSpec
from influxpe.triggers.task import (
    OVERLAPPING_RUNS_MAX,
    UNSETTLED_RUNS_MAX,
    WAITS,
    OnDisable,
    TriggerTask,
)

# One run gets at most this, and the rest of the frame that passes it.
ROWS_PER_RUN_MAX = 100_000
# And at most so many bytes of the log, for rows may be wide.
BYTES_PER_RUN_MAX = 64 * 1024 * 1024
# Frames without rows for a trigger are skipped in memory; the cursor follows after so many.
IDLE_FRAMES_MAX = 1000
# A repository that does not answer is not asked once per beat.
REPOSITORY_PAUSE_S = 30.0
READ_PAUSE_S = 5.0
START_TEXT = "starting execution of wal plugin."


class _LogGap(Exception):
    """The log no longer reaches back to the cursor."""


class WalTask(TriggerTask):
    """Runs one data-write trigger."""

    def __init__(
        self, runner: Runner, on_disable: OnDisable, calls: EngineCalls, pacer: Pacer
    ) -> None:
        super().__init__(runner, on_disable)
        self._calls = calls
        self._pacer = pacer
        self._ranges = OpenRanges()
        self._cursor_lock = asyncio.Lock()
        self._settled = asyncio.Event()
        self._settled.set()
        self._closed = asyncio.Event()
        self._room = asyncio.Semaphore(OVERLAPPING_RUNS_MAX)
        self._committed = 0
        self._read_position = 0

    async def serve(self) -> None:
        """Serve the log from the durable cursor on, one beat after the other."""
        self._ranges = OpenRanges()
        self._settled.set()
        self._room = asyncio.Semaphore(OVERLAPPING_RUNS_MAX)
        try:
            async with asyncio.TaskGroup() as runs:
                while not self.stopping:
                    await self._follow(await self._open(), runs)
        except ExceptionGroup as group:
            raise _leading(group) from group

    async def _open(self) -> Feed:
        spec, options = self.trigger.spec, self.trigger.options
        open_feed = partial(
            self._calls.engine.feed,
            self.trigger.id,
            table=spec.table_name if isinstance(spec, TableSpec) else None,
            own_output=options.own_output,
            columns=options.columns,
            condition=options.where,
        )
        feed = await self._calls.work(open_feed)
        self._committed = self._read_position = feed.position
        return feed

    async def _follow(self, feed: Feed, runs: asyncio.TaskGroup) -> None:
        try:
            while not self.stopping:
                newest = await self._gathered(feed)
                await self._catch_up(feed, newest, runs)
        except _LogGap as gap:
            await self._jump(gap)

    async def _gathered(self, feed: Feed) -> int:
        """Wait until the log has advanced, and for the interval of the batches; gives its end."""
        newest = await self._pacer.past(feed.position)
        if self.trigger.options.batch_interval_s <= self._pacer.interval_s:
            return newest
        await asyncio.sleep(self.trigger.options.batch_interval_s)
        return await self._calls.position()

    async def _jump(self, gap: "_LogGap") -> None:
        """Go on where the log begins, where it no longer reaches back to the cursor."""
        await self._settled.wait()
        last_lost = self._calls.engine.log_first() - 1
        self.log.failure(
            f"rows of log positions {self._committed + 1} to {last_lost} are lost to this trigger: "
            f"{gap}"
        )
        await self._calls.commit(self.trigger.id, Output(cursor=last_lost))

    async def _catch_up(self, feed: Feed, newest: int, runs: asyncio.TaskGroup) -> None:
        while feed.position < newest and not self.stopping:
            if await self.runner.source() is None:
                await asyncio.sleep(self._pause_s())
                return
            first_position = feed.position + 1
            rows = await self._read(feed)
            if rows is not None:
                await self._take(rows, first_position, runs)

    def _pause_s(self) -> float:
        from_repository = self.trigger.plugin_filename.startswith(PREFIX)
        return REPOSITORY_PAUSE_S if from_repository else self._pacer.interval_s

    async def _read(self, feed: Feed) -> Rows | None:
        try:
            rows_max = self.trigger.options.batch_rows or ROWS_PER_RUN_MAX
            rows = await self._calls.read(feed, rows_max, BYTES_PER_RUN_MAX)
        except NotFoundError as error:
            raise _LogGap(str(error)) from error
        except EngineError as error:
            self.log.trouble(f"the log cannot be read: {error}")
            await asyncio.sleep(READ_PAUSE_S)
            return None
        self._read_position = rows.position
        if rows.cut:
            self.log.warn(
                f"left out {rows.cut} rows: the chain of triggers that wrote them is too long"
            )
        return rows

    async def _take(self, rows: Rows, first_position: int, runs: asyncio.TaskGroup) -> None:
        if not rows.tables:
            await self._skip(rows)
        elif self.trigger.run_async:
            await self._wait_for_older()
            await self._room.acquire()
            runs.create_task(self._overlap(rows, first_position, self._open_range(rows)))
        else:
            await self._serve_rows(rows, first_position, self._open_range(rows))

    async def _wait_for_older(self) -> None:
        """Read no further while one run goes on and so many are over that began after it."""
        if len(self._ranges) >= UNSETTLED_RUNS_MAX:
            self.log.warn(WAITS.format(self._ranges.done))
        while len(self._ranges) >= UNSETTLED_RUNS_MAX:
            self._closed.clear()
            await self._closed.wait()

    def _open_range(self, rows: Rows) -> int:
        self._settled.clear()
        return self._ranges.open(rows.position)

    async def _skip(self, rows: Rows) -> None:
        """Let the cursor follow over frames without rows, but not with a frame for every frame."""
        if not len(self._ranges) and rows.position - self._committed >= IDLE_FRAMES_MAX:
            await self._commit(self._open_range(rows), Output())

    async def _overlap(self, rows: Rows, first_position: int, number: int) -> None:
        try:
            await self._serve_rows(rows, first_position, number)
        finally:
            self._room.release()

    async def _serve_rows(self, rows: Rows, first_position: int, number: int) -> None:
        self.runner.counters.rows += rows.count
        work = Work(
            run=partial(self.runner.run_of, tables=rows.tables),
            commit=partial(self._commit, number),
            start_text=START_TEXT,
            depth=rows.depth + 1,
            given=RunInput(rows.count, first_position, rows.position),
        )
        await self.runner.settle(work, self.busy)

    async def _commit(self, number: int, output: Output) -> None:
        """Commit what a run wrote with the cursor that holds then; durable on return."""
        async with self._cursor_lock:
            await to_its_end(self._commit_range(number, output))

    async def _commit_range(self, number: int, output: Output) -> None:
        cursor = self._ranges.mark_with(number)
        await self.runner.commit(replace(output, cursor=cursor))
        self._ranges.close(number)
        self._closed.set()
        if not len(self._ranges):
            self._settled.set()
        if cursor is not None:
            self._committed = cursor

    def lag(self, newest: int) -> int:
        """Give the number of log frames between the end of the log and what has been served."""
        reached = self._committed if len(self._ranges) else self._read_position
        return max(0, newest - reached)


def _leading(group: ExceptionGroup[Exception]) -> Exception:
    """Give the one error of a group that decides what happens to the trigger."""
    asked, _ = group.split(DisableTrigger)
    first = (asked or group).exceptions[0]
    return _leading(first) if isinstance(first, ExceptionGroup) else first
