"""The deadman check: each change is told once, whatever happens in between."""

from datetime import timedelta

import pytest

from influxpe.testing import PluginEngine, RunReport
from tests.plugins.conftest import NOON, without_state

PLUGIN = "deadman.py"
NOON_NS = int(NOON.timestamp()) * 10**9
MINUTE_NS = 60 * 10**9
ARGUMENTS = {"table": "home", "tag": "room", "silent_after": "10m"}


def line(room: str, minutes: float) -> str:
    """Give a row so many minutes after noon."""
    return f"home,room={room} temp=1 {NOON_NS + round(minutes * MINUTE_NS)}"


def checked(
    engine: PluginEngine, minutes: int, plugin: str = PLUGIN, **more: str
) -> list[tuple[str, str]]:
    """Check so many minutes after noon; gives the room and the state of each change."""
    time = NOON + timedelta(minutes=minutes)
    report = engine.run_schedule(plugin, time, arguments=ARGUMENTS | more)
    report.raise_for_error()
    return changes(report)


def changes(report: RunReport) -> list[tuple[str, str]]:
    rows = report.writes.get("test", [])
    return [(row["tags"].get("room", ""), row["fields"]["state"]) for row in rows]


def test_a_series_that_falls_silent_is_told_once_and_so_is_its_return(
    engine: PluginEngine,
) -> None:
    engine.write([line("hall", -5), line("attic", -5)])
    assert checked(engine, 0) == []
    engine.write(line("attic", 6))
    assert checked(engine, 6) == [("hall", "silent")]
    assert checked(engine, 7) == []
    engine.write(line("hall", 8))
    assert checked(engine, 8) == [("hall", "back")]
    assert checked(engine, 30) == [("attic", "silent"), ("hall", "silent")]


def test_a_row_that_is_as_old_as_allowed_is_not_silent(engine: PluginEngine) -> None:
    engine.write(line("hall", -10))
    assert checked(engine, 0) == []
    assert checked(engine, 1) == [("hall", "silent")]


def test_a_change_has_the_time_of_the_check_and_of_the_newest_row(engine: PluginEngine) -> None:
    engine.write(line("hall", -20))
    report = engine.run_schedule(PLUGIN, NOON, arguments=ARGUMENTS)
    assert report.writes["test"] == [
        {
            "table": "deadman",
            "tags": {"table": "home", "room": "hall"},
            "fields": {"state": "silent", "last_ns": NOON_NS - 20 * MINUTE_NS},
            "time": NOON_NS,
        }
    ]
    assert report.logs == [("ERROR", "home with room=hall is silent since 2026-01-01T11:40:00Z")]


def test_a_series_stays_silent_when_it_is_out_of_sight(engine: PluginEngine) -> None:
    engine.write(line("hall", -20))
    assert checked(engine, 0, lookback="1h") == [("hall", "silent")]
    assert checked(engine, 120, lookback="1h") == []
    engine.write(line("hall", 121))
    assert checked(engine, 122, lookback="1h") == [("hall", "back")]


def test_a_table_is_watched_as_a_whole_without_a_tag(engine: PluginEngine) -> None:
    engine.write([line("hall", -30), line("attic", -20)])
    arguments = {"table": "home", "target": "changes"}
    report = engine.run_schedule(PLUGIN, NOON, arguments=arguments)
    report.raise_for_error()
    assert changes(report) == [("", "silent")]
    assert report.writes["test"][0]["table"] == "changes"


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ({"silent_after": "soon"}, "silent_after is 'soon', not a length of time"),
        ({"lookback": "9999999d"}, "lookback is '9999999d', not a length of time"),
        ({"tags": "room"}, "no argument tags; there are table, tag"),
        ({"lookback": "10m"}, "lookback must be above silent_after"),
        ({"table": "absent"}, "absent"),
    ],
)
def test_a_bad_argument_is_named(
    engine: PluginEngine, argument: dict[str, str], words: str
) -> None:
    engine.write(line("hall", 0))
    report = engine.run_schedule(PLUGIN, NOON, arguments=ARGUMENTS | argument)
    assert words in str(report.error)


def test_a_server_without_state_does_with_its_cache(engine: PluginEngine) -> None:
    code = without_state(PLUGIN)
    engine.write(line("hall", -20))
    assert checked(engine, 0, code) == [("hall", "silent")]
    assert checked(engine, 1, code) == []
