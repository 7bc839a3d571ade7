"""Ticks that pass while a run lasts or the server is down, as `missed_runs` says; restarts."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from influxpe._engine import Engine
from influxpe.triggers import scheduler
from influxpe.triggers.options import MissedRuns, TriggerOptions
from influxpe.triggers.spec import SpecError
from tests.integration.triggers.harness import (
    SCHEDULE,
    Host,
    ManualClock,
    eventually,
    open_engine,
    running,
)

SECOND = 1_000_000_000
HOUR = 3600 * SECOND
BASE = 1_767_225_600 * SECOND  # 2026-01-01T00:00:00Z

TELL = f"{SCHEDULE}    influxdb3_local.info(f'at {{call_time}}')\n"
WRITE = f"""
{SCHEDULE}
    influxdb3_local.info(f"at {{call_time}}")
    influxdb3_local.write(LineBuilder("t").int64_field("v", 1).time_ns(int(call_time * 1e9)))
"""
GATED = f"""
import pathlib, time
{SCHEDULE}
    influxdb3_local.info(f"at {{call_time}}")
    while not pathlib.Path(args["gate"]).exists():
        time.sleep(0.01)
"""
FAILS = f"{TELL}    raise ValueError('boom')\n"


def told(host: Host, name: str = "tick") -> list[str]:
    """Give the call times that a plugin has told, without the date and the seconds."""
    prefix = "INFO: at 2026-01-01 "
    logs = host.logs(name)
    return [line.removeprefix(prefix)[:5] for line in logs if line.startswith(prefix)]


def finished(host: Host) -> list[str]:
    """Give the lines of the runs that have ended well."""
    return [line for line in host.logs("tick") if "finished execution" in line]


async def has_told(host: Host, *times: str) -> None:
    """Wait until these are the call times, and no more come."""
    await eventually(lambda: told(host), lambda found: found == list(times))


def options(missed_runs: MissedRuns) -> TriggerOptions:
    return TriggerOptions(missed_runs=missed_runs)


Life = Callable[[Host, ManualClock], Coroutine[None, None, None]]


def lives(folder: Path, *parts: Life, clock: ManualClock | None = None) -> None:
    """Run a server for each part, over one engine; between two it is down."""
    engine = open_engine(None)
    moved = ManualClock(BASE) if clock is None else clock

    async def scenario() -> None:
        for part in parts:
            async with running(folder, engine=engine, clock=moved) as host:
                await part(host, moved)

    try:
        asyncio.run(scenario())
    finally:
        engine.close()


def one_tick(missed_runs: MissedRuns, code: str = TELL, **more: object) -> Life:
    """Make a trigger for every hour, which runs at one o'clock."""

    async def part(host: Host, clock: ManualClock) -> None:
        await host.trigger("tick", "every:1h", code, options=options(missed_runs), **more)
        clock.time_ns = BASE + HOUR
        await has_told(host, "01:00")
        await eventually(lambda: finished(host))

    return part


def down_until_half_past_five(part: Life) -> Life:
    async def then(host: Host, clock: ManualClock) -> None:
        await part(host, clock)
        await host.processing.close()
        clock.time_ns = BASE + 5 * HOUR + HOUR // 2

    return then


def test_by_default_runs_that_a_stopped_server_missed_are_left_out(tmp_path: Path) -> None:
    async def again(host: Host, clock: ManualClock) -> None:
        await host.beats()
        clock.time_ns = BASE + 6 * HOUR
        await has_told(host, "01:00", "06:00")
        assert host.info("tick").tick_ns is None

    lives(tmp_path, down_until_half_past_five(one_tick("skip")), again)


