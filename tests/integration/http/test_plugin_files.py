"""Uploads and installations over HTTP and by the commands, with a real server."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api_client import ApiClient
from tests.server_process import SCRIPTS, ServerProcess, environment_for, serve_command
from tests.unit.plugin.wheels import put_broken_wheel, put_wheel

FILES, FOLDER = "/api/v3/plugins/files", "/api/v3/plugins/directory"
INSTALL = "/api/v3/configure/plugin_environment/install_packages"
REFUSED = "Processing engine error: plugin error: "
OCTETS = {"Content-Type": "application/octet-stream"}
LINES = {"Accept": "application/x-ndjson"}
WORD = """from .part import WORD
def process_request(influxdb3_local, query_parameters, headers, body, args=None):
    return WORD
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ServerProcess]:
    put_wheel(folder / "wheels", "first")
    put_wheel(folder / "wheels", "own")
    put_broken_wheel(folder / "wheels", "late", requires=("first",))
    options = ["--plugin-dir", str(folder / "plugins"), "--wheels-dir", str(folder / "wheels")]
    with ServerProcess(folder, [*serve_command(None), *options]) as running:
        yield running


@pytest.fixture
def plugins(folder: Path) -> Path:
    return folder / "plugins"


def trigger(client: ApiClient, plugins: Path, name: str, database: str = "db") -> None:
    """Make a request trigger of a folder that answers with `old`."""
    (plugins / name).mkdir(exist_ok=True)
    (plugins / name / "__init__.py").write_text(WORD)
    (plugins / name / "part.py").write_text("WORD = 'old'\n")
    client.http.post("/api/v3/configure/database", json={"db": database})
    made = client.create_trigger(database, name, specification=f"request:{name}", plugin=name)
    assert made.status_code == 200, made.text


def upload(client: ApiClient, name: str, word: str, **query: str) -> httpx.Response:
    """Replace the folder of a trigger."""
    files = [
        {"relative_path": "__init__.py", "content": WORD},
        {"relative_path": "part.py", "content": f"WORD = '{word}'\n"},
    ]
    return client.http.put(FOLDER, params=query, json={"plugin_name": name, "files": files})


def test_a_file_is_stored_as_json_and_as_it_is(client: ApiClient, plugins: Path) -> None:
    text = client.http.post(FILES, json={"plugin_name": "a/text.py", "content": "x = 'ü'\n"})
    raw = client.http.put(FILES, params={"path": "a/data.bin"}, content=b"\xff\0", headers=OCTETS)
    assert [(one.status_code, one.content) for one in (text, raw)] == [(200, b"")] * 2
    assert (plugins / "a" / "text.py").read_text() == "x = 'ü'\n"
    assert (plugins / "a" / "data.bin").read_bytes() == b"\xff\0"


def test_the_folder_of_a_trigger_is_replaced_while_it_runs(
    client: ApiClient, plugins: Path
) -> None:
    trigger(client, plugins, "many")
    assert client.http.get("/api/v3/engine/many").text == "old"
    assert upload(client, "many", "new", db="db").status_code == 200
    assert client.http.get("/api/v3/engine/many").text == "new"
    assert {path.name for path in (plugins / "many").iterdir()} == {"__init__.py", "part.py"}


def test_the_entry_file_of_a_trigger_is_replaced_by_its_name(
    client: ApiClient, plugins: Path
) -> None:
    trigger(client, plugins, "entry")
    code = WORD.replace("return WORD", "return WORD + '!'")
    document = {"plugin_name": "entry", "content": code}
    assert client.http.put(FILES, json=document).status_code == 200
    assert client.http.get("/api/v3/engine/entry").text == "old!"


def test_what_is_refused_has_the_words_of_the_reference(client: ApiClient, plugins: Path) -> None:
    trigger(client, plugins, "kept")
    outside = "attempts to access files outside the plugin directory"
    bad = {"relative_path": "../out.py", "content": ""}
    for answer, words in [
        (upload(client, "gone", "new"), "Plugin not found: gone"),
        (upload(client, "kept", "new", db="other"), "Plugin not found: kept"),
        (
            client.http.post(FILES, json={"plugin_name": "../out.py", "content": ""}),
            f"Path traversal detected: plugin filename '../out.py' {outside}",
        ),
        (
            client.http.put(FOLDER, json={"plugin_name": "kept", "files": [bad]}),
            f"Path traversal detected: plugin filename '../out.py' {outside}",
        ),
        (
            client.http.put(FILES, params={"path": "/etc/out"}, content=b"", headers=OCTETS),
            f"Path traversal detected: plugin filename '/etc/out' {outside}",
        ),
    ]:
        assert (answer.status_code, answer.text) == (500, REFUSED + words)
    assert client.http.get("/api/v3/engine/kept").text == "old"


def test_a_name_that_two_databases_have_needs_one(client: ApiClient, plugins: Path) -> None:
    trigger(client, plugins, "twice")
    (plugins / "other.py").write_text("")
    client.http.post("/api/v3/configure/database", json={"db": "db2"})
    client.create_trigger("db2", "twice", specification="request:twice2", plugin="other.py")
    answer = upload(client, "twice", "new")
    assert (answer.status_code, "databases 'db', 'db2'" in answer.text) == (409, True)
    assert upload(client, "twice", "new", db="db").status_code == 200


