"""Options of triggers beyond the reference, each on a real engine with real workers."""

from pathlib import Path

import pytest

from influxpe.errors import InvalidError, NotFoundError
from influxpe.plugin.environments import create
from influxpe.triggers.options import TriggerOptions
from tests.integration.triggers.harness import (
    REQUEST,
    WRITES,
    eventually,
    in_loop,
    running,
)

REPORT = (
    WRITES
    + """    for batch in table_batches:
        rows = batch["rows"]
        line = LineBuilder("report").string_field("table", batch["table_name"])
        line.int64_field("rows", len(rows)).string_field("keys", ",".join(rows[0]))
        influxdb3_local.write(line)
"""
)
SECRET = "hunter2-and-more"  # noqa: S105 - it is the test's


@in_loop
async def test_columns_and_condition_choose_what_a_plugin_gets(tmp_path: Path) -> None:
    async with running(tmp_path) as host:
        options = TriggerOptions(columns=("v", "host"), where="v > 1 AND host LIKE 'a%'")
        await host.trigger("chooses", "all_tables", REPORT, options=options)
        await host.write("m,host=a v=1i,w=1 1\nm,host=ab v=2i,w=1 2\nm,host=b v=3i,w=1 3\nn x=1 4")
        await host.write("m,host=ac v=4i,w=1 5")
        rows = await eventually(lambda: host.rows("report"), lambda rows: _sum(rows) == 2)
        assert {(row["table"], row["keys"]) for row in rows} == {("m", "host,v,time")}


@in_loop
async def test_a_bad_condition_is_refused_before_there_is_a_trigger(tmp_path: Path) -> None:
    async with running(tmp_path) as host:
        with pytest.raises(InvalidError, match="SQL"):
            await host.trigger("bad", "all_tables", REPORT, options=TriggerOptions(where="v >"))
        assert host.engine.triggers() == []


@in_loop
async def test_a_bad_name_of_an_environment_is_refused_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as host:
        with pytest.raises(InvalidError, match="environment"):
            await host.trigger(
                "bad", "all_tables", REPORT, options=TriggerOptions(environment="../x")
            )
        assert host.engine.triggers() == []


@in_loop
async def test_an_environment_that_is_not_there_is_refused_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as host:
        options = TriggerOptions(environment="forecasts")
        with pytest.raises(InvalidError, match="there is no environment 'forecasts': install pack"):
            await host.trigger("bad", "all_tables", REPORT, options=options)
        assert host.engine.triggers() == []
        create(host.plugins / ".venvs" / "forecasts")
        await host.trigger("good", "all_tables", REPORT, options=options)


@in_loop
async def test_a_plugin_without_the_entry_point_is_refused_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as host:
        with pytest.raises(InvalidError) as raised:
            await host.trigger("bad", "every:10m", REPORT)
        assert str(raised.value) == (
            "plugin bad.py has no process_scheduled_call, which a trigger on every:10m calls; "
            "it has process_writes"
        )
        repository = tmp_path / "repository"
        repository.mkdir()
        (repository / "shared.py").write_text(REPORT)
        with pytest.raises(InvalidError, match="has no process_request, which a trigger"):
            await host.trigger("bad", "request:a", None, plugin_filename="gh:shared.py")
        assert host.engine.triggers() == []
        await host.trigger("good", "every:10m", "from late import *\n")
        await host.trigger("later", "every:10m", None)
        await host.trigger("unread", "every:10m", "this is no Python\n")
        created = await host.trigger("empty", "every:10m", "\n")
        assert created.warnings == ("plugin empty.py is empty: runs fail until it is not",)


