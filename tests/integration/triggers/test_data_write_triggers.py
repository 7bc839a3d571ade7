"""Data-write triggers: every row once, output and cursor together, failures by their behaviour."""

import asyncio
import gc
from pathlib import Path

import pytest

from influxpe.triggers import dispatcher
from tests.integration.triggers.harness import WRITES, Host, eventually, open_engine, running

COUNT = f"""{WRITES}
    for batch in table_batches:
        line = LineBuilder("counted").tag("source", batch["table_name"])
        line.int64_field("rows", len(batch["rows"])).int64_field("runs", 1)
        influxdb3_local.write(line)
"""
COPY = f"""{WRITES}
    for batch in table_batches:
        for row in batch["rows"]:
            line = LineBuilder("copy").tag("of", str(row["n"])).int64_field("n", row["n"])
            influxdb3_local.write(line.time_ns(row["time"]))
"""
FAIL_ON_ONE = f"""{WRITES}
    influxdb3_local.write("half v=1i")
    if any(row["v"] == 1 for batch in table_batches for row in batch["rows"]):
        raise ValueError("unlucky")
"""


def copied(host: Host) -> list[int]:
    return [row["n"] for row in host.rows("copy")]


async def cursor_arrives(host: Host, trigger: str, position: int) -> None:
    await eventually(lambda: host.info(trigger).cursor >= position)


