"""Creating, enabling, disabling and deleting triggers; dry runs; a start with broken triggers."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from influxpe.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    PackagesDisabled,
    PluginError,
    RestrictedTrigger,
    RunningTrigger,
)
from influxpe.plugin import dry_run
from influxpe.plugin.dry_run import WORKERS_MAX
from influxpe.triggers.spec import SpecError
from tests.integration.triggers.harness import (
    SCHEDULE,
    WRITES,
    ManualClock,
    eventually,
    open_engine,
    running,
)

NOTHING = f"{WRITES}    pass\n"

REFUSED: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "specification": ({"specification": "nonsense"}, SpecError, "failed to parse trigger from"),
    "database": ({"database": "absent"}, NotFoundError, "Database not found absent"),
    "traversal": (
        {"plugin_filename": "../plugin.py"},
        PluginError,
        "Path traversal detected: plugin filename '../plugin.py' attempts to access files",
    ),
    "repository": (
        {"plugin_filename": "gh:absent.py"},
        PluginError,
        "error fetching plugin from repository: 404 Not Found /",
    ),
    "behaviour": ({"error_behavior": "ignore"}, InvalidError, "unknown variant `ignore`"),
    "number": (
        {"arguments": {"a": 5}},
        InvalidError,
        "invalid type: integer `5`, expected a string",
    ),
    "boolean": (
        {"arguments": {"a": True}},
        InvalidError,
        "invalid type: boolean `true`, expected a string",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_run_is_refused_at_creation(tmp_path: Path, what: str) -> None:
    async def scenario() -> None:
        given, kind, words = REFUSED[what]
        async with running(tmp_path) as host:
            (host.plugins / "plugin.py").write_text(NOTHING)
            wanted = {"plugin_filename": "plugin.py", "specification": "all_tables"} | given
            with pytest.raises(kind) as raised:
                await host.trigger("refused", code=None, **wanted)
            assert words in str(raised.value)
            assert host.engine.triggers() == []

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["a\\", "a\nb", "a\tb"])
def test_a_name_that_the_history_cannot_have_is_refused(tmp_path: Path, name: str) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            with pytest.raises(InvalidError, match="the name of a trigger has no control"):
                await host.trigger(name, "all_tables", NOTHING, plugin_filename="plugin.py")
            assert host.engine.triggers() == []

    asyncio.run(scenario())


def test_a_name_is_taken_once_per_database(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            host.engine.create_database("other")
            await host.trigger("same", "all_tables", NOTHING)
            await host.trigger("same", "all_tables", NOTHING, database="other")
            with pytest.raises(ConflictError):
                await host.trigger("same", "all_tables", NOTHING)

    asyncio.run(scenario())


def test_a_kind_of_trigger_can_be_switched_off(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path, restrict_to=frozenset({"wal_flush"})) as host:
            await host.trigger("wal", "all_tables", NOTHING)
            for specification, label in (("every:1m", "Schedule"), ("request:x", "Request")):
                with pytest.raises(RestrictedTrigger) as raised:
                    await host.trigger("other", specification, NOTHING)
                expected = f"server is configured to reject {label} plugin triggers"
                assert str(raised.value) == f"invalid request: {expected}"

    asyncio.run(scenario())


def test_the_catalog_keeps_what_was_asked_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            await host.trigger(
                "kept",
                " every:60s ",
                f"{SCHEDULE}    pass\n",
                arguments={"a": "1"},
                run_async=True,
                error_behavior="LOG",
                disabled=True,
            )
            info = host.info("kept")
            assert (info.specification, info.error_behavior) == ("every:1m", "log")
            assert (info.run_async, info.disabled, info.arguments) == (True, True, {"a": "1"})

    asyncio.run(scenario())


def test_a_running_trigger_is_deleted_with_force_only(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            await host.trigger("runs", "all_tables", NOTHING)
            with pytest.raises(RunningTrigger) as raised:
                await host.processing.delete_trigger("db", "runs", force=False)
            assert str(raised.value) == (
                "Cannot delete running plugin runs. Disable it first or use --force."
            )
            await host.processing.disable_trigger("db", "runs")
            await host.processing.delete_trigger("db", "runs", force=False)
            assert host.engine.triggers() == []

    asyncio.run(scenario())


def test_an_unknown_trigger_is_not_found(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            processing = host.processing
            with pytest.raises(NotFoundError):
                await processing.delete_trigger("db", "absent", force=True)
            with pytest.raises(NotFoundError):
                await processing.enable_trigger("db", "absent")
            with pytest.raises(NotFoundError):
                await processing.disable_trigger("db", "absent")

    asyncio.run(scenario())


def test_enabling_and_disabling_twice_changes_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            await host.trigger("tells", "all_tables", f"{WRITES}    influxdb3_local.info('x')\n")
            await host.processing.enable_trigger("db", "tells")
            await host.write("m v=1i 1")
            await host.wait_for_log("tells", "INFO: x")
            for _ in range(2):
                await host.processing.disable_trigger("db", "tells")
            await host.write("m v=2i 2")
            await host.beats()
            assert host.logs("tells").count("INFO: x") == 1

    asyncio.run(scenario())


def test_a_broken_trigger_does_not_stop_the_start(tmp_path: Path) -> None:
    async def scenario() -> None:
        engine = open_engine(None)
        engine.create_database("db")
        for name, specification in (("broken", "no such thing"), ("works", "all_tables")):
            engine.create_trigger(
                "db",
                name,
                plugin_filename="works.py",
                specification=specification,
                specification_json="{}",
                arguments=None,
                run_async=False,
                error_behavior="log",
                disabled=False,
            )
        async with running(tmp_path, engine=engine) as host:
            code = f"{WRITES}    influxdb3_local.info('works')\n"
            (host.plugins / "works.py").write_text(code)
            await host.write("m v=1i 1")
            await host.wait_for_log("works", "INFO: works")
        engine.close()

    asyncio.run(scenario())


def test_a_repository_plugin_runs(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            (tmp_path / "repository").mkdir()
            code = f"{WRITES}    influxdb3_local.info('from afar')\n"
            (tmp_path / "repository" / "far.py").write_text(code)
            await host.trigger("far", "all_tables", None, plugin_filename="gh:far.py")
            await host.write("m v=1i 1")
            await host.wait_for_log("far", "INFO: from afar")

    asyncio.run(scenario())


def test_metrics_count_runs_failures_and_rows(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            await host.trigger("fails", "all_tables", f"{WRITES}    raise ValueError\n")
            await host.write("m v=1i 1\nm v=2i 2")
            await host.wait_for_error("fails", "ValueError")
            found = {name: value for name, _, value in host.processing.metrics()}
            assert found["influxpe_trigger_runs_total"] == 1
            assert found["influxpe_trigger_failures_total"] == 1
            assert found["influxpe_trigger_rows_total"] == 2
            await eventually(
                lambda: (
                    ("influxpe_trigger_lag_frames", {"db": "db", "trigger": "fails"}, 0)
                    in host.processing.metrics()
                )
            )

    asyncio.run(scenario())


def test_installing_is_refused_where_it_is_switched_off(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            with pytest.raises(PackagesDisabled):
                await host.processing.install_packages(["anything"])

    asyncio.run(scenario())


def test_a_dry_run_shows_log_and_writes_and_stores_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            code = f"""{WRITES}
    influxdb3_local.info("arg1: " + args["arg1"])
    for batch in table_batches:
        for row in batch["rows"]:
            influxdb3_local.info("row: " + str(row))
    influxdb3_local.write(LineBuilder("some").int64_field("v", 1))
    influxdb3_local.write_sync(LineBuilder("first").int64_field("v", 2), no_sync=False)
    influxdb3_local.write_to_db("elsewhere", LineBuilder("other").int64_field("v", 3).time_ns(9))
