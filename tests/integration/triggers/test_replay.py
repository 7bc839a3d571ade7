"""A replay beside what else happens to its trigger."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from influxpe.errors import ConflictError
from influxpe.triggers.dead_letters import DeadLetters, Letter
from influxpe.triggers.options import TriggerOptions
from influxpe.triggers.replay import Replayed
from tests.integration.pool.processes import is_alive
from tests.integration.triggers.harness import WRITES, Host, eventually, in_loop, running

FAILS = WRITES + "    raise ValueError('boom')\n"
WAITS = f"""{WRITES}    import os, time
    influxdb3_local.info("begins")
    while not os.path.exists(args["go"]):
        time.sleep(0.01)
    influxdb3_local.write(LineBuilder("out").int64_field("v", 1))
"""


def letters(host: Host) -> list[dict[str, Any]]:
    return host.rows("processing_engine_dead_letters", "_internal")


def has_letters(host: Host, count: int) -> bool:
    return len(letters(host)) == count


async def begin_replay(host: Host, go: Path, count: int, *, rests: bool) -> asyncio.Task[Replayed]:
    """Make letters, and begin to run them with a plugin that goes on when a file is there."""
    once = TriggerOptions(max_attempts=1)
    given = {"error_behavior": "retry", "options": once, "arguments": {"go": str(go)}}
    await host.trigger("t", "table:m", FAILS, **given)
    for number in range(count):
        await host.write(f"m v=1i {number}")
        await eventually(partial(has_letters, host, number + 1))
    if rests:
        await host.processing.disable_trigger("db", "t")
    (host.plugins / "t.py").write_text(WAITS)
    replay = asyncio.create_task(host.processing.replay("db", "t"))
    await host.wait_for_log("t", "INFO: begins")
    return replay


@in_loop
async def test_a_letter_is_not_run_twice_by_two_replays_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as host:
        replay = await begin_replay(host, tmp_path / "go", 1, rests=False)
        with pytest.raises(ConflictError, match="a replay of trigger 't' is going on already"):
            await host.processing.replay("db", "t")
        (tmp_path / "go").touch()
        assert (await replay).replayed == 1
        assert len(host.rows("out")) == 1
        assert (await host.processing.replay("db", "t")).replayed == 0


@pytest.mark.parametrize("rests", [True, False])
def test_a_replay_of_a_trigger_that_is_deleted_ends_and_writes_nothing(
    tmp_path: Path, rests: bool
) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            replay = await begin_replay(host, tmp_path / "go", 3, rests=rests)
            await host.processing.delete_trigger("db", "t", force=True)
            (tmp_path / "go").touch()
            assert (await replay).waiting == 3
            assert host.rows("out") == []
            assert [letter["status"] for letter in letters(host)] == ["waiting"] * 3

    asyncio.run(scenario())


@in_loop
async def test_a_replay_that_ends_spares_the_worker_of_a_trigger_enabled_meanwhile(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as host:
        replay = await begin_replay(host, tmp_path / "go", 1, rests=True)
        await host.processing.enable_trigger("db", "t")
        await host.write("m v=2i 9")
        (tmp_path / "go").touch()
        await replay
        await eventually(lambda: len(host.rows("out")) == 2)
        assert [line for line in host.errors("t") if "stopped" in line] == []


@in_loop
async def test_a_replay_of_a_trigger_that_is_disabled_meanwhile_leaves_no_worker(
    tmp_path: Path,
) -> None:
    read_tables = DeadLetters.tables

    async with running(tmp_path) as host:

        async def disable_first(of: DeadLetters, letter: Letter) -> tuple[tuple[str, bytes], ...]:
            await host.processing.disable_trigger("db", "t")
            return await read_tables(of, letter)

        await host.trigger(
            "t",
            "table:m",
            FAILS,
            error_behavior="retry",
            options=TriggerOptions(max_attempts=1),
        )
        await host.write("m v=1i 1")
        await eventually(partial(has_letters, host, 1))
        tells = WRITES + "    import os\n    influxdb3_local.info(f'pid {os.getpid()}')\n"
        (host.plugins / "t.py").write_text(tells)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(DeadLetters, "tables", disable_first)
            assert (await host.processing.replay("db", "t")).replayed == 1
        (process_id,) = (int(line.split()[2]) for line in host.logs("t") if "pid" in line)
        await eventually(lambda: not is_alive(process_id))
