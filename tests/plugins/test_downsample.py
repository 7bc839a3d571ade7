"""Downsampling: exact windows, rows that are late, nothing twice and nothing left out."""

from datetime import timedelta

import pytest

from influxpe.testing import PluginEngine
from tests.plugins.conftest import NOON, without_state

PLUGIN = "downsample.py"
HOUR_NS = 3600 * 10**9
NOON_NS = int(NOON.timestamp()) * 10**9
ROWS = "SELECT * FROM home_1h ORDER BY time, room"


def line(room: str, temp: float, hours: float) -> str:
    """Give a row so many hours before (or after) noon."""
    return f'home,room={room} temp={temp},note="n" {NOON_NS + round(hours * HOUR_NS)}'


def aggregated(engine: PluginEngine) -> list[tuple[str, float, float]]:
    """Give room, value and hours from noon of each aggregate."""
    rows = engine.query(ROWS)
    return [(row["room"], row["temp"], (row["time"] - NOON_NS) / HOUR_NS) for row in rows]


def test_a_window_holds_its_start_and_not_its_end(engine: PluginEngine) -> None:
    lines = [
        line("hall", 99, -1 - 1e-6),
        line("hall", 10, -1),
        line("hall", 20, -1e-6),
        line("hall", 77, 0),
        line("attic", 5, -0.5),
    ]
    engine.write(lines)
    report = engine.run_schedule(PLUGIN, NOON, arguments={"source": "home"})
    report.raise_for_error()
    assert aggregated(engine) == [("attic", 5.0, -1.0), ("hall", 15.0, -1.0)]


def test_no_window_is_left_out_when_a_run_is_late(engine: PluginEngine) -> None:
    arguments = {"source": "home"}
    engine.write([line("hall", 1, -0.5), line("hall", 2, 0.5), line("hall", 3, 1.5)])
    for later in (timedelta(), timedelta(hours=2, minutes=20)):
        engine.run_schedule(PLUGIN, NOON + later, arguments=arguments).raise_for_error()
    assert aggregated(engine) == [("hall", 1.0, -1.0), ("hall", 2.0, 0.0), ("hall", 3.0, 1.0)]


def test_rows_that_are_late_replace_the_aggregate(engine: PluginEngine) -> None:
    arguments = {"source": "home", "lookback": "2h", "calculation": "sum"}
    engine.write(line("hall", 1, -0.5))
    engine.run_schedule(PLUGIN, NOON, arguments=arguments).raise_for_error()
    engine.write([line("hall", 10, -0.6), line("hall", 100, 0.5)])
    later = NOON + timedelta(hours=1)
    engine.run_schedule(PLUGIN, later, arguments=arguments).raise_for_error()
    assert aggregated(engine) == [("hall", 11.0, -1.0), ("hall", 100.0, 0.0)]


def test_the_same_run_twice_changes_nothing(engine: PluginEngine) -> None:
    arguments = {"source": "home", "lookback": "1h"}
    engine.write(line("hall", 1, -0.5))
    for _ in range(2):
        engine.run_schedule(PLUGIN, NOON, arguments=arguments).raise_for_error()
    assert aggregated(engine) == [("hall", 1.0, -1.0)]


def test_fields_tags_window_and_target_are_chosen(engine: PluginEngine) -> None:
    time_ns = NOON_NS - HOUR_NS // 10
    engine.write(
        f"big,room=a,floor=1 t=1,h=2i,x=9 {time_ns}\nbig,room=b,floor=1 t=3,h=4i {time_ns}"
    )
    arguments = {
        "source": "big",
        "target": "small",
        "target_database": "longterm",
        "window": "10m",
        "calculation": "max",
        "fields": "t.h",
        "tags": "floor",
    }
    report = engine.run_schedule(PLUGIN, NOON, arguments=arguments)
    report.raise_for_error()
    row = {
        "table": "small",
        "tags": {"floor": "1"},
        "fields": {"t": 3.0, "h": 4.0},
        "time": NOON_NS - HOUR_NS // 6,
    }
    assert report.writes == {"longterm": [row]}


def test_a_table_that_is_not_there_yet_is_waited_for(engine: PluginEngine) -> None:
    report = engine.run_schedule(PLUGIN, NOON, arguments={"source": "home", "fields": "temp"})
    report.raise_for_error()
    assert report.logs == [("WARN", "table home does not exist yet")]


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ({"window": "1 hour"}, "window is '1 hour', not a length of time"),
        ({"window": "0s"}, "window is '0s', not a length of time"),
        ({"lookback": "36601d"}, "lookback is '36601d', not a length of time"),
        ({"windo": "1m"}, "no argument windo; there are source, target, window"),
        ({"calculation": "mode"}, "calculation is 'mode', not one of avg"),
        ({"fields": "temp.absent"}, "there is no column absent"),
        ({"tags": "temp"}, "there is no column temp"),
    ],
)
def test_a_bad_argument_is_named(
    engine: PluginEngine, argument: dict[str, str], words: str
) -> None:
    engine.write(line("hall", 1, -0.5))
    report = engine.run_schedule(PLUGIN, NOON, arguments={"source": "home"} | argument)
    assert words in str(report.error)


def test_it_goes_on_over_hours_as_a_trigger(engine: PluginEngine) -> None:
    engine.create_trigger(PLUGIN, "every:1h", arguments={"source": "home"})
    engine.write([line("hall", hours, hours) for hours in (0.5, 1.5, 2.5)])
    engine.clock.advance(3 * 3600)
    engine.settle()
    assert [row[1:] for row in aggregated(engine)] == [(0.5, 0.0), (1.5, 1.0), (2.5, 2.0)]


def test_a_server_without_state_does_with_its_cache(engine: PluginEngine) -> None:
    code, arguments = without_state(PLUGIN), {"source": "home"}
    engine.write([line("hall", 1, -0.5), line("hall", 2, 0.5), line("hall", 3, 1.5)])
    for hours in (0, 2):
        time = NOON + timedelta(hours=hours)
        engine.run_schedule(code, time, arguments=arguments).raise_for_error()
    assert len(aggregated(engine)) == 3
