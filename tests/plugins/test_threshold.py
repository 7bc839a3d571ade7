"""Threshold alerts: pending, firing, resolved, each told once per series."""

from collections.abc import Sequence

import pytest

from influxpe.testing import PluginEngine
from tests.plugins.conftest import without_state

PLUGIN = "threshold.py"
MINUTE_NS = 60 * 10**9
HOLD = {"field": "temp", "above": "30", "hold": "5m", "tags": "room"}


def told(
    engine: PluginEngine,
    values: Sequence[tuple[str, float, float]],
    arguments: dict[str, str] = HOLD,
    plugin: str = PLUGIN,
) -> list[tuple[str, str, float]]:
    """Write (room, value, minute) rows; gives (room, state, minute) of each change."""
    lines = [f"home,room={room} temp={value} {round(at * MINUTE_NS)}" for room, value, at in values]
    report = engine.run_writes(plugin, lines, arguments=arguments)
    report.raise_for_error()
    rows = report.writes.get("test", [])
    return [
        (row["tags"].get("room", ""), row["fields"]["state"], row["time"] / MINUTE_NS)
        for row in rows
    ]


def test_a_value_above_its_limit_is_pending_then_firing_then_resolved(
    engine: PluginEngine,
) -> None:
    assert told(engine, [("hall", 20, 0)]) == []
    assert told(engine, [("hall", 31, 1)]) == [("hall", "pending", 1)]
    assert told(engine, [("hall", 32, 3)]) == []
    assert told(engine, [("hall", 33, 6)]) == [("hall", "firing", 6)]
    assert told(engine, [("hall", 34, 9)]) == []
    assert told(engine, [("hall", 30, 10)]) == [("hall", "resolved", 10)]


def test_a_short_excess_never_fires_and_is_not_resolved(engine: PluginEngine) -> None:
    assert told(engine, [("hall", 31, 1), ("hall", 20, 2), ("hall", 31, 3), ("hall", 31, 7)]) == [
        ("hall", "pending", 1),
        ("hall", "pending", 3),
    ]
    assert told(engine, [("hall", 31, 8)]) == [("hall", "firing", 8)]


def test_series_are_told_apart_by_their_tags(engine: PluginEngine) -> None:
    values = [("hall", 31, 1), ("attic", 31, 2), ("hall", 31, 6), ("attic", 20, 6)]
    assert sorted(told(engine, values)) == [
        ("attic", "pending", 2),
        ("hall", "firing", 6),
        ("hall", "pending", 1),
    ]


def test_rows_count_in_the_order_of_their_times(engine: PluginEngine) -> None:
    assert told(engine, [("hall", 20, 7), ("hall", 31, 1), ("hall", 31, 6)]) == [
        ("hall", "pending", 1),
        ("hall", "firing", 6),
        ("hall", "resolved", 7),
    ]


def test_a_row_that_is_late_changes_nothing(engine: PluginEngine) -> None:
    assert told(engine, [("hall", 31, 5)]) == [("hall", "pending", 5)]
    assert told(engine, [("hall", 20, 4)]) == []
    assert told(engine, [("hall", 31, 10)]) == [("hall", "firing", 10)]


def test_without_hold_the_first_bad_value_fires(engine: PluginEngine) -> None:
    arguments = {"field": "temp", "above": "30", "below": "5"}
    assert told(engine, [("hall", 31, 1)], arguments) == [("", "firing", 1)]
    assert told(engine, [("hall", 4, 2)], arguments) == []
    assert told(engine, [("hall", 5, 3)], arguments) == [("", "resolved", 3)]


def test_an_alert_says_what_it_is_about(engine: PluginEngine) -> None:
    arguments = {"field": "temp", "above": "30", "tags": "room", "target": "warnings"}
    lines = "home,room=hall temp=31i 1\nhome,room=hall hum=99 2\nother temp=99 3"
    report = engine.run_writes(PLUGIN, lines, arguments=arguments | {"table": "home"})
    assert report.writes["test"] == [
        {
            "table": "warnings",
            "tags": {"table": "home", "field": "temp", "room": "hall"},
            "fields": {"state": "firing", "value": 31.0},
            "time": 1,
        }
    ]
    assert report.logs == [("WARN", "firing: temp of home room=hall is 31")]


def test_the_state_goes_with_the_rows_that_say_so(engine: PluginEngine) -> None:
    refused = HOLD | {"hold": "0s", "target": "not a table"}
    lines = f"home,room=hall temp=31 {MINUTE_NS}"
    assert engine.run_writes(PLUGIN, lines, arguments=refused).error is not None
    assert told(engine, [("hall", 31, 1)], HOLD | {"hold": "0s"}) == [("hall", "firing", 1)]


def test_a_long_series_has_a_state_too(engine: PluginEngine) -> None:
    room = "r" * 1000
    assert told(engine, [(room, 31, 1)]) == [(room, "pending", 1)]
    assert told(engine, [(room, 31, 6)]) == [(room, "firing", 6)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"field": "temp"}, "give a limit: above, below, or both"),
        ({"field": "temp", "above": "much"}, "above is 'much', not a number"),
        ({"field": "temp", "above": "1", "hold": "5"}, "hold is '5', not a length of time"),
        ({"above": "1"}, "the argument field is missing"),
        ({"field": "temp", "abov": "1"}, "no argument abov; there are field, above"),
    ],
)
def test_a_bad_argument_is_named(
    engine: PluginEngine, arguments: dict[str, str], words: str
) -> None:
    assert words in str(engine.run_writes(PLUGIN, "home temp=1", arguments=arguments).error)


def test_a_server_without_state_does_with_its_cache(engine: PluginEngine) -> None:
    code = without_state(PLUGIN)
    assert told(engine, [("hall", 31, 1)], plugin=code) == [("hall", "pending", 1)]
    assert told(engine, [("hall", 31, 6)], plugin=code) == [("hall", "firing", 6)]
    assert told(engine, [("hall", 20, 7)], plugin=code) == [("hall", "resolved", 7)]
