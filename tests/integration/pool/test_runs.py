"""What a plugin sees and what comes of its run, through real processes."""

import asyncio
import sys
from pathlib import Path

import pytest
import uvloop

from influxpe.plugin.pool import Request, WorkerPool
from tests.integration.pool.arrow_streams import stream, tags, times
from tests.integration.pool.driver import Driver, MakeDriver, RecordingHost, writes

CPU = stream(host=tags("a", None), load=[0.5, 1.0], n=[1, None], time=times(1, 2))


def test_rows_are_dicts_with_tags_first_and_time_last(driver: Driver) -> None:
    result = driver.body(
        "for batch in table_batches:\n"
        "    rows = [dict(row) for row in batch['rows']]\n"
        "    influxdb3_local.info(batch['table_name'], rows, len(batch['rows']))",
        ("cpu", CPU),
        ("mem", stream(used=[7], time=times(5))),
    )
    assert result.error is None
    rows = "[{'host': 'a', 'load': 0.5, 'n': 1, 'time': 1}, {'load': 1.0, 'time': 2}]"
    assert driver.host.logs == [
        ("INFO", f"cpu {rows} 2"),
        ("INFO", "mem [{'used': 7, 'time': 5}] 1"),
    ]


def test_rows_go_into_json_and_arrow(driver: Driver) -> None:
    driver.body(
        "import json\n"
        "rows = table_batches[0]['rows']\n"
        "influxdb3_local.info(json.dumps(rows, default=str))\n"
        "influxdb3_local.info(json.dumps(table_batches, default=str, indent=0)[:1])\n"
        "influxdb3_local.info(table_batches[0].to_arrow().column_names, rows.column('load'))",
        ("cpu", CPU),
    )
    assert driver.host.texts == [
        '[{"host": "a", "load": 0.5, "n": 1, "time": 1}, {"load": 1.0, "time": 2}]',
        "[",
        "['host', 'load', 'n', 'time'] [0.5, 1.0]",
    ]


def test_all_log_levels_join_their_arguments(driver: Driver) -> None:
    driver.body(
        "influxdb3_local.info('a', 1, None)\n"
        "influxdb3_local.warn()\n"
        "influxdb3_local.error('half \\ud800 a pair')\n"
        "influxdb3_local.info('x' * 70_000)"
    )
    assert driver.host.logs[:3] == [("INFO", "a 1 None"), ("WARN", ""), ("ERROR", "half ? a pair")]
    assert driver.host.texts[3].endswith("... (4464 characters cut)")


def test_arguments_are_none_where_there_are_none(driver: Driver) -> None:
    driver.body("influxdb3_local.info(args)")
    assert driver.host.texts == ["None"]
    driver.body("influxdb3_local.info(args)", arguments={"a": "1"})
    assert driver.host.texts == ["{'a': '1'}"]


def test_lines_are_written_by_database_in_order(driver: Driver) -> None:
    result = driver.body(
        "influxdb3_local.write(LineBuilder('m').int64_field('a', 1))\n"
        "influxdb3_local.write_to_db('other', 'o v=1')\n"
        "influxdb3_local.write([b'm a=2', LineBuilder('m').int64_field('a', 3)])"
    )
    assert result.writes == (("db", "m a=1i\nm a=2\nm a=3i"), ("other", "o v=1"))
    assert result.collected == ()


def test_a_failed_run_writes_nothing_but_what_it_wrote_at_once(driver: Driver) -> None:
    result = driver.body(
        "influxdb3_local.write('m a=1')\n"
        "influxdb3_local.write_sync('m a=2', no_sync=True)\n"
        "influxdb3_local.write_sync_to_db('other', 'm a=3')\n"
        "raise ValueError('boom')"
    )
    assert str(result.error) == "ValueError: boom"
    assert result.writes == ()
    assert driver.host.writes == [("db", "m a=2", True), ("other", "m a=3", False)]