def test_once_the_newest_run_that_was_missed_is_run_late(tmp_path: Path) -> None:
    async def again(host: Host, clock: ManualClock) -> None:
        await has_told(host, "01:00", "05:00")
        assert "WARN: skipped 3 scheduled runs whose times have passed" in host.logs("tick")
        assert "INFO: 1 scheduled run was missed and runs now" in host.logs("tick")
        clock.time_ns = BASE + 6 * HOUR
        await has_told(host, "01:00", "05:00", "06:00")
        await eventually(lambda: host.info("tick").tick_ns == BASE + 6 * HOUR)

    lives(tmp_path, down_until_half_past_five(one_tick("once")), again)


def test_all_runs_that_were_missed_are_run_late_in_order(tmp_path: Path) -> None:
    async def again(host: Host, clock: ManualClock) -> None:
        await has_told(host, "01:00", "02:00", "03:00", "04:00", "05:00")
        assert "INFO: 4 scheduled runs were missed and run now" in host.logs("tick")
        clock.time_ns = BASE + 6 * HOUR
        await has_told(host, "01:00", "02:00", "03:00", "04:00", "05:00", "06:00")

    lives(tmp_path, down_until_half_past_five(one_tick("all")), again)


@pytest.mark.parametrize("missed_runs", ["once", "all"])
def test_what_was_served_is_not_served_again(tmp_path: Path, missed_runs: MissedRuns) -> None:
    async def quiet(host: Host, clock: ManualClock) -> None:
        await host.beats()
        assert told(host) == ["01:00"]
        clock.time_ns = BASE + 2 * HOUR
        await has_told(host, "01:00", "02:00")

    lives(tmp_path, one_tick(missed_runs), quiet)


def test_the_first_run_can_be_missed_too(tmp_path: Path) -> None:
    async def made(host: Host, clock: ManualClock) -> None:
        await host.trigger("tick", "every:1h", TELL, options=options("all"))
        await eventually(lambda: host.info("tick").tick_ns == BASE)

    async def again(host: Host, clock: ManualClock) -> None:
        await has_told(host, "01:00", "02:00", "03:00", "04:00", "05:00")

    lives(tmp_path, down_until_half_past_five(made), again)


def test_the_tick_and_the_output_of_a_run_survive_together(tmp_path: Path) -> None:
    clock = ManualClock(BASE)

    async def life(part: Life, engine: Engine) -> None:
        async with running(tmp_path, engine=engine, clock=clock) as host:
            await part(host, clock)

    async def again(host: Host, clock: ManualClock) -> None:
        await eventually(lambda: len(host.rows("t")) == 5)
        assert told(host) == ["02:00", "03:00", "04:00", "05:00"]
        assert host.info("tick").tick_ns == BASE + 5 * HOUR

    for part in (down_until_half_past_five(one_tick("all", WRITE)), again):
        engine = open_engine(tmp_path / "data")
        try:
            asyncio.run(life(part, engine))
        finally:
            engine.close()


@pytest.mark.parametrize("missed_runs", ["skip", "once", "all"])
def test_enabled_anew_a_trigger_starts_from_now(tmp_path: Path, missed_runs: MissedRuns) -> None:
    async def again(host: Host, clock: ManualClock) -> None:
        await host.processing.disable_trigger("db", "tick")
        clock.time_ns = BASE + 5 * HOUR + HOUR // 2
        await host.processing.enable_trigger("db", "tick")
        await host.beats()
        clock.time_ns = BASE + 6 * HOUR
        await has_told(host, "01:00", "06:00")

    lives(tmp_path, one_tick(missed_runs), again)


@pytest.mark.parametrize(
    ("missed_runs", "late"),
    [("skip", []), ("once", ["05:00"]), ("all", ["02:00", "03:00", "04:00", "05:00"])],
)
def test_ticks_that_pass_during_a_run_are_run_as_asked(
    tmp_path: Path, missed_runs: MissedRuns, late: list[str]
) -> None:
    gate = tmp_path / "gate"

    async def long_run(host: Host, clock: ManualClock) -> None:
        settings = {"arguments": {"gate": str(gate)}, "options": options(missed_runs)}
        await host.trigger("tick", "every:1h", GATED, **settings)
        clock.time_ns = BASE + HOUR
        await has_told(host, "01:00")
        clock.time_ns = BASE + 5 * HOUR + HOUR // 2
        gate.touch()
        await has_told(host, "01:00", *late)
        await host.beats()
        clock.time_ns = BASE + 6 * HOUR
        await has_told(host, "01:00", *late, "06:00")

    lives(tmp_path, long_run)


