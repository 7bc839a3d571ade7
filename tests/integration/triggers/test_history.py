"""What is kept of runs: their history, and what was given up."""

import asyncio
import json
import threading
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from influxpe.clock import SystemClock
from influxpe.errors import NotFoundError, TooLargeError
from influxpe.plugin.engine_calls import EngineCalls, Output, Record
from influxpe.triggers import dead_letters
from influxpe.triggers.history import (
    GATHERED_CHARACTERS_MAX,
    GATHERED_MAX,
    REFUSED_MAX,
    RUNS_TABLE,
    TEXT_CHARACTERS_MAX,
    History,
    RunInput,
    RunOutcome,
)
from influxpe.triggers.options import TriggerOptions
from influxpe.triggers.registry import trigger_of
from tests.integration.triggers.harness import (
    REQUEST,
    SCHEDULE,
    WRITES,
    Host,
    ManualClock,
    eventually,
    in_loop,
    open_engine,
    running,
)

COPY = (
    WRITES
    + """    for batch in table_batches:
        for row in batch["rows"]:
            line = LineBuilder("copy").tag("host", row["host"]).int64_field("v", row["v"])
            influxdb3_local.write(line.time_ns(row["time"]))
"""
)
FAILS = WRITES + "    raise ValueError('boom')\n"
ONCE = TriggerOptions(max_attempts=1)


def runs(host: Host, where: str = "true", database: str = "db") -> list[dict[str, Any]]:
    table = "system.processing_engine_runs"
    return host.query(database, f"SELECT * FROM {table} WHERE {where} ORDER BY time")  # noqa: S608 - of the test


def letters(host: Host) -> list[dict[str, Any]]:
    return host.query("db", "SELECT * FROM system.processing_engine_dead_letters ORDER BY time")


@in_loop
async def test_a_run_is_a_row_with_what_it_got_and_what_it_wrote(tmp_path: Path) -> None:
    async with running(tmp_path) as host:
        await host.trigger("copies", "table:m", COPY)
        await host.write("m,host=a v=1i 1\nm,host=b v=2i 2")
        (run,) = await eventually(lambda: runs(host))
        assert (run["trigger_name"], run["trigger_type"], run["status"]) == ("copies", "wal", "ok")
        assert (run["rows_in"], run["rows_out"], run["attempt"]) == (2, 2, 1)
        assert run["first_position"] <= run["last_position"]
        assert run["duration_ns"] > 0
        assert run["peak_memory_bytes"] > 0
        assert len(run["code_hash"]) == 32
        assert (run["error"], run["traceback"]) == ("", "")
        assert len(host.rows("copy")) == 2
        assert runs(host, database="_internal") == [run]
        host.engine.create_database("other")
        assert runs(host, database="other") == []


@in_loop
async def test_runs_without_output_and_failed_ones_are_rows_soon(tmp_path: Path) -> None:
    async with running(tmp_path) as host:
        await host.trigger("quiet", "request:quiet", REQUEST + "    return {}\n")
        await host.trigger("loud", "request:loud", REQUEST + "    return 1 / 0\n")
        assert (await host.get("quiet")).status == 200
        assert (await host.get("loud")).status == 500
        await eventually(lambda: len(runs(host)) == 2)
        (quiet,) = runs(host, "trigger_name = 'quiet'")
        assert (quiet["status"], quiet["rows_out"]) == ("ok", 0)
        (loud,) = runs(host, "trigger_name = 'loud'")
        assert (loud["status"], loud["error"]) == ("failed", "ZeroDivisionError: division by zero")
        assert 'loud.py", line 2, in process_request' in loud["traceback"]


@in_loop
async def test_a_tick_is_told_from_the_time_of_its_run(tmp_path: Path) -> None:
    clock = ManualClock(1_800_000_000_500_000_000)
    async with running(tmp_path, clock=clock) as host:
        await host.trigger("ticks", "every:1s", SCHEDULE + "    pass\n")
        clock.time_ns += 700_000_000
        (run,) = await eventually(lambda: runs(host))
        assert run["call_time"] == "2027-01-15T08:00:01"
        assert run["rows_in"] == 0