@in_loop
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (TriggerOptions(columns=("v", "hots")), "table 'm' has no column 'hots': it has host, "),
        (TriggerOptions(where="w > 1"), "the condition `w > 1` does not fit table 'm': Schema "),
        (TriggerOptions(where="v > 'x'"), "the condition `v > 'x'` does not fit table 'm': "),
        (TriggerOptions(where="v + 1 -- x"), "the condition `v + 1 -- x` does not fit table 'm'"),
    ],
)
async def test_columns_that_the_table_lacks_are_refused_at_once(
    tmp_path: Path, options: TriggerOptions, reason: str
) -> None:
    async with running(tmp_path) as host:
        await host.write("m,host=a v=1i 1")
        with pytest.raises(InvalidError) as raised:
            await host.trigger("bad", "table:m", REPORT, options=options)
        assert str(raised.value).startswith(reason)
        assert host.engine.triggers() == []
        await host.trigger("all", "all_tables", REPORT, options=options)
        await host.trigger("later", "table:n", REPORT, options=options)
        with pytest.raises(NotFoundError, match="Database not found absent"):
            await host.trigger("bad", "table:m", REPORT, options=options, database="absent")


@in_loop
async def test_columns_that_the_table_has_are_accepted(tmp_path: Path) -> None:
    odd = 'a "b"'
    async with running(tmp_path) as host:
        await host.write('a\\ "b",host=a v=1i,Big=2i 1')
        columns = ("host", "Big", "time")
        where = "v > 0 AND \"Big\" > 1 AND time < '2020-01-01T00:00:00Z' -- all of it"
        options = TriggerOptions(columns=columns, where=where)
        await host.trigger("good", f"table:{odd}", REPORT, options=options)
        await host.write('a\\ "b",host=ab v=1i,Big=2i 2')
        (row,) = await eventually(lambda: host.rows("report"))
        assert (row["table"], row["keys"]) == (odd, "host,Big,time")


@in_loop
async def test_own_output_comes_back_only_where_it_is_asked_for(tmp_path: Path) -> None:
    counts = WRITES + "    influxdb3_local.write('n v=1i')\n"
    async with running(tmp_path) as host:
        options = TriggerOptions(own_output=True)
        await host.trigger("loops", "all_tables", counts, options=options)
        await host.write("m v=1i 1")
        await eventually(lambda: [line for line in host.logs("loops") if "too long" in line])
        assert len(host.rows("n")) == 8, "the chain is cut by its depth"


@in_loop
async def test_rows_gather_for_the_interval_of_a_batch(tmp_path: Path) -> None:
    async with running(tmp_path) as host:
        options = TriggerOptions(batch_interval_s=0.5)
        await host.trigger("gathers", "all_tables", REPORT, options=options)
        for number in range(10):
            await host.write(f"m,host=a v={number}i {number}")
        rows = await eventually(lambda: host.rows("report"), lambda rows: _sum(rows) == 10)
        assert len(rows) <= 2


@in_loop
async def test_a_batch_ends_with_the_write_that_fills_it(tmp_path: Path) -> None:
    async with running(tmp_path) as host:
        options = TriggerOptions(batch_rows=3, batch_interval_s=0.3)
        await host.trigger("cuts", "all_tables", REPORT, options=options)
        for number in range(4):
            await host.write(f"m v=1i {number}\nm v=1i 1{number}")
        rows = await eventually(lambda: host.rows("report"), lambda rows: _sum(rows) == 8)
        assert [row["rows"] for row in rows] == [4, 4]


@in_loop
async def test_a_run_past_its_time_has_failed_and_the_next_one_runs(tmp_path: Path) -> None:
    hangs = (
        WRITES
        + "    while table_batches[0]['rows'][0]['v'] == 1: pass\n"
        + REPORT.partition("\n")[2]
    )
    async with running(tmp_path) as host:
        options = TriggerOptions(time_limit_s=0.5)
        await host.trigger("hangs", "table:m", hangs, options=options)
        await host.write("m v=1i 1")
        await host.wait_for_error("hangs", "the run took longer than 0.5 s and was ended")
        await host.write("m v=2i 2")
        await eventually(lambda: host.rows("report"))


