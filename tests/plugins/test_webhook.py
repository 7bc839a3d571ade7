"""The webhook: JSON becomes rows, all of a payload or none, and nothing that is sent breaks it."""

from collections.abc import Iterator
from typing import Any

import pytest

from influxpe.testing import PluginEngine, RunReport
from tests.plugins.conftest import NOON, PLUGINS

PLUGIN = "webhook.py"
NOON_NS = int(NOON.timestamp()) * 10**9
ARGUMENTS = {"table": "events", "tags": "source", "time": "at"}

ALERT = {
    "status": "firing",
    "labels": {"alertname": "Hot", "severity": "page", "empty": "", "status": "odd"},
    "annotations": {"summary": "it is hot"},
    "startsAt": "2026-01-01T11:00:00.123456789Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "fingerprint": "f00",
}


@pytest.fixture(scope="module")
def shared() -> Iterator[PluginEngine]:
    """One engine for what leaves nothing behind."""
    with PluginEngine(plugin_dir=PLUGINS) as opened:
        yield opened


def posted(engine: PluginEngine, body: object, arguments: dict[str, str] = ARGUMENTS) -> RunReport:
    report = engine.run_request(PLUGIN, body=body, method="POST", arguments=arguments)
    report.raise_for_error()
    return report


def answer(report: RunReport) -> tuple[int, Any]:
    assert report.response is not None
    return report.response.status, report.response.json()


def test_an_object_is_a_row(engine: PluginEngine) -> None:
    event = {
        "source": "door",
        "where": {"room": "hall", "floor": 1},
        "at": "2026-01-01T12:00:00+01:00",
        "open": True,
        "text": 'a "quoted"\nline',
        "list": [1, "two"],
        "none": None,
    }
    report = posted(engine, event, ARGUMENTS | {"tags": "source.where_room"})
    assert answer(report) == (200, {"written": 1})
    assert report.writes["test"] == [
        {
            "table": "events",
            "tags": {"source": "door", "where_room": "hall"},
            "fields": {
                "where_floor": 1.0,
                "open": True,
                "text": 'a "quoted"\nline',
                "list": '[1, "two"]',
            },
            "time": NOON_NS - 3600 * 10**9,
        }
    ]


def test_a_list_is_as_many_rows(engine: PluginEngine) -> None:
    report = posted(engine, [{"n": 1, "at": 1}, {"n": 1.5, "at": 2.000001}])
    assert answer(report) == (200, {"written": 2})
    assert [(row["fields"], row["time"]) for row in report.writes["test"]] == [
        ({"n": 1.0}, 10**9),
        ({"n": 1.5}, 2_000_001_000),
    ]


def test_a_row_without_a_time_has_the_clocks(engine: PluginEngine) -> None:
    assert posted(engine, {"n": 1}).writes["test"][0]["time"] == NOON_NS
    assert posted(engine, {"n": 1}, {}).writes["test"][0]["table"] == "webhook"


def test_alerts_of_alertmanager_are_rows_by_their_labels(engine: PluginEngine) -> None:
    resolved = ALERT | {"status": "resolved", "endsAt": "2026-01-01T11:30:00Z"}
    payload = {"version": "4", "status": "firing", "alerts": [ALERT, resolved]}
    report = posted(engine, payload, {})
    assert answer(report) == (200, {"written": 2})
    first, second = report.writes["test"]
    assert first == {
        "table": "alertmanager",
        "tags": {"alertname": "Hot", "severity": "page", "label_status": "odd"},
        "fields": {"status": "firing", "annotation_summary": "it is hot", "fingerprint": "f00"},
        "time": NOON_NS - 3600 * 10**9 + 123_456_000,
    }
    assert (second["fields"]["status"], second["time"]) == ("resolved", NOON_NS - 1800 * 10**9)


def test_names_that_no_column_can_have_are_changed(engine: PluginEngine) -> None:
    event = {"a b,c=d": 1, "time": 2, "": 3, 'x"y\\z': 4, "é": 5}
    fields = posted(engine, event).writes["test"][0]["fields"]
    assert fields == {"a_b_c_d": 1.0, "time_": 2.0, "_": 3.0, "x_y_z": 4.0, "é": 5.0}


def nested(depth: int) -> dict[str, Any]:
    """Give an object with so many objects within each other."""
    item: dict[str, Any] = {"n": 1}
    for _ in range(depth):
        item = {"o": item}
    return item


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("no JSON", "the body is no JSON: Expecting value"),
        (b"\xff", "utf-8"),
        ("", "Expecting value"),
        ("3", "an object is needed, not int"),
        ([{"n": 1}, "text"], "an object is needed, not str"),
        ({"source": "door"}, "an object has no member that can be a field"),
        ({"n": 1, "at": "yesterday"}, "Invalid isoformat string: 'yesterday'"),
        ({"n": 1, "at": 1e30}, "the time 1e+30 is not in the years 1678 to 2261"),
        ({"n": 1, "at": "2262-04-12T00:00:00Z"}, "is not in the years 1678 to 2261"),
        ('{"n": NaN}', "NaN is no number that a field can have"),
        ('{"n": 1' + "0" * 400 + "}", "int too large to convert to float"),
        ('{"n": 1e400}', "n is inf, which no field can have"),
        (nested(21), "objects lie within each other more than 20 deep"),
        ("[" * 100_000, "recursion"),
        ([{"n": 1}] * 10_001, "10001 rows, the limit is 10000"),
        ({"alerts": ["text"]}, "an object is needed, not str"),
        ({"alerts": [{"labels": []}]}, "an object is needed, not list"),
    ],
)
def test_what_is_no_row_is_refused_and_nothing_is_written(
    shared: PluginEngine, body: object, words: str
) -> None:
    report = posted(shared, body)
    status, document = answer(report)
    assert status == 400
    assert words in document["error"]
    assert report.writes == {}


def test_an_unknown_argument_is_named(shared: PluginEngine) -> None:
    report = shared.run_request(PLUGIN, body={"n": 1}, method="POST", arguments={"tag": "n"})
    assert "no argument tag; there are table, tags, time" in str(report.error)
