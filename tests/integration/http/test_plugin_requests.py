"""Requests to plugins of a whole server: limits that were given with a trigger, and tokens."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.api_client import ApiClient
from tests.server_process import ServerProcess, serve_command

SLEEPS = """
import time

def process_request(influxdb3_local, query_parameters, request_headers, request_body, args=None):
    time.sleep(float(query_parameters.get("seconds", "0")))
    return {"method": request_headers["x-influxpe-method"]}
"""
# Asks its own trigger, which takes one request at a time.
ITSELF = """
import urllib.error
import urllib.request

def process_request(influxdb3_local, query_parameters, request_headers, request_body, args=None):
    if not request_body:
        return "end"
    url = "http://" + request_headers["host"] + request_headers["x-influxpe-path"]
    with urllib.request.urlopen(url, timeout=25) as answer:
        return answer.read().decode()
"""
BOUND_SECONDS = 10


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server in memory with the plugins of this file."""
    folder = tmp_path_factory.mktemp("server")
    plugins = folder / "plugins"
    plugins.mkdir()
    for name, code in {"sleeps": SLEEPS, "itself": ITSELF}.items():
        (plugins / f"{name}.py").write_text(code)
    with ServerProcess(folder, serve_command(None, "--plugin-dir", str(plugins))) as running:
        with ApiClient(running.url) as api:
            api.http.post("/api/v3/configure/database", json={"db": "db"}).raise_for_status()
        yield running


@pytest.fixture
def client(server: ServerProcess, connect: Callable[[str], ApiClient]) -> ApiClient:
    """Open a client of that server."""
    return connect(server.url)


def make(client: ApiClient, name: str, plugin: str, **settings: object) -> None:
    known = {"run_async": False, "error_behavior": "log"}
    client.create_trigger(
        "db", name, specification=f"request:{name}", plugin=plugin, settings=known | settings
    ).raise_for_status()


def test_a_trigger_has_a_limit_of_its_own(client: ApiClient) -> None:
    make(client, "limited", "sleeps.py", time_limit="500ms")
    late = client.http.get("/api/v3/engine/limited", params={"seconds": "60"})
    assert late.status_code == 504
    assert "trigger 'limited' did not answer within its limit of 0.5 s" in late.json()["error"]
    assert client.http.patch("/api/v3/engine/limited/x").json() == {"method": "PATCH"}


def test_a_trigger_that_asks_itself_ends_with_its_limit(client: ApiClient) -> None:
    make(client, "itself", "itself.py", time_limit="1s")
    began_s = time.monotonic()
    assert client.http.post("/api/v3/engine/itself", content=b"again").status_code >= 500
    assert time.monotonic() - began_s < BOUND_SECONDS
    assert client.http.get("/api/v3/engine/itself").text == "end"


def test_a_failure_disables_for_good_where_that_is_asked_for(client: ApiClient) -> None:
    make(client, "once", "sleeps.py", error_behavior="disable")
    failed = client.http.get("/api/v3/engine/once", params={"seconds": "no number"})
    assert failed.status_code == 500
    assert "ValueError" in failed.json()["error"]
    gone = client.http.get("/api/v3/engine/once")
    assert gone.status_code == 404
    assert "'once'" in gone.json()["error"].partition(";")[0]


def test_paths_are_told_to_those_who_may_know_them(tmp_path: Path) -> None:
    tokens = tmp_path / "admin.json"
    token = "apiv3_" + "t" * 40
    tokens.write_text(json.dumps({"token": token, "name": "admin"}))
    tokens.chmod(0o600)
    command = [one for one in serve_command(None) if one != "--without-auth"]
    command += ["--plugin-dir", str(tmp_path), "--admin-token-file", str(tokens)]
    with ServerProcess(tmp_path, command) as running, ApiClient(running.url) as stranger:
        refused = stranger.http.get("/api/v3/engine/a")
        assert (refused.status_code, "trigger" in refused.text) == (401, False)
        with ApiClient(running.url, token=token) as known:
            told = known.http.get("/api/v3/engine/a")
            assert (told.status_code, "no request trigger serves" in told.text) == (404, True)
