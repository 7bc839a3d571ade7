"""`POST /api/v3/plugin_test/request`: the answer of a plugin to a request that nobody sent."""

from collections.abc import Iterator

import pytest

from tests.api_client import ApiClient
from tests.server_process import ServerProcess, serve_command

ROUTE = "/api/v3/plugin_test/request"
ECHO = """
def process_request(influxdb3_local, query_parameters, headers, body, args=None):
    influxdb3_local.info(headers["x-influxpe-method"] + headers["x-influxpe-subpath"], args)
    influxdb3_local.write("queued n=1i 1")
    influxdb3_local.write_sync("at_once n=1i 1")
    return {"query": query_parameters, "x": headers.get("x-y"), "body": body.decode()}, 418
"""
FAIL = """
def process_request(influxdb3_local, query_parameters, headers, body, args=None):
    influxdb3_local.info("began")
    raise ValueError("no")
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiClient]:
    """Open a client of a server with plugins."""
    plugins = tmp_path_factory.mktemp("plugins")
    (plugins / "echo.py").write_text(ECHO)
    (plugins / "fail.py").write_text(FAIL)
    command = serve_command(None, "--plugin-dir", str(plugins))
    with (
        ServerProcess(tmp_path_factory.mktemp("server"), command) as server,
        ApiClient(server.url) as opened,
    ):
        yield opened


def tried(client: ApiClient, filename: str, **more: object) -> dict[str, object]:
    answer = client.http.post(ROUTE, json={"filename": filename, "database": "db", **more})
    assert answer.status_code == 200, answer.text
    document: dict[str, object] = answer.json()
    return document


def test_the_answer_the_log_and_the_writes_are_shown(client: ApiClient) -> None:
    shown = tried(
        client,
        "echo.py",
        method="PUT",
        query_parameters={"a": "b"},
        headers={"X-Y": "z", "X-Influxpe-Method": "FORGED"},
        body={"n": 1},
        input_arguments={"k": "v"},
    )
    log_lines = shown.pop("log_lines")
    assert list(shown) == ["status", "headers", "body", "database_writes", "errors"]
    assert shown == {
        "status": 418,
        "headers": {"content-type": "application/json"},
        "body": '{"query": {"a": "b"}, "x": "z", "body": "{\\"n\\":1}"}',
        "database_writes": {"db": ["at_once n=1i 1", "queued n=1i 1"]},
        "errors": [],
    }
    assert isinstance(log_lines, list)
    assert log_lines[:2] == [
        "INFO: starting execution of request plugin.",
        "INFO: PUT {'k': 'v'}",
    ]


def test_nothing_of_it_is_stored(client: ApiClient) -> None:
    tried(client, "echo.py", body="text")
    answer = client.http.post("/api/v3/query_sql", json={"db": "db", "q": "SELECT * FROM queued"})
    assert answer.status_code != 200


def test_a_plugin_that_fails_answers_500(client: ApiClient) -> None:
    shown = tried(client, "fail.py")
    assert (shown["status"], shown["database_writes"]) == (500, {})
    assert shown["errors"] == ["error executing plugin: ValueError: no"]
    assert shown["log_lines"] == ["INFO: starting execution of request plugin.", "INFO: began"]


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        ({"method": "BREW"}, 400, "unknown method 'BREW', one of GET, HEAD, POST"),
        ({"filename": "absent.py"}, 500, "Plugin not found: "),
        ({"query_parameters": {"a": 1}}, 400, "query_parameters"),
    ],
)
def test_what_cannot_be_tried_is_refused(
    client: ApiClient, more: dict[str, object], status: int, words: str
) -> None:
    answer = client.http.post(ROUTE, json={"filename": "echo.py", "database": "db"} | more)
    assert answer.status_code == status
    assert words in answer.text
