"""The getting-started page: dry run, trigger, enable; what its sample logs, writes and asks."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.document import Document
from tests.acceptance.guide_texts import VARIANTS, guide
from tests.acceptance.terminal import Finished, Terminal
from tests.api_client import ApiClient
from tests.polling import eventually

DATABASE = "sensors"
SOME_TABLE = 'some_table,tag1=tag1_value,tag2=tag2_value field1=1i,field2=2.0,field3="number three"'
OTHER_TABLE = "other_table other_field=1i,other_field2=3.14 1302"

ASKS_FOR_A_ROOM = """
def process_request(influxdb3_local, query_parameters, request_headers, request_body, args=None):
    sql = "SELECT temp FROM home WHERE room = $room"
    return {"rows": [dict(row) for row in influxdb3_local.query(sql, dict(query_parameters))]}
"""

REMEMBERS = """
def process_request(influxdb3_local, query_parameters, request_headers, request_body, args=None):
    cache = influxdb3_local.cache
    calls = cache.get("calls", default=[])
    calls.append(len(calls) + 1)
    cache.put("calls", calls, ttl=3600)
    cache.put("newest", calls[-1], use_global=True)
    cache.put("gone", 1, ttl=0)
    return {
        "calls": calls,
        "same_object": cache.get("calls") is calls,
        "global": cache.get("newest", use_global=True),
        "local": cache.get("newest", default="absent"),
        "gone": cache.get("gone", default="absent"),
        "deleted": cache.delete("nothing"),
    }
