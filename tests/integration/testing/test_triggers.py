"""Triggers in a test: they serve what is written and each tick that the clock passes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from influxpe.testing import ManualClock, PluginEngine
from influxpe.triggers.options import TriggerOptions

DOUBLE = """
def process_writes(influxdb3_local, table_batches, args=None):
    for batch in table_batches:
        for row in batch["rows"]:
            line = LineBuilder("double").int64_field("n", 2 * row["n"])
            influxdb3_local.write(line.time_ns(row["time"]))
"""
TICK = """
def process_scheduled_call(influxdb3_local, call_time, args=None):
    influxdb3_local.write(LineBuilder("ticks").int64_field("n", 1).time_ns(int(call_time * 1e9)))
    influxdb3_local.info(f"tick {call_time}")
"""
FAIL = "def process_writes(local, batches, args=None):\n    raise ValueError('no')\n"
HELLO = "def process_request(local, query, headers, body, args=None):\n    return 'hello'\n"

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_a_trigger_serves_what_is_written(plugin_engine: PluginEngine) -> None:
    plugin_engine.create_trigger(DOUBLE, "table:numbers")
    plugin_engine.write("numbers n=1i 1\nnumbers n=2i 2\nothers n=3i 3")
    plugin_engine.settle()
    assert plugin_engine.query("SELECT n FROM double ORDER BY n") == [{"n": 2}, {"n": 4}]


def test_a_schedule_fires_at_each_tick_that_the_clock_passes() -> None:
    with PluginEngine(now=NOON) as engine:
        engine.create_trigger(TICK, "every:10m", name="ten")
        with engine.capture() as captured:
            engine.clock.advance(30 * 60)
            engine.settle()
        ticks = [f"tick 2026-01-01 12:{minutes}:00" for minutes in (10, 20, 30)]
        assert [line.text for line in captured.of("ten")] == ticks
        engine.clock.advance(1)
        engine.settle()
        assert len(engine.query("SELECT * FROM ticks")) == 3


def test_what_a_tick_writes_is_served_before_the_next_tick() -> None:
    with PluginEngine(now=NOON) as engine:
        engine.create_trigger(TICK, "cron:0 0 * * * *", name="hourly")
        engine.create_trigger(DOUBLE, "table:ticks", name="double")
        engine.clock.set(datetime(2026, 1, 1, 14, tzinfo=UTC))
        engine.settle()
        hours = [datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in (13, 14)]
        times = [int(hour.timestamp()) * 10**9 for hour in hours]
        rows = engine.query("SELECT time, n FROM double ORDER BY time")
        assert rows == [{"time": time, "n": 2} for time in times]


def test_a_trigger_has_options(plugin_engine: PluginEngine) -> None:
    options = TriggerOptions(where="n > 1")
    plugin_engine.create_trigger(DOUBLE, "table:numbers", options=options)
    plugin_engine.write("numbers n=1i 1\nnumbers n=2i 2")
    plugin_engine.settle()
    assert plugin_engine.query("SELECT n FROM double") == [{"n": 4}]


def test_errors_of_triggers_are_captured(plugin_engine: PluginEngine) -> None:
    name = plugin_engine.create_trigger(FAIL, "all_tables", name="failing")
    with plugin_engine.capture() as captured:
        plugin_engine.write("numbers n=1i 1")
        plugin_engine.settle()
    assert captured.of(name) == [("ERROR", "error executing wal plugin: ValueError: no")]


def test_a_trigger_that_is_not_done_is_named(plugin_engine: PluginEngine) -> None:
    plugin_engine.create_trigger(FAIL, "all_tables", name="stuck", error_behavior="retry")
    plugin_engine.write("numbers n=1i 1")
    with pytest.raises(TimeoutError, match="'stuck'"):
        plugin_engine.settle(seconds_max=0.2)


def test_a_request_trigger_answers(plugin_engine: PluginEngine, tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text(HELLO)
    plugin_engine.create_trigger(tmp_path / "hello.py", "request:greet")
    answer = plugin_engine.request("greet", body={"a": 1})
    assert (answer.status, answer.text) == (200, "hello")


def test_the_clock_goes_only_forward() -> None:
    clock = ManualClock(NOON)
    clock.advance(0.5)
    assert clock.now_ns() == int(NOON.timestamp()) * 10**9 + 500_000_000
    with pytest.raises(ValueError, match="cannot go back"):
        clock.set(NOON)
    with pytest.raises(ValueError, match="-1 s"):
        clock.advance(-1)
