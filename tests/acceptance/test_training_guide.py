"""The training guide, typed word for word: every step shows what the text says it shows."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from tests.acceptance import training
from tests.acceptance.guide_texts import VARIANTS, guide
from tests.acceptance.terminal import TOKEN
from tests.acceptance.training import DATABASE, Training

pytestmark = [pytest.mark.timeout(400), pytest.mark.network]

# Blocks that fetch the real product, or find and end a process: nothing to type here.
NOT_TYPED = ("install_influxdb3.sh", "ps aux")


@pytest.fixture(scope="module", params=VARIANTS)
def followed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Training]:
    document = guide(request.param, "training.md", "000")
    folder: Path = tmp_path_factory.mktemp(f"training-{request.param}")
    result = training.follow(document, folder)
    with closing(result.terminal):
        yield result


def rows(followed: Training, query: str) -> list[dict[str, object]]:
    with followed.connect() as client:
        return client.rows(DATABASE, query)


def test_every_block_of_the_guide_is_typed(followed: Training) -> None:
    left = [b.text for b in followed.document.untaken() if not any(w in b.text for w in NOT_TYPED)]
    assert left == []


def test_the_plugin_folder_is_made_by_the_server(followed: Training) -> None:
    assert followed.plugins.is_dir()
    assert (followed.terminal.home / ".influxdb").is_dir()


def test_the_token_is_printed_once_and_never_again(followed: Training) -> None:
    printed = followed.printed["token"].output
    assert "New token created successfully!" in printed
    assert len(set(TOKEN.findall(printed))) == 1
    again = followed.printed["second token"]
    assert again.status == 1
    assert "token name already exists, _admin" in again.output + again.errors
    assert followed.token not in followed.terminal.server_output()


def test_a_command_without_a_token_is_refused_in_words(followed: Training) -> None:
    refused = followed.printed["no token"]
    assert refused.status == 1
    assert "Create command failed: server responded with error [401 Unauthorized]" in refused.errors
    assert "the request was not authenticated" in refused.errors


def test_the_token_of_the_environment_is_used(followed: Training) -> None:
    created = followed.printed["database"]
    assert (created.status, created.output) == (0, f'Database "{DATABASE}" created successfully\n')


def test_the_written_row_is_printed_as_a_table(followed: Training) -> None:
    assert followed.printed["write"].status == 0
    shown = followed.printed["query"].output
    cells = [
        [c.strip() for c in line.split("|")[1:-1]] for line in shown.splitlines() if "|" in line
    ]
    assert cells == [
        ["host", "region", "time", "value"],
        ["server01", "us-west", "2022-01-01T08:00:00", "0.64"],
    ]


def test_acknowledged_rows_survive_the_kill_of_the_guide(followed: Training) -> None:
    assert rows(followed, "SELECT * FROM cpu") == [
        {"host": "server01", "region": "us-west", "time": "2022-01-01T08:00:00", "value": 0.64}
    ]


def test_the_structured_write_reaches_its_table(followed: Training) -> None:
    assert followed.printed["structured write"].status == 0
    written = rows(followed, "SELECT tag1, value FROM test_data")
    assert written == [{"tag1": "value1", "value": 123.0}] * 2


def test_a_trigger_may_come_before_its_plugin_file(followed: Training) -> None:
    created = followed.printed["early trigger"]
    assert created.status == 0
    assert "Trigger hello_wal_trigger created successfully" in created.output
    assert "hello-wal.py" in created.output.replace("hello_wal_trigger", "") + created.errors


def test_a_write_makes_the_summary_that_the_guide_promises(followed: Training) -> None:
    query = "SELECT source, row_count FROM hello_summary WHERE \"table\" = 'test_data'"
    summary = rows(followed, query)
    assert summary == [{"source": "wal_plugin", "row_count": 1}] * 2
    shown = followed.printed["summary"]
    assert shown.status == 0
    assert "wal_plugin" in shown.output
    assert "test_data" in shown.output


def test_a_trigger_is_not_fed_its_own_output(followed: Training) -> None:
    tables = {row["table"] for row in rows(followed, 'SELECT "table" FROM hello_summary')}
    assert "test_data" in tables
    assert "hello_summary" not in tables


def test_the_log_lines_of_the_plugin_are_printed(followed: Training) -> None:
    printed = followed.terminal.server_output()
    assert "Hello from WAL plugin!" in printed
    assert "Received 1 rows from table test_data" in printed


def test_the_heartbeat_carries_the_time_of_the_call(followed: Training) -> None:
    interval_s = 60 if "every:1m" in followed.document.shell("hello_schedule_trigger") else 2
    beats = rows(followed, "SELECT * FROM scheduler_heartbeat ORDER BY time")
    assert beats
    for beat in beats:
        assert (beat["source"], beat["status"]) == ("schedule_plugin", "running")
        called = datetime.fromisoformat(f"{beat['time']}+00:00")
        assert called.timestamp() % interval_s == 0
    assert "Hello from scheduled plugin! Called at 20" in followed.terminal.server_output()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_request_is_answered_as_json(followed: Training, method: str) -> None:
    answer = followed.answered[method]
    assert answer.status_code == 200
    body = answer.json()
    assert body["message"].startswith("Hello")
    assert body["timestamp"] > 1_700_000_000_000_000_000


def test_each_request_leaves_its_row(followed: Training) -> None:
    hello = "SELECT received FROM api_requests WHERE endpoint = 'hello'"
    assert len(rows(followed, hello)) >= 2
    assert "Query parameters: {'colour': 'blue'}" in followed.terminal.server_output()


def test_an_unknown_path_names_itself_and_the_paths_that_exist(followed: Training) -> None:
    answer = followed.answered["unknown path"]
    assert answer.status_code == 404
    assert "webhook" in answer.text
    assert "hello" in answer.text
    printed = followed.printed["webhook without a trigger"].output
    assert "webhook" in printed
    assert "hello" in printed


def test_a_caller_without_a_token_learns_no_paths(followed: Training) -> None:
    printed = followed.printed["webhook with a locked door"].output
    assert json.loads(printed) == {"error": "the request was not authenticated"}


def test_the_webhook_answers_once_its_trigger_exists(followed: Training) -> None:
    assert followed.printed["webhook trigger"].status == 0
    body = json.loads(followed.printed["webhook"].output)
    assert body["message"].startswith("Hello")


def test_a_plugin_of_the_repository_runs(followed: Training) -> None:
    assert followed.printed["repository trigger"].status == 0
    assert rows(followed, "SELECT host, load1 FROM system_load")


def test_an_installed_package_is_importable_without_a_restart(followed: Training) -> None:
    before = followed.answered["without pandas"]
    assert before.status_code == 500
    assert "No module named 'pandas'" in before.text
    installed = followed.printed["install"]
    assert (installed.status, installed.output) == (0, ""), installed.errors
    assert followed.answered["with pandas"].json() == {"sum": 6}
    assert list(followed.plugins.glob(".venv/lib/python*/site-packages/pandas"))


def test_triggers_survive_the_kill_of_the_guide(followed: Training) -> None:
    listed = rows(followed, "SELECT trigger_name, disabled FROM system.processing_engine_triggers")
    names = {row["trigger_name"] for row in listed if not row["disabled"]}
    expected = {"hello_wal_trigger", "hello_schedule_trigger", "hello_http_trigger", "webhook"}
    assert expected | {"system_metrics", "uses_pandas"} == names