def test_a_dry_run_collects_writes_at_once_first(driver: Driver) -> None:
    result = driver.body(
        "influxdb3_local.write('m a=1')\ninfluxdb3_local.write_sync('m a=2')",
        collect_sync_writes=True,
    )
    assert result.writes == (("db", "m a=2\nm a=1"),)
    assert result.collected == (("db", ("m a=2", "m a=1")),)
    assert driver.host.writes == []


def test_a_refused_write_raises_the_reason(driver: Driver) -> None:
    driver.host.refuse_writes = "Cannot write: no such thing"
    result = driver.body("influxdb3_local.write_sync('m a=2')")
    text = "Exception: error writing line protocol to db: Cannot write: no such thing"
    assert str(result.error) == text


@pytest.mark.parametrize("call", ["write_to_db", "write_sync_to_db"])
def test_the_internal_database_is_not_for_plugins(driver: Driver, call: str) -> None:
    result = driver.body(f"influxdb3_local.{call}('_internal', 'm a=1')")
    text = "ValueError: cannot write to _internal: it is the server's own database"
    assert str(result.error) == text


def test_the_public_names_are_those_of_the_reference_and_the_state(driver: Driver) -> None:
    driver.body("influxdb3_local.info(*[n for n in dir(influxdb3_local) if n[0] != '_'])")
    names = "cache error info query state warn write write_sync write_sync_to_db write_to_db"
    assert driver.host.texts == [names]


def test_the_builtin_line_builder_is_the_importable_one(driver: Driver) -> None:
    driver.body(
        "import builtins, influxdb3\n"
        "influxdb3_local.info(influxdb3.LineBuilder is builtins.LineBuilder is LineBuilder)\n"
        "try:\n"
        "    LineBuilder('a b')\n"
        "except influxdb3.InvalidMeasurementError as error:\n"
        "    influxdb3_local.info(error)"
    )
    assert driver.host.texts == ["True", "Measurement name cannot contain spaces"]


def test_module_state_does_not_survive_a_run_but_the_cache_does(driver: Driver) -> None:
    code = "seen = []\n" + writes(
        "seen.append(1)\n"
        "kept = influxdb3_local.cache.get('kept') or []\n"
        "kept.append(1)\n"
        "influxdb3_local.cache.put('kept', kept)\n"
        "influxdb3_local.info(len(seen), len(kept))"
    )
    run = driver.wal(code)
    for expected in ("1 1", "1 2", "1 3"):
        driver.run(run)
        assert driver.host.texts == [expected]


def test_an_edited_source_is_what_runs_next(driver: Driver) -> None:
    for text in ("one", "two", "one"):
        driver.run(driver.wal(writes(f"influxdb3_local.info('{text}')"), name="edited.py"))
        assert driver.host.texts == [text]


def test_a_scheduled_run_gets_its_time_in_utc(driver: Driver) -> None:
    code = (
        "def process_scheduled_call(influxdb3_local, call_time, args=None):\n"
        "    influxdb3_local.info(call_time, int(call_time * 1e9), call_time.timestamp())\n"
    )
    driver.run(driver.made("schedule", code, call_time_ns=1_767_225_600_500_000_000))
    expected = "2026-01-01 00:00:00.500000 1767225600500000000 1767225600.5"
    assert driver.host.texts == [expected]


def test_a_request_is_handed_over_and_answered(driver: Driver) -> None:
    result = driver.request(
        "return {'p': query_parameters, 'h': request_headers, 'b': request_body.decode()}, 201",
        b"body",
    )
    assert result.response is not None
    assert result.response.status == 201
    assert result.response.headers == (("Content-Type", "application/json"),)
    assert result.response.body == b'{"p": {"a": "1"}, "h": {"x-name": "v"}, "b": "body"}'


def test_coroutine_functions_are_awaited(driver: Driver) -> None:
    code = (
        "import asyncio\n"
        "async def process_request(local, parameters, headers, body, args=None):\n"
        "    await asyncio.sleep(0)\n"
        "    return 'awaited'\n"
    )
    result = driver.run(driver.made("request", code, request=Request({}, {}, b"")))
    assert result.response is not None
    assert result.response.body == b"awaited"