"""


class Page:
    """A reader of the page, whose server runs without authentication."""

    def __init__(self, document: Document, folder: Path) -> None:
        self.document = document
        self.plugins = folder / "plugins"
        self.terminal = Terminal(folder, {"INFLUXDB3_START_WITHOUT_AUTH": "true"})
        serve = document.shell("influxdb3 serve")
        server = self.terminal.serve(serve, PLUGIN_DIR=str(self.plugins))
        self.client = ApiClient(server.url)
        sample = document.python("process_writes")
        for name in ("test.py", "test_plugin.py"):
            (self.plugins / name).write_text(sample)
        self._make_what_the_sample_needs()

    def _make_what_the_sample_needs(self) -> None:
        created = self.terminal.run(f"influxdb3 create database {DATABASE}")
        assert created.status == 0, created.errors
        self.client.write_all(DATABASE, "home,room=Kitchen temp=21.5 1\nhome,room=Hall temp=19 1")

    def trigger(self, name: str, specification: str, plugin: str) -> None:
        """Make a trigger over HTTP."""
        answer = self.client.create_trigger(
            DATABASE, name, specification=specification, plugin=plugin
        )
        assert answer.status_code == 200, answer.text

    def go_live(self) -> None:
        """Create and enable the trigger of the page, then write what it waits for."""
        for text in (
            self.document.shell("create trigger"),
            self.document.shell("enable", "trigger1"),
        ):
            done = self.terminal.run(text)
            assert done.status == 0, done.errors
        self.client.write_all(DATABASE, "foo,room=Hall temp=3 7")


@pytest.fixture(scope="module", params=VARIANTS)
def page(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    document = guide(request.param, "getting_started.md", "004")
    reader = Page(document, tmp_path_factory.mktemp(f"page-{request.param}"))
    yield reader
    reader.client.http.close()
    reader.terminal.close()


def report(finished: Finished) -> dict[str, Any]:
    assert finished.status == 0, finished.errors
    parsed: dict[str, Any] = json.loads(finished.output)
    return parsed


def test_a_server_without_a_node_id_names_itself(page: Page) -> None:
    assert "Using auto-generated node id" in page.terminal.server_output()


@pytest.mark.parametrize("command", ["test wal_plugin -h", "test schedule_plugin -h"])
def test_help_explains_the_dry_run(page: Page, command: str) -> None:
    shown = page.terminal.run(page.document.inline(command))
    assert shown.status == 0
    assert "--input-arguments" in shown.output


def test_the_dry_run_reports_log_writes_and_no_errors(page: Page) -> None:
    result = report(page.terminal.run(page.document.shell("my_measure")))
    assert result["errors"] == []
    assert result["database_writes"] == {DATABASE: [SOME_TABLE], "mytestdb": [OTHER_TABLE]}
    for line in (
        "INFO: arg1: hello",
        "INFO: query result: []",
        "INFO: table: my_measure",
        "INFO: row: {'tag1': 'asdf', 'f1': 1.0, 'time': 123}",
        "INFO: done",
    ):
        assert line in result["log_lines"]


def test_the_dry_run_warns_of_a_parameter_in_quotes(page: Page) -> None:
    result = report(page.terminal.run(page.document.shell("my_measure")))
    warnings = [line for line in result["log_lines"] if line.startswith("WARN")]
    assert len(warnings) == 1
    assert "room" in warnings[0]


def test_the_dry_run_takes_filled_in_placeholders(page: Page) -> None:
    values = {
        "DATABASE_NAME": DATABASE,
        "AUTH_TOKEN": "any",
        "INPUT_LINE_PROTOCOL": "'a b=1 5'",
        "INPUT_ARGS": "arg1=one",
        "PLUGIN_FILENAME": "test.py",
    }
    result = report(page.terminal.run(page.document.shell("INPUT_LINE_PROTOCOL"), **values))
    assert "INFO: arg1: one" in result["log_lines"]
    assert "INFO: row: {'b': 1.0, 'time': 5}" in result["log_lines"]


def test_a_dry_run_stores_nothing(page: Page) -> None:
    report(page.terminal.run(page.document.shell("my_measure")))
    databases = page.client.http.get("/api/v3/configure/database", params={"format": "json"})
    assert "mytestdb" not in databases.text
    assert page.client.sql(DATABASE, "SELECT * FROM my_measure").status_code == 400


def test_enabling_an_enabled_trigger_is_no_error(page: Page) -> None:
    page.trigger("idle", "table:never", "test.py")
    template = page.document.shell("AUTH_TOKEN", "enable trigger")
    values = {"AUTH_TOKEN": "any", "DATABASE_NAME": DATABASE, "TRIGGER_NAME": "idle"}
    for _ in range(2):
        enabled = page.terminal.run(template, **values)
        assert (enabled.status, enabled.output) == (0, "Trigger idle enabled successfully\n")


def test_the_parameter_reaches_a_query_without_quotes(page: Page) -> None:
    (page.plugins / "room.py").write_text(ASKS_FOR_A_ROOM)
    page.trigger("room", "request:room", "room.py")
    answer = page.client.http.get("/api/v3/engine/room", params={"room": "Kitchen"})
    assert answer.json() == {"rows": [{"temp": 21.5}]}
    nobody = page.client.http.get("/api/v3/engine/room", params={"room": "' OR 1=1 --"})
    assert nobody.json() == {"rows": []}


def test_the_cache_keeps_objects_between_runs(page: Page) -> None:
    (page.plugins / "remembers.py").write_text(REMEMBERS)
    page.trigger("remember", "request:remember", "remembers.py")
    first, second = (page.client.http.get("/api/v3/engine/remember").json() for _ in range(2))
    assert first["calls"] == [1]
    assert second == {
        "calls": [1, 2],
        "same_object": True,
        "global": 2,
        "local": "absent",
        "gone": "absent",
        "deleted": False,
    }


def test_the_live_trigger_writes_to_two_databases(page: Page) -> None:
    page.go_live()
    some = eventually(lambda: page.client.rows(DATABASE, "SELECT * FROM some_table"), bool)
    assert len(some) == 1
    some[0].pop("time")
    assert some[0] == {
        "tag1": "tag1_value",
        "tag2": "tag2_value",
        "field1": 1,
        "field2": 2.0,
        "field3": "number three",
    }
    other = page.client.rows("mytestdb", "SELECT * FROM other_table")
    row = {"other_field": 1, "other_field2": 3.14, "time": "1970-01-01T00:00:00.000001302"}
    assert other == [row]
    logged = page.client.logs(DATABASE, "trigger1")
    for line in (
        "INFO: arg1: hello",
        "INFO: query result: []",
        "INFO: table: foo",
        "INFO: row: {'room': 'Hall', 'temp': 3.0, 'time': 7}",
        "INFO: done",
    ):
        assert line in logged


def test_every_block_of_the_page_was_typed(page: Page) -> None:
    assert [block.text for block in page.document.untaken()] == []