def test_a_trigger_sees_each_table_of_a_write(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            created = await host.trigger("count", "all_tables", COUNT)
            assert created.warnings == created.notes == ()
            await host.write("a v=1i 1\na v=2i 2\nb v=3i 3")
            rows = await eventually(lambda: host.rows("counted"))
            assert sorted((row["source"], row["rows"]) for row in rows) == [("a", 2), ("b", 1)]
            await host.beats()
            assert len(host.rows("counted")) == 2, "a trigger is not fed its own output"

    asyncio.run(scenario())


def test_a_run_is_logged_with_its_start_and_its_end(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            code = f"{WRITES}    influxdb3_local.info('hello', 1)\n    influxdb3_local.warn('hm')\n"
            await host.trigger("logs", "all_tables", code)
            await host.write("a v=1i 1")
            lines = await eventually(lambda: host.logs("logs"), lambda found: len(found) == 4)
            start = "INFO: starting execution of wal plugin."
            assert lines[:3] == [start, "INFO: hello 1", "WARN: hm"]
            assert lines[3].startswith("INFO: finished execution in ")

    asyncio.run(scenario())


def test_a_table_trigger_is_called_for_its_table_only(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            await host.trigger("count", "table:wanted", COUNT)
            await host.write("other v=1i 1")
            await host.beats()
            assert host.logs("count") == [], "there are no runs without rows"
            await host.write("other v=2i 2\nwanted v=1i 1")
            rows = await eventually(lambda: host.rows("counted"))
            assert [row["source"] for row in rows] == ["wanted"]

    asyncio.run(scenario())


def test_rows_written_before_a_trigger_are_not_delivered(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            await host.write("m n=1i 1")
            await host.trigger("copy", "all_tables", COPY)
            await host.write("m n=2i 2")
            assert await eventually(lambda: copied(host)) == [2]

    asyncio.run(scenario())


def test_one_trigger_is_fed_by_another(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            await host.trigger("copy", "table:m", COPY)
            await host.trigger("count", "table:copy", COUNT)
            await host.write("m n=1i 1\nm n=2i 2")
            rows = await eventually(lambda: host.rows("counted"))
            assert [row["rows"] for row in rows] == [2]

    asyncio.run(scenario())


def test_arguments_reach_the_plugin(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            code = f"{WRITES}    influxdb3_local.info(repr(args))\n"
            await host.trigger("with", "all_tables", code, arguments={"a": "1", "b": "x,y"})
            await host.trigger("without", "all_tables", code)
            await host.write("m v=1i 1")
            await host.wait_for_log("with", "INFO: {'a': '1', 'b': 'x,y'}")
            await host.wait_for_log("without", "INFO: None")

    asyncio.run(scenario())


def test_rows_wait_for_a_plugin_file(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            created = await host.trigger("copy", "all_tables", None)
            assert "Plugin not found" in created.warnings[0]
            await host.write("m n=1i 1")
            await host.wait_for_error("copy", "Plugin error: reading plugin file: Plugin not found")
            await host.write("m n=2i 2")
            await host.beats(8)
            assert len(host.errors("copy")) == 1, "the same reason is logged once"
            (host.plugins / "copy.py").write_text(COPY)
            await eventually(lambda: copied(host), lambda n: n == [1, 2])

    asyncio.run(scenario())


def test_log_goes_on_with_the_next_rows_after_an_error(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            await host.trigger("fails", "table:m", FAIL_ON_ONE)
            await host.write("m v=1i 1")
            await host.wait_for_error("fails", "error executing wal plugin: ValueError: unlucky")
            assert host.rows("half") == []
            await host.write("m v=2i 2")
            await eventually(lambda: host.rows("half"), lambda rows: len(rows) == 1)
            assert len(host.errors("fails")) == 1

    asyncio.run(scenario())


def test_retry_runs_the_same_rows_again_with_the_mended_file(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            broken = f"{WRITES}    raise ValueError('not yet')\n"
            await host.trigger("copy", "table:m", broken, error_behavior="Retry")
            await host.write("m n=1i 1")
            await host.wait_for_error("copy", "ValueError: not yet")
            await host.write("m n=2i 2")
            (host.plugins / "copy.py").write_text(COPY)
            await eventually(lambda: copied(host), lambda n: n == [1, 2])

    asyncio.run(scenario())


def test_disable_switches_the_trigger_off_durably(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            await host.trigger("fails", "table:m", FAIL_ON_ONE, error_behavior="disable")
            cursor = host.info("fails").cursor
            await host.write("m v=1i 1")
            await host.wait_for_error("fails", "ValueError: unlucky")
            await eventually(lambda: host.info("fails").disabled)
            assert host.info("fails").cursor == cursor
            await host.write("m v=2i 2")
            await host.beats()
            assert host.rows("half") == []
            await host.processing.enable_trigger("db", "fails")
            await host.write("m v=3i 3")
            await eventually(lambda: host.rows("half"), lambda rows: len(rows) == 1)

    asyncio.run(scenario())


def test_a_bad_line_is_a_failure_of_the_run(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            code = f"{WRITES}    influxdb3_local.write('good v=1i')\n"
            code += "    influxdb3_local.write('nonsense')\n"
            await host.trigger("bad", "all_tables", code)
            await host.write("m v=1i 1")
            words = "error running wal plugin: error writing back lines to db: "
            await host.wait_for_error("bad", words)
            assert host.rows("good") == []

    asyncio.run(scenario())


def test_a_worker_that_dies_is_a_failure_of_the_run(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            code = f"{WRITES}    import os\n    if not table_batches[0]['rows'][0]['v']:\n"
            code += "        os._exit(7)\n    influxdb3_local.write('alive v=1i')\n"
            await host.trigger("dies", "table:m", code)
            await host.write("m v=0i 1")
            await host.wait_for_error("dies", "exit status 7")
            await host.write("m v=1i 2")
            await eventually(lambda: host.rows("alive"))

    asyncio.run(scenario())


def test_rows_of_a_write_at_once_are_not_fed_back(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            code = f"{WRITES}    influxdb3_local.write_sync('sync v=1i', no_sync=False)\n"
            code += "    rows = influxdb3_local.query('SELECT * FROM sync ORDER BY time')\n"
            code += "    influxdb3_local.info(f'sees {len(rows)}')\n"
            await host.trigger("sync", "all_tables", code)
            await host.write("m v=1i 1")
            await host.wait_for_log("sync", "INFO: sees 1")
            await host.beats()
            assert len(host.rows("sync")) == 1

    asyncio.run(scenario())


def test_a_refused_write_at_once_is_an_exception_of_the_plugin(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            code = f"{WRITES}    influxdb3_local.write_sync('nonsense', no_sync=False)\n"
            await host.trigger("sync", "all_tables", code)
            await host.write("m v=1i 1")
            await host.wait_for_error("sync", "error writing line protocol to db: Cannot write: ")

    asyncio.run(scenario())


def test_nothing_is_lost_and_nothing_comes_twice_over_restarts(tmp_path: Path) -> None:
    async def scenario() -> None:
        engine = open_engine(tmp_path / "data")
        async with running(tmp_path, engine=engine) as host:
            await host.trigger("copy", "table:m", COPY)
            await host.trigger("count", "table:copy", COUNT)
        for start in range(0, 30, 10):
            async with running(tmp_path, engine=engine) as host:
                for n in range(start, start + 10):
                    await host.write(f"m n={n}i {n + 1}")
        async with running(tmp_path, engine=engine) as host:
            await eventually(lambda: copied(host), lambda found: found == list(range(30)))
            counted = await eventually(
                lambda: sum(row["rows"] for row in host.rows("counted")), lambda n: n >= 30
            )
            assert counted == 30
        engine.close()

    asyncio.run(scenario())


def test_a_backlog_is_served_after_a_reopened_data_directory(tmp_path: Path) -> None:
    async def before() -> None:
        engine = open_engine(tmp_path / "data")
        async with running(tmp_path, engine=engine) as host:
            await host.trigger("copy", "table:m", None)
            await host.write("m n=1i 1\nm n=2i 2")
        engine.close()

    async def after() -> None:
        engine = open_engine(tmp_path / "data")
        (tmp_path / "plugins" / "copy.py").write_text(COPY)
        async with running(tmp_path, engine=engine) as host:
            await eventually(lambda: copied(host), lambda found: found == [1, 2])
        engine.close()

    asyncio.run(before())
    gc.collect()  # the data directory is let go with the last reference to its engine
    asyncio.run(after())


def test_overlapping_runs_move_the_cursor_when_the_first_is_over(tmp_path: Path) -> None:
    code = f"""
import pathlib, time
{WRITES}
    n = table_batches[0]["rows"][0]["n"]
    while n == 1 and not pathlib.Path(args["gate"]).exists():
        time.sleep(0.01)
    influxdb3_local.write(f"copy,of={{n}} n={{n}}i {{n}}")
"""

    async def scenario() -> None:
        async with running(tmp_path) as host:
            gate = tmp_path / "gate"
            arguments = {"gate": str(gate)}
            await host.trigger("copy", "table:m", code, run_async=True, arguments=arguments)
            cursor = host.info("copy").cursor
            await host.write("m n=1i 1")
            await eventually(lambda: host.logs("copy"))
            await host.write("m n=2i 2")
            await eventually(lambda: copied(host), lambda found: found == [2])
            assert host.info("copy").cursor == cursor
            written = host.engine.stats().position
            gate.touch()
            await eventually(lambda: copied(host), lambda found: found == [1, 2])
            await cursor_arrives(host, "copy", written - 1)

    asyncio.run(scenario())


def test_rows_wait_while_an_old_run_goes_on_and_none_is_lost(tmp_path: Path) -> None:
    code = f"""
import pathlib, time
{WRITES}
    n = table_batches[0]["rows"][0]["n"]
    while n == 1 and not pathlib.Path(args["gate"]).exists():
        time.sleep(0.01)
    for row in table_batches[0]["rows"]:
        influxdb3_local.write(f"copy,of={{row['n']}} n={{row['n']}}i {{row['n']}}")
"""

    async def scenario() -> None:
        async with running(tmp_path) as host:
            arguments = {"gate": str(tmp_path / "gate")}
            await host.trigger("copy", "table:m", code, run_async=True, arguments=arguments)
            for n in range(1, 4):
                await host.write(f"m n={n}i {n}")
                await eventually(lambda: len(started(host)) == n)  # noqa: B023 - awaited here
            waits = "waits for a run that goes on: 2 runs that began after it are over"
            await eventually(lambda: copied(host), lambda found: found == [2, 3])
            await host.write("m n=4i 4")
            await host.wait_for_log("copy", f"WARN: {waits}")
            await host.beats()
            assert len(started(host)) == 3
            assert lag(host) > 0
            (tmp_path / "gate").touch()
            await eventually(lambda: copied(host), lambda found: found == [1, 2, 3, 4])
            assert len(started(host)) == 4

    def started(host: Host) -> list[str]:
        return [line for line in host.logs("copy") if "starting execution" in line]

    def lag(host: Host) -> float:
        name = "influxpe_trigger_lag_frames"
        return next(value for one, _, value in host.processing.metrics() if one == name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dispatcher, "UNSETTLED_RUNS_MAX", 3)
        asyncio.run(scenario())


def test_a_failure_of_an_overlapping_run_disables_too(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            settings = {"run_async": True, "error_behavior": "disable"}
            await host.trigger("fails", "table:m", FAIL_ON_ONE, **settings)
            await host.write("m v=1i 1")
            await eventually(lambda: host.info("fails").disabled)
            await host.wait_for_error("fails", "ValueError: unlucky")

    asyncio.run(scenario())


@pytest.mark.parametrize("run_async", [False, True])
def test_a_plugin_that_hangs_is_ended_within_a_second(tmp_path: Path, run_async: bool) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            code = f"{WRITES}    influxdb3_local.info('spins')\n    while True:\n        pass\n"
            await host.trigger("hangs", "table:m", code, run_async=run_async)
            await host.write("m v=1i 1")
            await host.wait_for_log("hangs", "INFO: spins")
            async with asyncio.timeout(1):
                await host.processing.disable_trigger("db", "hangs")
            await host.processing.enable_trigger("db", "hangs")
            await host.write("m v=2i 2")
            await eventually(lambda: host.logs("hangs").count("INFO: spins") == 2)
            async with asyncio.timeout(1):
                await host.processing.delete_trigger("db", "hangs", force=True)
            assert host.engine.triggers() == []

    asyncio.run(scenario())


def test_a_stop_of_the_server_does_not_wait_for_a_plugin_that_hangs(tmp_path: Path) -> None:
    async def scenario() -> None:
        engine = open_engine(None)
        async with running(tmp_path, engine=engine) as host:
            code = f"{WRITES}    influxdb3_local.info('spins')\n    while True:\n        pass\n"
            await host.trigger("hangs", "table:m", code)
            await host.write("m v=1i 1")
            await host.wait_for_log("hangs", "INFO: spins")
            async with asyncio.timeout(2):
                await host.processing.close()
        engine.close()

    asyncio.run(scenario())


def test_a_deleted_database_takes_its_triggers_along(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            host.engine.create_database("gone")
            await host.trigger("copy", "all_tables", COPY, database="gone")
            await host.write("m n=1i 1", "gone")
            labels = {"db": "gone", "trigger": "copy"}
            assert any(found == labels for _, found, _ in host.processing.metrics())
            host.engine.delete_database("gone", now_ns=10**18, hard_delete_at_ns=None)
            await host.write("m n=1i 1")
            await eventually(lambda: host.processing.metrics() == [])

    asyncio.run(scenario())


def test_a_changed_file_of_a_folder_is_used_by_the_next_run(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            folder = host.plugins / "many"
            folder.mkdir()
            (folder / "part.py").write_text("WORD = 'first'\n")
            code = f"from .part import WORD\n{WRITES}    influxdb3_local.info(WORD)\n"
            (folder / "__init__.py").write_text(code)
            await host.trigger("many", "all_tables", None, plugin_filename="many")
            await host.write("m v=1i 1")
            await host.wait_for_log("many", "INFO: first")
            (folder / "part.py").write_text("WORD = 'the second'\n")
            await host.write("m v=2i 2")
            await host.wait_for_log("many", "INFO: the second")

    asyncio.run(scenario())