"""
            (host.plugins / "dry.py").write_text(code)
            shown = await host.processing.test_wal(
                filename="dry.py",
                database="db",
                input_lp="my_measure,tag1=asdf f1=1.0 123",
                input_arguments={"arg1": "hello"},
            )
            lines = shown["log_lines"]
            assert isinstance(lines, list)
            assert lines[:3] == [
                "INFO: starting execution of wal plugin.",
                "INFO: arg1: hello",
                "INFO: row: {'tag1': 'asdf', 'f1': 1.0, 'time': 123}",
            ]
            assert lines[3].startswith("INFO: finished execution in ")
            assert shown["database_writes"] == {
                "db": ["first v=2i", "some v=1i"],
                "elsewhere": ["other v=3i 9"],
            }
            assert shown["errors"] == []
            assert host.rows("some") == host.rows("first") == []

    asyncio.run(scenario())


def test_a_dry_run_that_fails_keeps_its_log(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            code = f"{WRITES}    influxdb3_local.info('so far')\n    raise ValueError('dry')\n"
            (host.plugins / "dry.py").write_text(code)
            shown = await host.processing.test_wal(
                filename="dry.py", database="db", input_lp="m v=1i 1"
            )
            assert shown["log_lines"] == [
                "INFO: starting execution of wal plugin.",
                "INFO: so far",
            ]
            assert shown["errors"] == ["error executing plugin: ValueError: dry"]

    asyncio.run(scenario())


def test_a_dry_run_that_hangs_is_ended_and_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dry_run, "RUN_SECONDS_MAX", 0.5)

    async def scenario() -> None:
        async with running(tmp_path) as host:
            code = f"{WRITES}    influxdb3_local.state.put('a', 1)\n    while True: pass\n"
            (host.plugins / "dry.py").write_text(code)
            shown = await host.processing.test_wal(
                filename="dry.py", database="db", input_lp="m v=1i 1"
            )
            assert shown["errors"] == [
                "error executing plugin: trigger plugin_test: the run took longer than 0.5 s and "
                "was ended; it was at dry.py line 3 in process_writes"
            ]

    asyncio.run(scenario())


def test_a_dry_run_checks_what_would_be_written(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            code = f"{WRITES}    influxdb3_local.write('good v=1i')\n"
            code += "    influxdb3_local.write('nonsense')\n    influxdb3_local.write('worse')\n"
            (host.plugins / "dry.py").write_text(code)
            shown = await host.processing.test_wal(
                filename="dry.py", database="db", input_lp="m v=1i 1"
            )
            errors = shown["errors"]
            assert isinstance(errors, list)
            assert len(errors) == 1
            assert errors[0].startswith("line protocol parse error on write to db db: ")
            assert "line 2 `nonsense`" in errors[0]

    asyncio.run(scenario())


def test_bad_input_of_a_dry_run_is_an_error_in_its_answer(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            (host.plugins / "dry.py").write_text(NOTHING)
            shown = await host.processing.test_wal(
                filename="dry.py", database="db", input_lp="nonsense"
            )
            assert len(shown["errors"] if isinstance(shown["errors"], list) else []) == 1

    asyncio.run(scenario())


def test_a_dry_run_of_no_file_is_a_plugin_error(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            with pytest.raises(PluginError, match="reading plugin file: Plugin not found: /"):
                await host.processing.test_wal(
                    filename="absent.py", database="db", input_lp="m v=1i 1"
                )

    asyncio.run(scenario())


def test_dry_runs_of_one_cache_name_share_a_cache(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            code = f"{WRITES}    count = influxdb3_local.cache.get('n', 0) + 1\n"
            code += "    influxdb3_local.cache.put('n', count)\n    influxdb3_local.info(count)\n"
            (host.plugins / "dry.py").write_text(code)
            seen = []
            for cache_name in (None, None, "mine", "mine", None):
                shown = await host.processing.test_wal(
                    filename="dry.py", database="db", input_lp="m v=1i 1", cache_name=cache_name
                )
                lines = shown["log_lines"]
                assert isinstance(lines, list)
                seen.append(lines[1])
            assert seen == ["INFO: 1", "INFO: 2", "INFO: 1", "INFO: 2", "INFO: 3"]

    asyncio.run(scenario())


def test_a_dry_run_of_a_schedule_tells_its_time(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = ManualClock(1_767_225_600 * 10**9)
        async with running(tmp_path, clock=clock) as host:
            code = f"{SCHEDULE}    influxdb3_local.info(call_time)\n"
            (host.plugins / "dry.py").write_text(code)
            shown = await host.processing.test_schedule(
                filename="dry.py", database="db", schedule="0 0 6 * * *"
            )
            assert list(shown) == ["trigger_time", "log_lines", "database_writes", "errors"]
            assert shown["trigger_time"] == "2026-01-01T06:00:00Z"
            lines = shown["log_lines"]
            assert isinstance(lines, list)
            assert lines[:2] == [
                "INFO: starting execution with scheduled time 2026-01-01 06:00:00 UTC",
                "INFO: 2026-01-01 06:00:00",
            ]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"schedule": "nonsense"}, "invalid cron syntax: "),
        ({"schedule": "0 0 0 31 2 *"}, "cron schedule never triggers: 0 0 0 31 2 *"),
        ({"database": "absent"}, "couldn't find db"),
    ],
)
def test_a_dry_run_of_a_schedule_that_cannot_be_says_why(
    tmp_path: Path, given: dict[str, Any], error: str
) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            wanted = {"filename": "dry.py", "database": "db"} | given
            shown = await host.processing.test_schedule(**wanted)
            assert shown["trigger_time"] is None
            errors = shown["errors"]
            assert isinstance(errors, list)
            assert errors[0].startswith(error)

    asyncio.run(scenario())


def test_a_dry_run_of_a_folder_uses_its_files_as_they_are_now(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            folder = host.plugins / "many"
            folder.mkdir()
            code = f"from .part import WORD\n{WRITES}    influxdb3_local.info(WORD)\n"
            (folder / "__init__.py").write_text(code)
            for word in ("first", "the second"):
                (folder / "part.py").write_text(f"WORD = {word!r}\n")
                shown = await host.processing.test_wal(
                    filename="many", database="db", input_lp="m v=1i 1"
                )
                assert shown["errors"] == []
                assert f"INFO: {word}" in str(shown["log_lines"])

    asyncio.run(scenario())


def test_more_cache_names_than_workers_are_served(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            (host.plugins / "dry.py").write_text(NOTHING)
            for number in range(WORKERS_MAX + 2):
                shown = await host.processing.test_wal(
                    filename="dry.py", database="db", input_lp="m v=1i 1", cache_name=f"c{number}"
                )
                assert shown["errors"] == []

    asyncio.run(scenario())


def test_enabling_fetches_the_newest_text_of_a_repository_plugin(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            (tmp_path / "repository").mkdir()
            far = tmp_path / "repository" / "far.py"
            far.write_text(f"{WRITES}    influxdb3_local.info('old')\n")
            await host.trigger(
                "far", "all_tables", None, plugin_filename="gh:far.py", disabled=True
            )
            far.write_text(f"{WRITES}    influxdb3_local.info('new')\n")
            await host.processing.enable_trigger("db", "far")
            await host.write("m v=1i 1")
            await host.wait_for_log("far", "INFO: new")
            await host.processing.disable_trigger("db", "far")
            far.unlink()
            await host.processing.enable_trigger("db", "far")
            await host.write("m v=2i 2")
            await eventually(lambda: host.logs("far").count("INFO: new") == 2)

    asyncio.run(scenario())