@in_loop
async def test_rows_that_are_left_behind_are_in_the_history(tmp_path: Path) -> None:
    async with running(tmp_path) as host:
        await host.trigger("logs", "table:m", FAILS)
        await host.write("m,host=a v=1i 1")
        (run,) = await eventually(lambda: runs(host))
        assert (run["status"], run["error"]) == ("failed", "ValueError: boom")
        assert host.info("logs").cursor == run["last_position"], "one frame has both"
        assert letters(host) == []


@in_loop
async def test_what_fails_too_often_is_a_dead_letter_that_can_be_run_again(tmp_path: Path) -> None:
    engine = open_engine(tmp_path / "data")
    async with running(tmp_path, engine=engine) as host:
        await host.trigger("fails", "table:m", FAILS, error_behavior="retry", options=ONCE)
        await host.write("m,host=a v=1i 1\nm,host=b v=2i 2")
        (letter,) = await eventually(lambda: letters(host))
        assert (letter["status"], letter["attempts"], letter["rows_in"]) == ("waiting", 1, 2)
        assert (letter["error"], letter["trigger_type"]) == ("ValueError: boom", "wal")
        assert letter["sample"].startswith('m: [{"host": "a", "v": 1,')
        assert "raise ValueError('boom')" in letter["traceback"]
        await host.wait_for_error("fails", "`influxpe replay` runs it again")
        assert host.info("fails").cursor == letter["last_position"]
        failed = await host.processing.replay("db", "fails")
        assert (failed.replayed, failed.waiting, failed.error) == (0, 1, "ValueError: boom")
        await host.write("m,host=c v=3i 3")
        await eventually(lambda: len(letters(host)) == 2)
    (tmp_path / "plugins" / "fails.py").write_text(COPY)
    engine.persist()
    engine.close()
    engine = open_engine(tmp_path / "data")
    async with running(tmp_path, engine=engine) as host:
        one = letters(host)[1]["letter_id"]
        assert (await host.processing.replay("db", "fails", one)).replayed == 1
        assert [row["v"] for row in host.rows("copy")] == [3]
        done = await host.processing.replay("db", "fails")
        assert (done.replayed, done.waiting, done.error) == (1, 0, None)
        assert [row["v"] for row in host.rows("copy")] == [1, 2, 3]
        assert [letter["status"] for letter in letters(host)] == ["replayed", "replayed"]
        assert (await host.processing.replay("db", "fails")).replayed == 0
        with pytest.raises(NotFoundError, match="there is no dead letter"):
            await host.processing.replay("db", "fails", one)
        with pytest.raises(NotFoundError, match="the requested resource was not found: none"):
            await host.processing.replay("db", "none")
    engine.close()