@pytest.mark.parametrize("keyword", ["", "async "])
def test_a_body_may_come_in_pieces(driver: Driver, keyword: str) -> None:
    code = (
        f"{keyword}def process_request(local, parameters, headers, body, args=None):\n"
        "    for n in range(3):\n"
        "        yield f'{n};'\n"
        "    yield b'end'\n"
    )
    result = driver.run(driver.made("request", code, request=Request({}, {}, b"")))
    assert result.response is not None
    assert result.response.headers == (("Content-Type", "text/html"),)
    assert result.response.body == b"0;1;2;end"


def test_a_plugin_may_be_a_package(driver: Driver) -> None:
    folder = driver.folder / "many_files"
    folder.mkdir()
    (folder / "part.py").write_text("VALUE = 'of a part'\n")
    code = "from .part import VALUE\n" + writes("influxdb3_local.info(VALUE)")
    driver.run(driver.wal(code, name="many_files/__init__.py"))
    assert driver.host.texts == ["of a part"]


def test_dataclasses_with_late_annotations_work(driver: Driver) -> None:
    code = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "@dataclass\nclass Point:\n    x: int\n"
    ) + writes("influxdb3_local.info(Point(1), __name__ in Point.__module__, __file__)")
    driver.run(driver.wal(code, name="late-notes.py"))
    assert driver.host.texts == [f"Point(x=1) True {driver.folder / 'late-notes.py'}"]


def test_runs_of_a_key_follow_one_another_and_overlap_on_demand(driver: Driver) -> None:
    code = writes(
        "import threading\n"
        "meeting = influxdb3_local.cache.get('meeting')\n"
        "if meeting is None:\n"
        "    meeting = threading.Barrier(2)\n"
        "    influxdb3_local.cache.put('meeting', meeting)\n"
        "try:\n"
        "    meeting.wait(args['seconds'] and float(args['seconds']))\n"
        "    influxdb3_local.info('met')\n"
        "except threading.BrokenBarrierError:\n"
        "    influxdb3_local.info('alone')"
    )

    async def twice(key: str, seconds: str, *, overlap: bool) -> list[str]:
        run = driver.wal(code, arguments={"seconds": seconds})
        host = RecordingHost()
        # The barrier is made by the first run alone, so that there is one.
        await driver.pool.run(key, driver.wal(MAKE_BARRIER), host)
        runs = [driver.pool.run(key, run, host, overlap=overlap) for _ in range(2)]
        await asyncio.gather(*runs)
        return host.texts

    assert driver.do(twice("in turn", "0.05", overlap=False)) == ["alone", "alone"]
    assert driver.do(twice("at once", "20", overlap=True)) == ["met", "met"]


MAKE_BARRIER = writes(
    "import threading\ninfluxdb3_local.cache.put('meeting', threading.Barrier(2))"
)


def test_print_goes_to_the_output_of_the_server(
    driver: Driver, capfd: pytest.CaptureFixture[str]
) -> None:
    # A fresh pool: descriptors are inherited when its template starts.
    async def printing() -> None:
        pool = WorkerPool(python=Path(sys.executable), plugin_dir=None)
        await pool.run("p", driver.wal(writes("print('to the server')")), RecordingHost())
        await pool.close()

    driver.do(printing())
    assert "to the server" in capfd.readouterr().out


def test_the_pool_works_on_uvloop(driver: Driver) -> None:
    async def on_uvloop() -> RecordingHost:
        pool, host = WorkerPool(python=Path(sys.executable), plugin_dir=None), RecordingHost()
        big = stream(v=list(range(200_000)))
        run = driver.wal(writes("influxdb3_local.info(len(table_batches[0]['rows']))"), ("t", big))
        try:
            await pool.run("p", run, host)
        finally:
            await pool.close()
        return host

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(on_uvloop()).texts == ["200000"]


def test_plugins_find_their_folder_and_run_in_utc(make_driver: MakeDriver) -> None:
    driver = make_driver()
    driver.body("import os\ninfluxdb3_local.info(os.environ['PLUGIN_DIR'], os.environ['TZ'])")
    assert driver.host.texts == [f"{driver.folder} UTC"]