def command(server: ServerProcess, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = environment_for(folder / "home")
    line = [str(SCRIPTS / "influxpe"), *words, "--host", server.url]
    return subprocess.run(line, env=environment, capture_output=True, text=True)


def test_the_command_replaces_a_file_and_a_folder(
    client: ApiClient, server: ServerProcess, folder: Path, tmp_path: Path, plugins: Path
) -> None:
    trigger(client, plugins, "typed")
    source = tmp_path / "typed"
    source.mkdir()
    (source / "__init__.py").write_text(WORD)
    (source / "part.py").write_text("WORD = 'typed'\n")
    update = ("update", "trigger", "-d", "db", "-t", "typed", "--path")
    done = command(server, folder, *update, str(source))
    assert done.stdout == "Trigger 'typed' updated successfully (atomic directory replacement)\n"
    assert client.http.get("/api/v3/engine/typed").text == "typed"
    (source / "__init__.py").write_text(WORD.replace("return WORD", "return WORD * 2"))
    done = command(server, folder, *update, str(source / "__init__.py"))
    assert done.stdout == "Trigger 'typed' updated successfully\n"
    assert client.http.get("/api/v3/engine/typed").text == "typedtyped"


def test_an_installation_is_told_line_by_line_on_demand_only(client: ApiClient) -> None:
    silent = client.http.post(INSTALL, json={"packages": ["first"]}, timeout=120)
    assert (silent.status_code, silent.content) == (200, b"")
    told = client.http.post(INSTALL, json={"packages": ["first"]}, headers=LINES, timeout=120)
    *lines, end = [json.loads(line) for line in told.text.splitlines()]
    assert told.headers["content-type"] == "application/x-ndjson"
    assert any("Requirement already satisfied: first" in one["line"] for one in lines)
    assert end == {"installed": True}


def test_a_failed_installation_is_told_and_changes_nothing(
    client: ApiClient, server: ServerProcess, folder: Path, plugins: Path
) -> None:
    listed = (plugins / ".venv.lock").read_text()
    plain = client.http.post(INSTALL, json={"packages": ["late"]}, timeout=120)
    assert plain.status_code == 500
    assert "pip ended with status 1:\n" in plain.text
    told = client.http.post(INSTALL, json={"packages": ["late"]}, headers=LINES, timeout=120)
    end = json.loads(told.text.splitlines()[-1])
    assert (told.status_code, end["status"]) == (200, 500)
    option = client.http.post(INSTALL, json={"packages": ["-e", "."]}, headers=LINES)
    assert (option.status_code, option.text) == (
        400,
        "'-e' is an option of pip, not the name of a package",
    )
    done = command(server, folder, "install", "package", "late")
    assert done.returncode == 1
    assert "Collecting late" not in done.stdout
    assert "Install command failed: Processing engine error: error installing" in done.stderr
    assert (plugins / ".venv.lock").read_text() == listed


def test_a_named_environment_is_installed_into(client: ApiClient, plugins: Path) -> None:
    document = {"packages": ["first"], "environment": "ml"}
    assert client.http.post(INSTALL, json=document, timeout=120).status_code == 200
    assert (plugins / ".venvs" / "ml.lock").read_text() == "first==1.0\n"
    bad = client.http.post(INSTALL, json=document | {"environment": "../x"})
    assert (bad.status_code, "is no name of an environment" in bad.text) == (400, True)


NAMED = {"db": "db", "trigger_name": "named"}
IMPORTING = """
def process_request(influxdb3_local, query_parameters, headers, body, args=None):
    import own
    return own.VERSION
"""


def importing(client: ApiClient, name: str, settings: dict[str, str]) -> httpx.Response:
    """Make a trigger of the plugin that imports what is installed."""
    settled = {"run_async": False, "error_behavior": "log"} | settings
    return client.create_trigger(
        "db", name, specification=f"request:{name}", plugin="importing.py", settings=settled
    )


def test_a_trigger_runs_in_the_environment_that_it_names(
    client: ApiClient, plugins: Path, folder: Path
) -> None:
    (plugins / "importing.py").write_text(IMPORTING)
    client.http.post("/api/v3/configure/database", json={"db": "db"})
    missing = importing(client, "named", {"environment": "own"})
    assert missing.status_code == 400
    assert (
        missing.text == "there is no environment 'own': install package --environment own makes it"
    )
    document = {"packages": ["own"], "environment": "own"}
    assert client.http.post(INSTALL, json=document, timeout=120).status_code == 200
    for name, settings in (("usual", {}), ("named", {"environment": "own"})):
        made = importing(client, name, settings)
        assert made.status_code == 200, made.text
    assert client.http.get("/api/v3/engine/named").text == "1.0"
    assert "No module named 'own'" in client.http.get("/api/v3/engine/usual").text
    put_wheel(folder / "wheels", "own", "2.0")
    client.http.post(INSTALL, json=document | {"packages": ["own==2.0"]}, timeout=120)
    assert client.http.get("/api/v3/engine/named").text == "2.0"
    (plugins / ".venvs" / "own").rename(plugins / ".venvs" / "gone")
    client.http.post("/api/v3/configure/processing_engine_trigger/disable", params=NAMED)
    client.http.post("/api/v3/configure/processing_engine_trigger/enable", params=NAMED)
    gone = client.http.get("/api/v3/engine/named")
    assert "there is no environment 'own': install package --environment own" in gone.text


def test_the_files_of_all_triggers_are_listed(client: ApiClient, plugins: Path) -> None:
    trigger(client, plugins, "listed")
    sql = "SELECT file_name, size_bytes FROM system.plugin_files WHERE plugin_name = 'listed'"
    rows = client.rows("_internal", f"{sql} ORDER BY file_name")
    assert rows == [
        {"file_name": "__init__.py", "size_bytes": len(WORD)},
        {"file_name": "part.py", "size_bytes": len("WORD = 'old'\n")},
    ]
    (plugins / "listed" / "part.py").write_text("WORD = 'newer'\n")
    assert client.rows("_internal", sql)[1]["size_bytes"] == len("WORD = 'newer'\n")
