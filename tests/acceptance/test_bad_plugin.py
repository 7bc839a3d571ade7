"""Plugins that fail, end their process or never end: an error in the log, and all else goes on."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.api_client import ApiClient
from tests.polling import eventually
from tests.server_process import ServerProcess, serve_command

REQUEST = "def process_request(influxdb3_local, query_parameters, headers, body, args=None):\n"
WRITES = "def process_writes(influxdb3_local, table_batches, args=None):\n"

# Bodies of plugins, and what the error that they cause must say.
FAILING = {
    "syntax": ("def process_request(:\n", "SyntaxError"),
    "no entry point": ("globals()\n", "the process_request function is not present"),
    "exception": (f"{REQUEST}    raise ValueError('boom')\n", "ValueError: boom"),
    "import": (
        f"import no_such_module_at_all\n{REQUEST}    return {{}}\n",
        "No module named 'no_such_module_at_all'",
    ),
    "system exit": (f"{REQUEST}    raise SystemExit(3)\n", "SystemExit: 3"),
    "interrupt": (f"{REQUEST}    raise KeyboardInterrupt\n", "KeyboardInterrupt"),
    "bad line": (f"{REQUEST}    influxdb3_local.write('nonsense')\n    return {{}}\n", "nonsense"),
    "bad query": (f"{REQUEST}    influxdb3_local.query('SELEC')\n", "QueryError"),
    "recursion": (f"{REQUEST}    process_request(influxdb3_local, 1, 2, 3)\n", "RecursionError"),
}
DYING = {
    "exit": f"{REQUEST}    import os\n    os._exit(7)\n",
    "segmentation fault": f"{REQUEST}    import ctypes\n    ctypes.string_at(0)\n",
}


@dataclass
class Host:
    """A server with a plugin folder."""

    server: ServerProcess
    client: ApiClient
    plugins: Path

    def trigger(self, name: str, specification: str, code: str, **settings: object) -> None:
        """Save a plugin and make its trigger."""
        (self.plugins / f"{name}.py").write_text(code)
        answer = self.client.create_trigger(
            "plugins",
            name,
            specification=specification,
            plugin=f"{name}.py",
            settings={"run_async": False, "error_behavior": "log"} | settings,
        )
        assert answer.status_code == 200, answer.text

    def wait_for_error(self, name: str, words: str) -> None:
        """Wait until the log of a trigger has an error with these words."""
        eventually(
            lambda: self.client.logs("plugins", name),
            lambda lines: any(li.startswith("ERROR") and words in li for li in lines),
        )


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("bad-plugin")
    plugins = folder / "plugins"
    plugins.mkdir()
    command = serve_command(folder / "data", "--plugin-dir", str(plugins))
    with ServerProcess(folder, command) as server, ApiClient(server.url) as client:
        client.write_all("plugins", "cpu value=0 1")
        yield Host(server, client, plugins)
        assert server.running()


@pytest.mark.parametrize("name", FAILING)
def test_a_failing_plugin_answers_500_and_says_why(host: Host, name: str) -> None:
    code, words = FAILING[name]
    path = name.replace(" ", "_")
    host.trigger(path, f"request:{path}", code)
    answer = host.client.http.get(f"/api/v3/engine/{path}")
    assert answer.status_code == 500
    assert words in answer.text
    host.wait_for_error(path, words)


@pytest.mark.parametrize("name", DYING)
def test_a_plugin_that_ends_its_process_ends_only_that(host: Host, name: str) -> None:
    path = name.replace(" ", "_")
    host.trigger(path, f"request:{path}", DYING[name])
    for _ in range(2):
        answer = host.client.http.get(f"/api/v3/engine/{path}")
        assert answer.status_code == 500
        assert path in answer.text
    host.client.write_all("plugins", "cpu value=0 1")


def test_a_plugin_recovers_when_its_file_is_mended(host: Host) -> None:
    host.trigger("mended", "request:mended", "syntax error here\n")
    assert host.client.http.get("/api/v3/engine/mended").status_code == 500
    (host.plugins / "mended.py").write_text(f"{REQUEST}    return 'well'\n")
    answer = host.client.http.get("/api/v3/engine/mended")
    assert (answer.status_code, answer.text) == (200, "well")


def test_a_failing_run_writes_nothing_and_the_next_one_works(host: Host) -> None:
    code = f"""{WRITES}
    influxdb3_local.write("half value=1")
    if any(row["value"] == 1 for batch in table_batches for row in batch["rows"]):
        raise ValueError("unlucky")
    influxdb3_local.write("whole value=1")
"""
    host.trigger("half", "table:numbers", code)
    host.client.write_all("plugins", "numbers value=1 1")
    host.wait_for_error("half", "ValueError: unlucky")
    assert host.client.rows("plugins", "SELECT * FROM half") == []
    host.client.write_all("plugins", "numbers value=2 2")
    eventually(lambda: host.client.rows("plugins", "SELECT value FROM whole"), bool)
    assert len(host.client.rows("plugins", "SELECT value FROM half")) == 1


def test_an_endless_loop_holds_up_nobody_else(host: Host) -> None:
    host.trigger("endless", "table:spins", f"{WRITES}    while True:\n        pass\n")
    host.trigger("neighbour", "table:spins", f"{WRITES}    influxdb3_local.write('seen value=1')\n")
    host.client.write_all("plugins", "spins value=1 1")
    eventually(lambda: host.client.rows("plugins", "SELECT value FROM seen"), bool)
    host.client.write_all("plugins", "spins value=2 2")
    answer = host.client.http.request(
        "DELETE",
        "/api/v3/configure/processing_engine_trigger",
        params={"db": "plugins", "trigger_name": "endless", "force": "true"},
    )
    assert answer.status_code == 200, answer.text


def test_disable_on_error_stops_the_trigger_and_keeps_the_reason(host: Host) -> None:
    code = f"{WRITES}    raise ValueError('last words')\n"
    host.trigger("fragile", "table:fragile", code, error_behavior="disable")
    host.client.write_all("plugins", "fragile value=1 1")
    host.wait_for_error("fragile", "ValueError: last words")
    state = "SELECT disabled FROM system.processing_engine_triggers WHERE trigger_name = 'fragile'"
    eventually(lambda: host.client.rows("plugins", state), lambda r: r == [{"disabled": True}])


def test_a_dry_run_of_a_bad_plugin_reports_it(host: Host) -> None:
    (host.plugins / "dry.py").write_text(f"{WRITES}    raise ValueError('dry')\n")
    body = {"filename": "dry.py", "database": "plugins", "input_lp": "cpu value=1 1"}
    answer = host.client.http.post("/api/v3/plugin_test/wal", json=body)
    assert answer.status_code == 200, answer.text
    assert any("ValueError: dry" in error for error in answer.json()["errors"])


def test_a_file_that_does_not_exist_is_named(host: Host) -> None:
    body = {"filename": "absent.py", "database": "plugins", "input_lp": "cpu value=1 1"}
    answer = host.client.http.post("/api/v3/plugin_test/wal", json=body)
    assert answer.status_code == 500
    assert "Plugin not found: " in answer.text
    assert "absent.py" in answer.text


def test_an_unknown_package_is_an_error_with_words_of_pip(host: Host) -> None:
    address = "/api/v3/configure/plugin_environment/install_packages"
    answer = host.client.http.post(address, json={"packages": ["./no/such/folder"]})
    assert answer.status_code == 500
    assert "no/such/folder" in answer.text
