"""Running a plugin by hand: what it gets, what it leaves behind, how it fails."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from influxdb3 import LineBuilder
from influxpe.errors import PluginError
from influxpe.testing import PluginEngine, PluginFailed, rows

COPY = """
def process_writes(influxdb3_local, table_batches, args=None):
    for batch in table_batches:
        for row in batch["rows"]:
            line = LineBuilder("copy").tag("of", batch["table_name"])
            influxdb3_local.write(line.float64_field("temp", row["temp"]).time_ns(row["time"]))
"""
COUNT = """
def process_writes(influxdb3_local, table_batches, args=None):
    runs = influxdb3_local.cache.get("runs", 0) + 1
    influxdb3_local.cache.put("runs", runs)
    influxdb3_local.info(f"run {runs}")
"""
ECHO = """
def process_request(influxdb3_local, query_parameters, headers, body, args=None):
    return {"query": query_parameters, "headers": headers, "body": body.decode()}, 201
"""


def writes(body: str) -> str:
    """Give a plugin on writes with this body."""
    return f"def process_writes(local, batches, args=None):\n    {body}\n"


def test_a_report_has_the_rows_that_a_run_wrote(engine: PluginEngine) -> None:
    report = engine.run_writes(COPY, "home,room=hall temp=21.5 1000")
    report.raise_for_error()
    row = {"table": "copy", "tags": {"of": "home"}, "fields": {"temp": 21.5}, "time": 1000}
    assert report.writes == {"test": [row]}
    assert report.lines == {"test": ["copy,of=home temp=21.5 1000"]}


def test_what_a_run_wrote_is_found_by_queries(engine: PluginEngine) -> None:
    engine.run_writes(COPY, "stored temp=1 5").raise_for_error()
    sql = "SELECT temp, time FROM copy WHERE of = $name"
    assert engine.query(sql, params={"name": "stored"}) == [{"temp": 1.0, "time": 5}]
    assert engine.query_arrow("SELECT temp FROM copy WHERE of = 'stored'").num_rows == 1


def test_a_run_gets_only_the_rows_of_its_call(engine: PluginEngine) -> None:
    body = 'local.info([(b["table_name"], len(b["rows"])) for b in batches])'
    engine.run_writes(writes(body), "first a=1 1\nfirst a=1 2")
    engine.write("between a=1 1")
    report = engine.run_writes(writes(body), "second a=1 1")
    assert report.logs == [("INFO", "[('second', 1)]")]


def test_a_run_of_one_table_gets_no_other(engine: PluginEngine) -> None:
    body = 'local.info([b["table_name"] for b in batches], args)'
    lines = [LineBuilder("left").int64_field("a", 1), LineBuilder("right").int64_field("a", 1)]
    report = engine.run_writes(writes(body), lines, table="right", arguments={"k": "v"})
    assert report.logs == [("INFO", "['right'] {'k': 'v'}")]


def test_the_cache_stays_between_runs_of_a_plugin(engine: PluginEngine) -> None:
    texts = [engine.run_writes(COUNT, "home a=1").logs[0].text for _ in range(2)]
    assert texts == ["run 1", "run 2"]


def test_the_state_stays_between_runs_that_end_well(engine: PluginEngine) -> None:
    body = """n = local.state.get("n", 0) + 1; local.state.put("n", n); local.info(n)
    if args: raise ValueError(n)"""
    for arguments, seen in [(None, 1), ({"fail": "yes"}, 2), (None, 2), (None, 3)]:
        report = engine.run_writes(writes(body), "home a=1", arguments=arguments)
        assert report.logs == [("INFO", str(seen))]
        assert report.state == ({} if arguments else {"n": seen})


def test_a_failed_run_keeps_its_log_and_what_it_wrote_at_once(engine: PluginEngine) -> None:
    body = 'local.info("began"); local.write_sync("kept a=1 1"); local.write("lost a=1 1"); 1 / 0'
    report = engine.run_writes(writes(body), "home a=1")
    assert report.logs == [("INFO", "began")]
    assert report.lines == {"test": ["kept a=1 1"]}
    assert report.error is not None
    assert (report.error.type, report.error.message) == ("ZeroDivisionError", "division by zero")
    assert "line 2, in process_writes" in report.error.traceback
    with pytest.raises(PluginFailed, match="line 2, in process_writes"):
        report.raise_for_error()


def test_a_line_that_is_refused_fails_the_run(engine: PluginEngine) -> None:
    report = engine.run_writes(writes('local.write(["fine a=1 1", "bad"])'), "home a=1")
    assert report.error is not None
    assert report.error.type == "InvalidError"
    assert "in line 2 `bad`" in report.error.message
    assert report.lines == {}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os\n" + writes("os._exit(3)"), "WorkerDied"),
        ("def process_writes(\n", "SyntaxError"),
        ("x = 1\n", "the process_writes function is not present"),
    ],
    ids=["ends its process", "does not compile", "has no entry point"],
)
def test_a_plugin_that_cannot_run_is_reported(engine: PluginEngine, code: str, words: str) -> None:
    assert words in str(engine.run_writes(code, "home a=1").error)


def test_a_run_that_takes_too_long_is_ended() -> None:
    with PluginEngine(run_seconds_max=0.2) as engine:
        report = engine.run_writes(writes("while True: pass"), "home a=1")
    assert "0.2 s" in str(report.error)


def test_a_scheduled_plugin_gets_the_time_of_the_clock(plugin_engine: PluginEngine) -> None:
    code = "def process_scheduled_call(local, call_time, args=None):\n    local.info(call_time)\n"
    plugin_engine.clock.set(datetime(2100, 1, 1, 12, tzinfo=UTC))
    assert plugin_engine.run_schedule(code).logs == [("INFO", "2100-01-01 12:00:00")]
    later = datetime(2100, 1, 1, 13, tzinfo=UTC)
    assert plugin_engine.run_schedule(code, later).logs == [("INFO", "2100-01-01 13:00:00")]
    assert plugin_engine.clock.now == later


def test_a_request_is_answered_as_over_http(engine: PluginEngine) -> None:
    report = engine.run_request(ECHO, {"a": "b"}, {"X-Y": "z"}, {"n": 1}, "POST")
    assert report.response is not None
    assert report.response.status == 201
    assert report.response.headers["content-type"] == "application/json"
    answer = report.response.json()
    assert (answer["query"], answer["body"]) == ({"a": "b"}, '{"n": 1}')
    own = {"x-influxpe-method": "POST", "x-influxpe-subpath": ""}
    sent = {"x-y": "z", "content-type": "application/json"} | own
    assert sent.items() <= answer["headers"].items()


def test_a_request_that_fails_is_answered_500(engine: PluginEngine) -> None:
    report = engine.run_request(ECHO.replace("return", "raise KeyError #"), body="text")
    assert report.response is not None
    assert report.response.status == 500
    assert "KeyError" in report.response.json()["error"]
    with pytest.raises(ValueError, match="not by BREW"):
        engine.run_request(ECHO, method="BREW")


def test_a_plugin_is_a_file_that_is_read_anew(engine: PluginEngine, tmp_path: Path) -> None:
    plugin = tmp_path / "p.py"
    plugin.write_text(writes('local.info("old")'))
    assert engine.run_writes(plugin, "home a=1").logs == [("INFO", "old")]
    plugin.write_text(writes('local.info("newer")'))
    assert engine.run_writes(plugin, "home a=1").logs == [("INFO", "newer")]


def test_a_plugin_is_a_folder_that_is_read_anew(engine: PluginEngine, tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("from .part import TEXT\n" + writes("local.info(TEXT)"))
    (tmp_path / "part.py").write_text("TEXT = 'old'\n")
    assert engine.run_writes(tmp_path, "home a=1").logs == [("INFO", "old")]
    (tmp_path / "part.py").write_text("TEXT = 'newer'\n")
    assert engine.run_writes(tmp_path, "home a=1").logs == [("INFO", "newer")]


def test_a_plugin_that_is_not_there_is_named(engine: PluginEngine, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"Plugin not found: .*/missing\.py"):
        engine.run_writes(tmp_path / "missing.py", "home a=1")


def test_a_line_that_is_refused_is_named_to_its_writer(engine: PluginEngine) -> None:
    with pytest.raises(ValueError, match="line 2: "):
        engine.write("home a=1\nhome\n")


def test_a_plugin_has_the_variables_that_it_is_given() -> None:
    code = "import os\n" + writes('local.info(os.environ["API_KEY"])')
    with PluginEngine(variables={"API_KEY": "secret"}) as engine:
        assert engine.run_writes(code, "home a=1").logs == [("INFO", "secret")]
    with pytest.raises(RuntimeError, match="the engine is closed"):
        engine.run_writes(code, "home a=1")


def test_the_report_shows_what_of_the_state_was_deleted(engine: PluginEngine) -> None:
    code = writes('local.state.put("a", [1.5, None]); local.state.delete("b")')
    assert engine.run_writes(code, "home a=1").state == {"a": [1.5, None], "b": None}


def test_an_answer_that_is_too_large_is_refused(
    engine: PluginEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "QUERY_BYTES_MAX", 100)
    with pytest.raises(rows.QueryTooLarge, match="over 100 bytes of Arrow"):
        engine.query("SELECT 1")