@pytest.mark.parametrize("error_behavior", ["log", "retry"])
def test_a_tick_that_was_given_up_counts_as_served(tmp_path: Path, error_behavior: str) -> None:
    async def fails(host: Host, clock: ManualClock) -> None:
        settings = TriggerOptions(missed_runs="all", max_attempts=1)
        await host.trigger(
            "tick", "every:1h", FAILS, options=settings, error_behavior=error_behavior
        )
        clock.time_ns = BASE + HOUR
        await eventually(lambda: host.info("tick").tick_ns == BASE + HOUR)
        assert told(host) == ["01:00"]

    async def again(host: Host, clock: ManualClock) -> None:
        await host.beats()
        assert told(host) == ["01:00"]

    lives(tmp_path, fails, again)


def test_a_run_that_a_stop_ends_is_run_again(tmp_path: Path) -> None:
    gate = tmp_path / "gate"

    async def hangs(host: Host, clock: ManualClock) -> None:
        settings = {"arguments": {"gate": str(gate)}, "options": options("once")}
        await host.trigger("tick", "every:1h", GATED, **settings)
        clock.time_ns = BASE + HOUR
        await has_told(host, "01:00")

    async def again(host: Host, clock: ManualClock) -> None:
        gate.touch()
        await eventually(lambda: host.info("tick").tick_ns == BASE + HOUR)
        assert told(host) == ["01:00", "01:00"]

    lives(tmp_path, hangs, again)


def test_overlapping_runs_are_served_up_to_the_first_that_goes_on(tmp_path: Path) -> None:
    code = GATED.replace('args["gate"]', 'args["gate"] + str(call_time.hour)')

    async def overlap(host: Host, clock: ManualClock) -> None:
        settings = {"arguments": {"gate": str(tmp_path / "gate")}, "options": options("all")}
        await host.trigger("tick", "every:1h", code, run_async=True, **settings)
        clock.time_ns = BASE + 3 * HOUR
        await eventually(lambda: sorted(told(host)) == ["01:00", "02:00", "03:00"])
        (tmp_path / "gate2").touch()
        await eventually(lambda: finished(host))
        assert host.info("tick").tick_ns == BASE
        (tmp_path / "gate1").touch()
        await eventually(lambda: host.info("tick").tick_ns == BASE + 2 * HOUR)

    async def again(host: Host, clock: ManualClock) -> None:
        (tmp_path / "gate3").touch()
        await eventually(lambda: host.info("tick").tick_ns == BASE + 3 * HOUR)
        assert sorted(told(host)) == ["01:00", "02:00", "03:00", "03:00"]

    lives(tmp_path, overlap, again)


def test_ticks_wait_while_an_old_run_goes_on_and_none_is_lost(tmp_path: Path) -> None:
    code = GATED.replace("while not", "while call_time.hour == 1 and not")

    async def hangs(host: Host, clock: ManualClock) -> None:
        settings = {"arguments": {"gate": str(tmp_path / "gate")}, "options": options("all")}
        await host.trigger("tick", "every:1h", code, run_async=True, **settings)
        for over in range(3):
            clock.time_ns += HOUR
            await eventually(lambda: len(told(host)) == over + 1)  # noqa: B023 - awaited here
            await eventually(lambda: len(finished(host)) == over)  # noqa: B023 - awaited here
        clock.time_ns = BASE + 9 * HOUR
        waits = "waits for a run that goes on: 2 runs that began after it are over"
        await host.wait_for_log("tick", f"WARN: {waits}")
        await host.beats()
        assert sorted(told(host)) == ["01:00", "02:00", "03:00"]
        (tmp_path / "gate").touch()
        await eventually(lambda: host.info("tick").tick_ns == BASE + 9 * HOUR)
        assert sorted(told(host)) == [f"0{hour}:00" for hour in range(1, 10)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scheduler, "UNSETTLED_RUNS_MAX", 3)
        lives(tmp_path, hangs)


