"""A commit that has begun counts, whatever ends its run meanwhile."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from influxpe.plugin.engine_calls import EngineCalls, Output
from influxpe.plugin.pool import RunResult, WorkerPool
from influxpe.to_its_end import to_its_end
from influxpe.triggers import task
from influxpe.triggers.options import TriggerOptions
from tests.integration.triggers.harness import (
    SCHEDULE,
    WRITES,
    Host,
    ManualClock,
    eventually,
    in_loop,
    running,
)

SECOND = 1_000_000_000
HOUR = 3600 * SECOND
BASE = 1_767_225_600 * SECOND  # 2026-01-01T00:00:00Z

COPY = f"""
{WRITES}
    n = table_batches[0]["rows"][0]["n"]
    influxdb3_local.info(f"got {{n}}")
    influxdb3_local.write(f"copy,of={{n}} n={{n}}i {{n}}")
"""
TICK = f"""
{SCHEDULE}
    influxdb3_local.info(f"got {{call_time.hour}}")
    influxdb3_local.write(f"copy,of={{call_time.hour}} n={{call_time.hour}}i 1")
"""


class Trouble:
    """The first commit takes until `go`, and the run after it meets a fault of the server."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.begun = asyncio.Event()
        self.failed = asyncio.Event()
        self.go = threading.Event()
        commit, run = EngineCalls.commit, WorkerPool.run

        async def slow_commit(calls: EngineCalls, trigger_id: int, output: Output) -> int:
            if not output.writes or self.begun.is_set():
                return await commit(calls, trigger_id, output)
            self.begun.set()
            loop = asyncio.get_running_loop()
            landing = partial(self._land, loop, lambda: commit(calls, trigger_id, output))
            return await loop.run_in_executor(None, landing)

        async def fails_once(pool: WorkerPool, *args: Any, **more: Any) -> RunResult:  # noqa: ANN401 - as they come
            if self.begun.is_set() and not self.failed.is_set():
                self.failed.set()
                raise RuntimeError("a fault of the server")
            return await run(pool, *args, **more)

        patch.setattr(EngineCalls, "commit", slow_commit)
        patch.setattr(WorkerPool, "run", fails_once)
        patch.setattr(task, "retry_after_s", lambda _faults, _jitter: 0.0)

    def _land(
        self, loop: asyncio.AbstractEventLoop, commit: Callable[[], Coroutine[Any, Any, int]]
    ) -> int:
        """Do what a call of the engine does: it goes on, whoever waits for it."""
        assert self.go.wait(15)
        return asyncio.run_coroutine_threadsafe(commit(), loop).result(15)


def got(host: Host) -> list[str]:
    return sorted(line for line in host.logs("copy") if line.startswith("INFO: got "))


async def each_is_served(host: Host) -> None:
    await eventually(lambda: len(host.rows("copy")) == 2)
    await host.beats()
    assert got(host) == ["INFO: got 1", "INFO: got 2"]


@in_loop
async def test_rows_whose_commit_was_in_flight_at_a_fault_are_run_once(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        async with running(tmp_path) as host:
            trouble = Trouble(patch)
            await host.trigger("copy", "table:m", COPY, run_async=True)
            await host.write("m n=1i 1")
            await trouble.begun.wait()
            await host.write("m n=2i 2")
            await trouble.failed.wait()
            await host.beats(10)  # in which nothing may be run again
            trouble.go.set()
            await each_is_served(host)


@in_loop
async def test_a_tick_whose_commit_was_in_flight_at_a_fault_is_run_once(tmp_path: Path) -> None:
    clock, late = ManualClock(BASE), TriggerOptions(missed_runs="all")
    with pytest.MonkeyPatch.context() as patch:
        async with running(tmp_path, clock=clock) as host:
            trouble = Trouble(patch)
            await host.trigger("copy", "every:1h", TICK, run_async=True, options=late)
            clock.time_ns = BASE + HOUR
            await trouble.begun.wait()
            clock.time_ns = BASE + 2 * HOUR
            await trouble.failed.wait()
            await host.beats(20)  # the clock is read twice a second: nothing may be run again
            trouble.go.set()
            await each_is_served(host)
            assert host.info("copy").tick_ns == BASE + 2 * HOUR


@in_loop
async def test_who_is_cancelled_is_so_after_what_has_begun() -> None:
    go, has_ended = asyncio.Event(), asyncio.Event()

    async def commit() -> None:
        await go.wait()
        has_ended.set()

    waiting = asyncio.create_task(to_its_end(commit()))
    for _ in range(2):
        await asyncio.sleep(0)
        waiting.cancel()
    await asyncio.sleep(0)
    assert not waiting.done()
    go.set()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert has_ended.is_set()


@in_loop
async def test_a_commit_that_fails_says_so_also_where_nobody_waits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    go = asyncio.Event()

    async def commit() -> None:
        await go.wait()
        raise ValueError("the disk is full")

    waiting = asyncio.create_task(to_its_end(commit()))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.sleep(0)
    go.set()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert "the disk is full" in caplog.text
    with pytest.raises(ValueError, match="the disk is full"):
        await to_its_end(commit())