@in_loop
async def test_a_letter_is_made_and_read_beside_the_event_loop(tmp_path: Path) -> None:
    """Rows of 50 MB held up all clients for two seconds."""
    threads: set[bool] = set()

    def told(work: Callable[..., Any]) -> Callable[..., Any]:
        def tell(*args: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever it is given
            threads.add(threading.current_thread() is threading.main_thread())
            return work(*args, **more)

        return tell

    async with running(tmp_path) as host:
        with pytest.MonkeyPatch.context() as patch:
            for name in ("_part_lines", "_sample", "_tables", "_joined"):
                patch.setattr(dead_letters, name, told(getattr(dead_letters, name)))
            await host.trigger("fails", "table:m", FAILS, error_behavior="retry", options=ONCE)
            await host.write("m,host=a v=1i 1")
            await eventually(lambda: letters(host))
            (host.plugins / "fails.py").write_text(COPY)
            assert (await host.processing.replay("db", "fails")).replayed == 1
        assert threads == {False}
        assert [row["v"] for row in host.rows("copy")] == [1]


@in_loop
async def test_an_output_that_no_frame_holds_fails_its_run_and_no_other(tmp_path: Path) -> None:
    commit = EngineCalls.commit

    async def too_large(calls: EngineCalls, trigger_id: int, output: Output) -> int:
        if output.writes and output.writes[0][1].startswith("copy,host=big"):
            raise TooLargeError("a write of 9 bytes passes the limit of 8 bytes")
        return await commit(calls, trigger_id, output)

    async with running(tmp_path) as host:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(EngineCalls, "commit", too_large)
            await host.trigger("t", "table:m", COPY)
            await host.write("m,host=big v=1i 1")
            await host.wait_for_error("t", "error running wal plugin: a write of 9 bytes passes")
            await host.write("m,host=small v=2i 2")
            await eventually(lambda: [row["v"] for row in host.rows("copy")] == [2])
        assert [run["status"] for run in runs(host)] == ["failed", "ok"]


@in_loop
async def test_a_trigger_that_rests_can_run_its_letters_again(tmp_path: Path) -> None:
    async with running(tmp_path) as host:
        await host.trigger(
            "fails", "every:1s", SCHEDULE + "    1 / 0\n", options=ONCE, error_behavior="retry"
        )
        await eventually(lambda: letters(host))
        await host.processing.disable_trigger("db", "fails")
        wrote = SCHEDULE + "    influxdb3_local.write(f't v=\"{call_time}\"')\n"
        (host.plugins / "fails.py").write_text(wrote)
        waiting = letters(host)
        assert (await host.processing.replay("db", "fails")).replayed == len(waiting)
        shown = [row["v"] for row in host.rows("t")]
        assert shown == [letter["call_time"].replace("T", " ") for letter in waiting]
        assert {letter["status"] for letter in letters(host)} == {"replayed"}


@in_loop
async def test_a_schedule_goes_on_behind_the_first_letter(tmp_path: Path) -> None:
    clock = ManualClock(1_800_000_000_500_000_000)
    async with running(tmp_path, clock=clock) as host:
        code = SCHEDULE + "    1 / 0\n"
        await host.trigger("fails", "every:1s", code, options=ONCE, error_behavior="retry")

        def after_a_second() -> int:
            # A run takes longer than the tick behind it now and then: that one is skipped.
            clock.time_ns += 1_000_000_000
            return len(letters(host))

        await eventually(after_a_second, lambda count: count >= 2)


@in_loop
async def test_rows_of_a_letter_come_back_as_they_were(tmp_path: Path) -> None:
    """Also texts that line protocol cannot hold, and more than one column's length of them."""
    text = "x" * 600_000
    plugin = WRITES + "    1 / 0\n"
    async with running(tmp_path) as host:
        await host.trigger("fails", "table:m", plugin, error_behavior="retry", options=ONCE)
        lines = "\n".join(f'm,host={n} v={n}i,u=1u,b=t,s="{n}{text}" {n}' for n in range(4))
        await host.write(lines)
        await eventually(lambda: letters(host))
        kept = WRITES + (
            "    for batch in table_batches:\n"
            "        for row in batch['rows']:\n"
            "            line = LineBuilder('copy').tag('host', row['host'])\n"
            "            line.int64_field('length', len(row['s'])).int64_field('v', row['v'])\n"
            "            line.uint64_field('u', row['u']).bool_field('b', row['b'])\n"
            "            influxdb3_local.write(line.time_ns(row['time']))\n"
        )
        (host.plugins / "fails.py").write_text(kept)
        assert (await host.processing.replay("db", "fails")).replayed == 1
        rows = host.rows("copy")
        assert [(row["host"], row["v"], row["u"], row["b"]) for row in rows] == [
            (str(number), number, 1, True) for number in range(4)
        ]
        assert {row["length"] for row in rows} == {600_001}


def noise(length: int) -> bytes:
    """Give what cannot be made smaller."""
    return Random(1).randbytes(length)  # noqa: S311 - it keeps no secret


def narrow(patch: pytest.MonkeyPatch, internal_bytes_max: int) -> None:
    """Let no frame take more than so much for `_internal`."""
    commit = EngineCalls.commit

    async def narrow(calls: EngineCalls, trigger_id: int, output: Output) -> int:
        size = len(output.internal)
        if size > internal_bytes_max:
            raise TooLargeError(f"a write of {size} bytes passes the limit")
        return await commit(calls, trigger_id, output)

    patch.setattr(EngineCalls, "commit", narrow)


LENGTHS = WRITES + (
    "    for batch in table_batches:\n"
    "        for row in batch['rows']:\n"
    '            influxdb3_local.write(f\'copy length={len(row["s"])}i {row["time"]}\')\n'
)


@in_loop
async def test_a_letter_that_no_frame_holds_is_kept_in_several(tmp_path: Path) -> None:
    text = b64encode(noise(450_000)).decode()
    lines = "\n".join(f'm s="{text[number:]}" {number + 1}' for number in range(7))
    with pytest.MonkeyPatch.context() as patch:
        async with running(tmp_path) as host:
            narrow(patch, 1_300_000)
            patch.setattr(dead_letters, "PARTS_PER_FRAME_MAX", 2)
            await host.trigger("fails", "table:m", FAILS, error_behavior="retry", options=ONCE)
            await host.write(lines)
            (letter,) = await eventually(lambda: letters(host))
            assert (letter["status"], letter["rows_in"]) == ("waiting", 7)
            assert host.info("fails").cursor == letter["last_position"]
            count = "SELECT count(*) AS n FROM processing_engine_dead_letter_parts"
            assert host.query("_internal", count)[0]["n"] > 4, "more than two frames"
            (host.plugins / "fails.py").write_text(LENGTHS)
            assert (await host.processing.replay("db", "fails")).replayed == 1
            assert [row["length"] for row in host.rows("copy")] == [
                600_000 - number for number in range(7)
            ]


@in_loop
async def test_rows_that_cannot_be_kept_are_said_to_be_lost(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        async with running(tmp_path) as host:
            narrow(patch, 2_000)
            await host.trigger("fails", "table:m", FAILS, error_behavior="retry", options=ONCE)
            await host.write(f'm s="{noise(4_000).hex()}" 1')
            (letter,) = await eventually(lambda: letters(host))
            assert (letter["status"], letter["rows_in"]) == ("lost", 1)
            assert letter["sample"].startswith("the rows are not kept: a write of ")
            assert host.info("fails").cursor == letter["last_position"]
            await host.wait_for_error("fails", "the rows cannot be kept, the dead letter is `lost`")
            done = await host.processing.replay("db", "fails")
            assert (done.replayed, done.waiting, done.error) == (0, 0, None)


@in_loop
async def test_what_cannot_be_a_letter_holds_up_no_trigger(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        async with running(tmp_path) as host:
            narrow(patch, 0)
            await host.trigger("fails", "table:m", FAILS, error_behavior="retry", options=ONCE)
            await host.write("m v=1i 1")
            await host.wait_for_error("fails", "left behind without a dead letter: a write of ")
            (run,) = runs(host)
            assert host.info("fails").cursor == run["last_position"]
            assert letters(host) == []


@in_loop
async def test_a_letter_whose_rows_are_gone_is_not_run_without_them(tmp_path: Path) -> None:
    async with running(tmp_path) as host:
        await host.trigger("copies", "table:m", COPY)
        assert (await host.processing.replay("db", "copies")).replayed == 0, "no letter, no table"
        tags = "database=db,trigger_name=copies,letter_id=1-7"
        fields = 'status="waiting",attempts=1i,depth=1i,rows_in=2i,error="",traceback="",sample=""'
        now_ns = SystemClock().now_ns()
        line = f"processing_engine_dead_letters,{tags} {fields} {now_ns}"
        ticket = host.engine.commit_run(0, [], cursor=None, depth=0, now_ns=now_ns, internal=line)
        await host.commits.wait(ticket)
        done = await host.processing.replay("db", "copies")
        assert (done.replayed, done.waiting) == (0, 1)
        assert done.error == "the rows of dead letter 1-7 are not kept any more"


@in_loop
async def test_a_flood_of_failures_is_counted_not_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path) as host:
        await host.trigger("one", "request:one", REQUEST + "    return {}\n")
        trigger = trigger_of(host.info("one"))
        history = History(EngineCalls(host.engine, SystemClock(), host.commits))
        now_ns = SystemClock().now_ns()
        for number in range(GATHERED_MAX + 2):
            history.add(RunOutcome(now_ns + number, 1, 0, "", RunInput()).record(trigger))
        await history.flush()
        assert "2 runs are not in the history: they ended too fast" in caplog.text
        sql = "SELECT count(*) AS n FROM processing_engine_runs"
        assert host.query("_internal", sql)[0]["n"] == GATHERED_MAX


@in_loop
async def test_long_errors_of_a_flood_fill_no_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path) as host:
        history = History(EngineCalls(host.engine, SystemClock(), host.commits))
        fits = GATHERED_CHARACTERS_MAX // TEXT_CHARACTERS_MAX - 1
        line = f'{RUNS_TABLE} error="{"e" * TEXT_CHARACTERS_MAX}"'
        now_ns = SystemClock().now_ns()
        for number in range(5_000):
            history.add(Record(line, now_ns + number))
        await history.flush()
        assert f"{5_000 - fits} runs are not in the history" in caplog.text
        sql = "SELECT count(*) AS n FROM processing_engine_runs"
        assert host.query("_internal", sql)[0]["n"] == fits


@in_loop
async def test_a_bad_row_is_lost_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with running(tmp_path) as host:
        history = History(EngineCalls(host.engine, SystemClock(), host.commits))
        now_ns = SystemClock().now_ns()
        for number in range(50):
            line = "this is none" if number in {0, 17, 49} else f"{RUNS_TABLE} attempt={number}i"
            history.add(Record(line, now_ns + number))
        await history.flush()
        kept = [row["attempt"] for row in host.rows(RUNS_TABLE, "_internal")]
        assert kept == [number for number in range(50) if number not in {0, 17, 49}]
        told = [text for text in caplog.messages if text.startswith("a run is not in the history")]
        assert len(told) == 3
        assert all("this is none,rows_out=0i" in text for text in told)


@in_loop
async def test_not_all_bad_rows_are_looked_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path) as host:
        history = History(EngineCalls(host.engine, SystemClock(), host.commits))
        for number in range(REFUSED_MAX + 3):
            history.add(Record("this is none", SystemClock().now_ns() + number))
        await history.flush()
        assert caplog.text.count("a run is not in the history") == REFUSED_MAX
        assert "3 runs are not in the history: too many rows are refused" in caplog.text


@in_loop
async def test_a_flush_that_is_cancelled_loses_no_row(tmp_path: Path) -> None:
    async with running(tmp_path) as host:
        history = History(EngineCalls(host.engine, SystemClock(), host.commits))
        history.add(Record(f"{RUNS_TABLE} attempt=1i", SystemClock().now_ns()))
        flush = asyncio.create_task(history.flush())
        await asyncio.sleep(0)
        flush.cancel()
        await asyncio.wait([flush])
        assert flush.cancelled()
        await history.flush()
        assert [row["attempt"] for row in host.rows(RUNS_TABLE, "_internal")] == [1]


def test_options_at_their_defaults_are_no_text() -> None:
    assert TriggerOptions().to_json() == ""
    assert json.loads(TriggerOptions(own_output=True).to_json()) == {"own_output": True}
