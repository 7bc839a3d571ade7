"""Scheduled triggers, on a clock that the test moves."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from influxpe.triggers.task import OVERLAPPING_RUNS_MAX
from tests.integration.triggers.harness import SCHEDULE, Host, ManualClock, eventually, running

SECOND = 1_000_000_000
BASE = 1_767_225_600 * SECOND  # 2026-01-01T00:00:00Z

TELL = f"{SCHEDULE}    influxdb3_local.info(f'at {{call_time}}')\n"
GATED = f"""
import pathlib, time
{SCHEDULE}
    influxdb3_local.info(f"at {{call_time}}")
    while not pathlib.Path(args["gate"]).exists():
        time.sleep(0.01)
"""


def told(host: Host, name: str) -> list[str]:
    """Give the call times that a plugin has told."""
    prefix = "INFO: at "
    return [line.removeprefix(prefix) for line in host.logs(name) if line.startswith(prefix)]


def has(read: Callable[[Host, str], list[str]], host: Host, name: str, count: int) -> bool:
    """Whether so many lines are there."""
    return len(read(host, name)) == count


def test_a_schedule_fires_at_its_times_with_the_scheduled_time(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = ManualClock(BASE + 500_000_000)
        async with running(tmp_path, clock=clock) as host:
            created = await host.trigger("tick", "every:1m", TELL)
            assert created.notes == (
                "runs every 1m from the Unix epoch on, UTC",
                "next runs: 2026-01-01T00:01:00Z, 2026-01-01T00:02:00Z, 2026-01-01T00:03:00Z",
            )
            clock.time_ns = BASE + 60 * SECOND + 1000
            await eventually(lambda: "finished execution" in " ".join(host.logs("tick")))
            clock.time_ns = BASE + 120 * SECOND
            await eventually(lambda: len(told(host, "tick")) == 2)
            assert told(host, "tick") == ["2026-01-01 00:01:00", "2026-01-01 00:02:00"]
            assert "INFO: starting execution with scheduled time 2026-01-01 00:01:00 UTC" in (
                host.logs("tick")
            )

    asyncio.run(scenario())


def test_a_cron_schedule_fires_and_tells_when(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = ManualClock(BASE)
        async with running(tmp_path, clock=clock) as host:
            created = await host.trigger("cron", "cron:0 0 6 * * 1-5", TELL)
            assert created.notes == (
                "runs at 06:00:00 on Sun-Thu, UTC",
                "next runs: 2026-01-01T06:00:00Z, 2026-01-04T06:00:00Z, 2026-01-05T06:00:00Z",
            )
            clock.time_ns = BASE + 6 * 3600 * SECOND
            assert await eventually(lambda: told(host, "cron")) == ["2026-01-01 06:00:00"]

    asyncio.run(scenario())


def test_what_a_run_writes_is_stored(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = ManualClock(BASE)
        async with running(tmp_path, clock=clock) as host:
            code = f"{SCHEDULE}    line = LineBuilder('beats').int64_field('v', 1)\n"
            code += "    influxdb3_local.write(line.time_ns(int(call_time * 1e9)))\n"
            await host.trigger("beat", "every:1m", code)
            clock.time_ns = BASE + 60 * SECOND
            assert len(await eventually(lambda: host.rows("beats"))) == 1

    asyncio.run(scenario())


def test_a_long_run_skips_ticks_with_one_warning(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = ManualClock(BASE)
        gate = tmp_path / "gate"
        async with running(tmp_path, clock=clock) as host:
            await host.trigger("slow", "every:1s", GATED, arguments={"gate": str(gate)})
            clock.time_ns = BASE + SECOND
            await eventually(lambda: told(host, "slow"))
            clock.time_ns = BASE + 5 * SECOND + 1
            gate.touch()
            warning = "WARN: skipped 4 scheduled runs whose times have passed"
            await host.wait_for_log("slow", warning)
            clock.time_ns = BASE + 6 * SECOND
            await eventually(lambda: len(told(host, "slow")) == 2)
            assert told(host, "slow")[1] == "2026-01-01 00:00:06"

    asyncio.run(scenario())


def test_after_a_sleep_of_the_machine_the_newest_tick_runs(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = ManualClock(BASE)
        async with running(tmp_path, clock=clock) as host:
            await host.trigger("tick", "every:1h", TELL)
            clock.time_ns = BASE + 5 * 3600 * SECOND + SECOND
            await eventually(lambda: told(host, "tick"))
            assert told(host, "tick") == ["2026-01-01 05:00:00"]
            assert "WARN: skipped 4 scheduled runs whose times have passed" in host.logs("tick")

    asyncio.run(scenario())


def test_a_clock_that_is_set_back_restarts_the_schedule(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = ManualClock(BASE)
        async with running(tmp_path, clock=clock) as host:
            await host.trigger("tick", "every:1h", TELL)
            clock.time_ns = BASE - 2 * 3600 * SECOND + 1
            await eventually(lambda: [li for li in host.logs("tick") if "set back" in li])
            clock.time_ns = BASE - 3600 * SECOND
            assert await eventually(lambda: told(host, "tick")) == ["2025-12-31 23:00:00"]

    asyncio.run(scenario())


def test_a_real_clock_is_waited_for_in_fractions_of_a_second(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            started_s = time.monotonic()
            await host.trigger("fast", "every:200ms", TELL)
            await eventually(lambda: len(told(host, "fast")) >= 4)
            assert time.monotonic() - started_s >= 0.6

    asyncio.run(scenario())


def test_overlapping_runs_are_bounded(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = ManualClock(BASE)
        gate = tmp_path / "gate"
        async with running(tmp_path, clock=clock) as host:
            settings = {"arguments": {"gate": str(gate)}, "run_async": True}
            await host.trigger("slow", "every:1s", GATED, **settings)
            for n in range(1, 4):
                clock.time_ns = BASE + n * SECOND
                await eventually(partial(has, told, host, "slow", n))
            assert OVERLAPPING_RUNS_MAX > 3
            gate.touch()
            ended = "INFO: finished execution in "
            await eventually(
                lambda: len([li for li in host.logs("slow") if li.startswith(ended)]) == 3
            )

    asyncio.run(scenario())


def test_an_error_is_logged_and_the_next_tick_runs(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = ManualClock(BASE)
        async with running(tmp_path, clock=clock) as host:
            code = f"{TELL}    raise ValueError('boom')\n"
            await host.trigger("fails", "every:1s", code)
            for n in (1, 2):
                clock.time_ns = BASE + n * SECOND
                await eventually(partial(has, Host.errors, host, "fails", n))
            assert host.errors("fails")[0] == (
                "ERROR: error executing schedule plugin: ValueError: boom"
            )

    asyncio.run(scenario())


def test_retry_runs_the_same_time_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = ManualClock(BASE)
        async with running(tmp_path, clock=clock) as host:
            code = f"{SCHEDULE}    raise ValueError('not yet')\n"
            await host.trigger("again", "every:1m", code, error_behavior="retry")
            clock.time_ns = BASE + 60 * SECOND
            await host.wait_for_error("again", "not yet")
            (host.plugins / "again.py").write_text(TELL)
            assert await eventually(lambda: told(host, "again")) == ["2026-01-01 00:01:00"]

    asyncio.run(scenario())


@pytest.mark.parametrize("run_async", [False, True])
def test_disable_switches_the_schedule_off(tmp_path: Path, run_async: bool) -> None:
    async def scenario() -> None:
        clock = ManualClock(BASE)
        async with running(tmp_path, clock=clock) as host:
            code = f"{SCHEDULE}    raise ValueError('boom')\n"
            settings = {"error_behavior": "disable", "run_async": run_async}
            await host.trigger("fails", "every:1s", code, **settings)
            clock.time_ns = BASE + SECOND
            await eventually(lambda: host.info("fails").disabled)
            await host.wait_for_error("fails", "boom")

    asyncio.run(scenario())


def test_a_missing_file_is_logged_once_and_used_once_it_is_there(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = ManualClock(BASE)
        async with running(tmp_path, clock=clock) as host:
            await host.trigger("late", "every:1s", None)
            clock.time_ns = BASE + SECOND
            await host.wait_for_error("late", "Plugin not found")
            clock.time_ns = BASE + 2 * SECOND
            await host.beats(12)
            assert len(host.errors("late")) == 1
            (host.plugins / "late.py").write_text(TELL)
            clock.time_ns = BASE + 3 * SECOND
            assert await eventually(lambda: told(host, "late")) == ["2026-01-01 00:00:03"]

    asyncio.run(scenario())