def test_of_ticks_that_are_never_run_late_nothing_is_kept(tmp_path: Path) -> None:
    async def runs(host: Host, clock: ManualClock) -> None:
        await one_tick("skip")(host, clock)
        (ticks,) = host.processing.tasks
        assert isinstance(ticks, scheduler.ScheduleTask)
        assert len(ticks._served) == 0

    lives(tmp_path, runs)


def test_missed_runs_wait_for_a_plugin_that_is_missing(tmp_path: Path) -> None:
    async def missing(host: Host, clock: ManualClock) -> None:
        await host.trigger("tick", "every:1h", None, options=options("all"))
        clock.time_ns = BASE + HOUR
        await host.wait_for_error("tick", "Plugin not found")
        clock.time_ns = BASE + 2 * HOUR
        await host.beats()
        (host.plugins / "tick.py").write_text(TELL)
        await has_told(host, "01:00", "02:00")

    lives(tmp_path, missing)


def test_a_clock_that_was_set_back_while_the_server_was_down_starts_from_now(
    tmp_path: Path,
) -> None:
    async def set_back(host: Host, clock: ManualClock) -> None:
        await one_tick("all")(host, clock)
        await host.processing.close()
        clock.time_ns = BASE - HOUR // 2

    async def again(host: Host, clock: ManualClock) -> None:
        warning = "WARN: the clock was set back to 2025-12-31T23:30:00Z: the schedule restarts"
        await host.wait_for_log("tick", warning)
        clock.time_ns = BASE + HOUR
        await has_told(host, "01:00", "00:00", "01:00")

    lives(tmp_path, set_back, again)


def test_a_restart_keeps_the_alignment(tmp_path: Path) -> None:
    async def again(host: Host, clock: ManualClock) -> None:
        await host.beats()
        clock.time_ns = BASE + 6 * HOUR - 1
        await host.beats()
        assert told(host) == ["01:00"]
        clock.time_ns = BASE + 6 * HOUR
        await has_told(host, "01:00", "06:00")

    lives(tmp_path, down_until_half_past_five(one_tick("skip")), again)


def test_a_cron_schedule_runs_in_its_zone_with_call_times_in_utc(tmp_path: Path) -> None:
    async def zoned(host: Host, clock: ManualClock) -> None:
        settings = TriggerOptions(time_zone="Europe/Vienna", missed_runs="once")
        created = await host.trigger("tick", "cron:0 30 2 * * *", TELL, options=settings)
        assert created.notes == (
            "runs at 02:30:00, Europe/Vienna",
            "next runs: 2026-01-01T02:30:00+01:00 (2026-01-01T01:30:00Z), "
            "2026-01-02T02:30:00+01:00 (2026-01-02T01:30:00Z), "
            "2026-01-03T02:30:00+01:00 (2026-01-03T01:30:00Z)",
        )
        clock.time_ns = BASE + 2 * HOUR
        await has_told(host, "01:30")

    lives(tmp_path, zoned)


def test_an_unknown_zone_is_refused_and_nothing_is_made(tmp_path: Path) -> None:
    async def unknown(host: Host, clock: ManualClock) -> None:
        with pytest.raises(SpecError, match="unknown time zone 'Europe/Wien'"):
            await host.trigger(
                "tick", "cron:@daily", TELL, options=TriggerOptions(time_zone="Europe/Wien")
            )
        assert host.engine.triggers() == []

    lives(tmp_path, unknown)
