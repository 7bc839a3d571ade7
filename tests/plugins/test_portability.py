"""The shipped plugins where there is only what InfluxDB 3 has: no state, plain lists, local time.

That server runs the text of a file, with `LineBuilder` among the builtins, gives rows as a list of
dicts, and calls by a time without a zone that means the zone of the machine.
"""

import builtins
import json
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from influxdb3 import LineBuilder
from tests.plugins.conftest import NOON, PLUGINS

NOON_NS = int(NOON.timestamp()) * 10**9


class PlainCache:
    """A cache by reference."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def get(self, key: str, default: object = None) -> Any:  # noqa: ANN401 - any value
        """Give a value."""
        return self.values.get(key, default)

    def put(self, key: str, value: object) -> None:
        """Keep a value."""
        self.values[key] = value

    def delete(self, key: str) -> bool:
        """Forget a value."""
        return self.values.pop(key, None) is not None


class PlainLocal:
    """`influxdb3_local` of InfluxDB 3, whose queries have known answers."""

    def __init__(self, **answers: list[dict[str, Any]]) -> None:
        self.cache = PlainCache()
        self.lines: list[str] = []
        self.asked: list[str] = []
        self._answers = answers

    def query(self, sql: str, args: dict[str, str] | None = None) -> list[dict[str, Any]]:
        """Give the answer whose word is in the SQL."""
        self.asked.append(sql)
        return next(rows for word, rows in self._answers.items() if word in sql)

    def write(self, line: LineBuilder) -> None:
        """Keep a line."""
        self.lines.append(line.build())

    def info(self, *args: object) -> None:
        """Take a log line."""
        assert args

    warn = error = info


def loaded(name: str) -> dict[str, Any]:
    """Run the text of a plugin as InfluxDB 3 does; gives its names."""
    names: dict[str, Any] = {"__builtins__": vars(builtins) | {"LineBuilder": LineBuilder}}
    exec(compile((PLUGINS / name).read_text(), "<string>", "exec"), names)  # noqa: S102 - ours
    return names


@pytest.fixture(autouse=True)
def _far_from_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the machine be in Tokyo."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def local_noon() -> datetime:
    """Give noon in UTC as the machine shows it, without a zone."""
    return NOON.astimezone().replace(tzinfo=None)


def test_downsample_runs() -> None:
    local = PlainLocal(
        information_schema=[
            {"column_name": "room", "data_type": "Dictionary(Int32, Utf8)"},
            {"column_name": "temp", "data_type": "Float64"},
            {"column_name": "time", "data_type": "Timestamp(Nanosecond, None)"},
        ],
        date_bin=[{"window_start": NOON_NS, "room": "hall", "temp": 21.5}],
    )
    loaded("downsample.py")["process_scheduled_call"](local, local_noon(), {"source": "home"})
    assert "time >= '2026-01-01T11:00:00Z' AND time < '2026-01-01T12:00:00Z'" in local.asked[1]
    assert local.lines == [f"home_1h,room=hall temp=21.5 {NOON_NS}"]


def test_deadman_runs() -> None:
    local = PlainLocal(max=[{"series": "hall", "last": NOON_NS - 3600 * 10**9}])
    for _ in range(2):
        arguments = {"table": "home", "tag": "room"}
        loaded("deadman.py")["process_scheduled_call"](local, local_noon(), arguments)
    (line,) = local.lines
    assert line.startswith('deadman,table=home,room=hall state="silent",last_ns=')
    assert line.endswith(f" {NOON_NS}")


def test_threshold_runs() -> None:
    local, arguments = PlainLocal(), {"field": "temp", "above": "30", "tags": "room"}
    for later_ns, temp in enumerate((31.0, 32.0, 20.0)):
        rows = [{"room": "hall", "temp": temp, "time": NOON_NS + later_ns}]
        batches = [{"table_name": "home", "rows": rows}]
        loaded("threshold.py")["process_writes"](local, batches, arguments)
    assert [line.split('"')[1] for line in local.lines] == ["firing", "resolved"]
    assert local.cache.values == {}


def test_webhook_runs() -> None:
    local = PlainLocal()
    body = json.dumps({"n": 1, "at": "2026-01-01T12:00:00"}).encode()
    answer = loaded("webhook.py")["process_request"](local, {}, {}, body, {"time": "at"})
    assert answer == ({"written": 1}, 200)
    assert local.lines == [f"webhook n=1.0 {NOON_NS}"]