@in_loop
async def test_variables_and_secrets_reach_the_plugin_and_no_log(tmp_path: Path) -> None:
    plugin = (
        "import os\n"
        + REQUEST
        + "    secret = os.environ['KEY']\n"
        + "    influxdb3_local.info('the key is', secret)\n"
        + "    influxdb3_local.info('the argument is', args['key'])\n"
        + "    if query_parameters:\n"
        + "        raise ValueError('bad key ' + secret)\n"
        + "    return {'key': secret, 'plain': os.environ['PLAIN']}\n"
    )
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "api-key").write_text(SECRET + "\n")
    async with running(tmp_path, secrets_dir=tmp_path / "secrets") as host:
        options = TriggerOptions(variables={"KEY": "secret:api-key", "PLAIN": "x"})
        arguments = {"key": "secret:api-key"}
        await host.trigger("hides", "request:hides", plugin, options=options, arguments=arguments)
        answer = await host.get("hides")
        assert answer.body.decode() == f'{{"key": "{SECRET}", "plain": "x"}}'
        failed = await host.get("hides", parameters={"fail": "1"})
        assert failed.status == 500
        logs = "\n".join(host.logs("hides"))
        assert "the key is ***" in logs
        assert "the argument is ***" in logs
        table = "system.processing_engine_runs"
        runs = await eventually(
            lambda: host.query("db", f"SELECT * FROM {table} WHERE status = 'failed'")  # noqa: S608 - of the test
        )
        assert "bad key ***" in runs[0]["error"]
        shown = host.query("db", "SELECT * FROM system.processing_engine_trigger_arguments")
        assert SECRET not in f"{logs}{runs}{shown}{failed.body!r}"


@in_loop
async def test_a_secret_that_is_missing_is_named(tmp_path: Path) -> None:
    async with running(tmp_path) as host:
        options = TriggerOptions(variables={"KEY": "secret:nowhere"})
        await host.trigger("lacks", "request:lacks", REQUEST + "    return {}\n", options=options)
        assert (await host.get("lacks")).status == 500
        await host.wait_for_error("lacks", "secret 'nowhere' is missing")


@in_loop
async def test_state_is_committed_with_the_run_that_set_it(tmp_path: Path) -> None:
    counts = (
        WRITES
        + "    state = influxdb3_local.state\n"
        + "    total = state.get('total', 0) + sum(len(b['rows']) for b in table_batches)\n"
        + "    state.put('total', total)\n"
        + "    if any(row['v'] == 2 for b in table_batches for row in b['rows']):\n"
        + "        raise ValueError('not these')\n"
        + "    influxdb3_local.write(f'total v={total}i')\n"
    )
    async with running(tmp_path) as host:
        await host.trigger("counts", "table:m", counts)
        await host.write("m v=1i 1\nm v=1i 2")
        await eventually(lambda: host.rows("total"))
        await host.write("m v=2i 3")
        await host.wait_for_error("counts", "not these")
        await host.write("m v=1i 4")
        rows = await eventually(lambda: host.rows("total"), lambda rows: len(rows) == 2)
        assert [row["v"] for row in rows] == [2, 3], "the failed run left no state"


def _sum(rows: list[dict[str, int]]) -> int:
    return sum(row["rows"] for row in rows)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (TriggerOptions(max_attempts=0), "max_attempts must be from 1 to 1000, not 0"),
        (TriggerOptions(max_attempts=1001), "max_attempts must be from 1 to 1000, not 1001"),
        (TriggerOptions(memory_limit_bytes=1), "memory_limit_bytes must be from 67108864 to 92"),
        (TriggerOptions(memory_limit_bytes=2**63), "memory_limit_bytes must be from 67108864 to"),
        (TriggerOptions(time_limit_s=0), r"time_limit \(in s\) must be at least 0.01, not 0"),
        (TriggerOptions(batch_rows=0), "batch_rows must be from 1 to 1000000, not 0"),
        (TriggerOptions(batch_rows=1_000_001), "batch_rows must be from 1 to 1000000"),
        (TriggerOptions(batch_interval_s=86_401), r"batch_interval \(in s\) must be from 0 to"),
        (TriggerOptions(variables={"A=B": ""}), "'A=B' is no name of an environment variable"),
        (TriggerOptions(variables={"A": "b\0"}), "variable 'A' has a NUL character"),
    ],
)
def test_options_out_of_their_range_are_refused(options: TriggerOptions, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        options.check()
