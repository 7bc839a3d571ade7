"""Wrong requests and commands: a clear answer in the form of InfluxDB 3, and the server goes on."""

import gzip
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from influxpe.config import HTTP_REQUEST_BYTES_MAX
from tests.api_client import ApiClient
from tests.server_process import SCRIPTS, ServerProcess, environment_for, serve_command

LINE = "cpu,host=a value=1 1"
TOO_LARGE = b"a" * (HTTP_REQUEST_BYTES_MAX + 1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("bad-input")
    command = serve_command(folder / "data", "--plugin-dir", str(folder / "plugins"))
    with ServerProcess(folder, command) as running:
        yield running


@pytest.fixture
def client(server: ServerProcess) -> Iterator[ApiClient]:
    """A client; after the test the server must still take a write and answer a query."""
    with ApiClient(server.url) as opened:
        opened.write_all("alive", LINE)
        yield opened
        opened.write_all("alive", LINE)
        assert opened.rows("alive", "SELECT value FROM cpu") == [{"value": 1.0}]
    assert server.running()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("cpu", "Expected at least one space character, got end of input"),
        ("cpu,host=a", "Expected at least one space character, got end of input"),
        ("cpu value", "No fields were provided"),
        (",host=a value=1", "Invalid measurement was provided"),
        ("cpu,host value=1", "Tag set malformed"),
        ("cpu value=1x", "Could not parse entire line"),
        ("cpu value=99999999999999999999i", "Unable to parse integer value"),
        ("cpu value=1 99999999999999999999", "Unable to parse timestamp value"),
        ("cpu,time=a value=1", "invalid column type for column 'time'"),
        ("new,time=a value=1", "'time' is a reserved column"),
        ('cpu value="text"', "invalid column type for column 'value'"),
    ],
)
def test_a_bad_line_is_named_and_its_neighbours_are_kept(
    client: ApiClient, line: str, message: str
) -> None:
    client.write_all("lines", "cpu,host=a value=1 1")
    answer = client.write("lines", f"cpu,host=before value=1 1\n{line}\ncpu,host=after value=1 1")
    assert answer.status_code == 400
    body = answer.json()
    assert body["error"] == "partial write of line protocol occurred"
    assert [refused["line_number"] for refused in body["data"]] == [2]
    assert message in body["data"][0]["error_message"]
    assert len(client.rows("lines", "SELECT value FROM cpu")) == 3


def test_a_refused_line_leaves_no_table(client: ApiClient) -> None:
    answer = client.write("lines", "ghost value=1x 1")
    assert answer.status_code == 400
    assert client.sql("lines", "SELECT * FROM ghost").status_code == 400


def test_one_bad_line_refuses_all_where_no_partial_write_is_wanted(client: ApiClient) -> None:
    answer = client.write("whole", "cpu value=1 1\ncpu value=1x 2", accept_partial="false")
    assert answer.status_code == 400
    assert answer.json()["error"] == "line protocol parsing error"
    assert answer.json()["data"]["line_number"] == 2
    assert client.rows("whole", "SELECT * FROM cpu") == []


@pytest.mark.parametrize(
    ("parameters", "body", "headers", "status", "message"),
    [
        ({}, b"cpu value=1", {}, 400, "db"),
        ({"db": "a"}, b"", {}, 400, "incoming write was empty"),
        ({"db": "_bad"}, b"cpu value=1", {}, 400, "did not start with a number or letter"),
        ({"db": "a" * 600}, b"cpu value=1", {}, 400, "too long"),
        ({"db": "a"}, b"cpu value=1\xff", {}, 400, "utf8"),
        ({"db": "a", "precision": "fortnight"}, b"cpu value=1", {}, 400, "precision"),
        ({"db": "a", "no_sync": "yes"}, b"cpu value=1", {}, 400, "serde error"),
        ({"db": "a"}, b"not gzip", {"Content-Encoding": "gzip"}, 400, "error decoding gzip"),
        ({"db": "a"}, b"cpu value=1", {"Content-Encoding": "br"}, 400, "content-encoding"),
        ({"db": "a"}, TOO_LARGE, {}, 413, "max request size (10485760 bytes) exceeded"),
        (
            {"db": "a"},
            gzip.compress(TOO_LARGE),
            {"Content-Encoding": "gzip"},
            413,
            "max request size (10485760 bytes) exceeded",
        ),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_bad_write_request_is_explained(
    client: ApiClient,
    parameters: dict[str, str],
    body: bytes,
    headers: dict[str, str],
    status: int,
    message: str,
) -> None:
    address = "/api/v3/write_lp"
    answer = client.http.post(address, params=parameters, content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert message in answer.text


@pytest.mark.parametrize(
    ("database", "sql", "status", "message"),
    [
        ("nowhere", "SELECT 1", 404, "query error: database not found: nowhere"),
        ("alive", "SELEC 1", 400, "SQL"),
        ("alive", "SELECT * FROM nothing", 400, "not found"),
        ("alive", "SELECT nope FROM cpu", 400, "nope"),
        ("alive", "SELECT nope(value) FROM cpu", 400, "nope"),
        ("alive", "SELECT value FROM cpu WHERE host = $host", 400, "host"),
        ("alive", "DROP TABLE cpu", 400, ""),
        ("alive", "INSERT INTO cpu VALUES (1)", 400, ""),
        ("alive", "SELECT 1; SELECT 2", 405, "not implemented"),
        ("alive", "", 400, ""),
    ],
)
def test_a_bad_query_is_explained(
    client: ApiClient, database: str, sql: str, status: int, message: str
) -> None:
    answer = client.sql(database, sql)
    assert answer.status_code == status, answer.text
    assert message in answer.text
    assert answer.text


@pytest.mark.parametrize("terms", [3_000, 30_000])
def test_a_query_of_thousands_of_terms_is_answered_or_refused(
    client: ApiClient, terms: int
) -> None:
    answer = client.sql("alive", "SELECT " + "+".join(["1"] * terms) + " AS total")
    assert answer.status_code in {200, 400}, answer.text[:200]
    if answer.status_code == 200:
        assert answer.json() == [{"total": terms}]


@pytest.mark.parametrize("body", ["", "{", "[]", '{"db": 1, "q": "SELECT 1"}', '{"db": "alive"}'])
def test_a_query_body_that_is_no_query_is_refused(client: ApiClient, body: str) -> None:
    answer = client.http.post("/api/v3/query_sql", content=body)
    assert answer.status_code == 400
    assert answer.text.startswith("serde json error: ")


@pytest.mark.parametrize(
    ("specification", "message"),
    [
        ("", "expect one of the following forms"),
        ("sometimes", "expect one of the following forms"),
        ("table:", "table name is empty"),
        ("every:soon", "couldn't parse to duration"),
        ("every:2y", "over 1 year"),
        ("every:0s", "every"),
        ("cron:* *", "failed to parse trigger from cron:* *"),
        ("cron:99 * * * * *", "failed to parse trigger from cron:99"),
        ("request:", "failed to parse trigger from request:"),
    ],
)
def test_a_bad_trigger_specification_is_refused(
    client: ApiClient, specification: str, message: str
) -> None:
    answer = client.create_trigger("alive", "bad", specification=specification, plugin="a.py")
    assert answer.status_code == 400, answer.text
    assert message in answer.text
    assert client.rows("alive", "SELECT * FROM system.processing_engine_triggers") == []


@pytest.mark.parametrize("plugin", ["../outside.py", "/etc/passwd", ""])
def test_a_plugin_path_cannot_leave_the_plugin_folder(client: ApiClient, plugin: str) -> None:
    answer = client.create_trigger("alive", "out", specification="all_tables", plugin=plugin)
    assert 400 <= answer.status_code <= 500
    assert client.rows("alive", "SELECT * FROM system.processing_engine_triggers") == []


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("trigger_arguments", ["a=b"]),
        ("trigger_arguments", {"a": [1]}),
        ("trigger_settings", {"error_behavior": "shrug"}),
        ("trigger_name", None),
        ("plugin_filename", 5),
    ],
)
def test_a_bad_member_of_a_trigger_is_named(client: ApiClient, member: str, value: object) -> None:
    body = {
        "db": "alive",
        "trigger_name": "bad",
        "plugin_filename": "a.py",
        "trigger_specification": "all_tables",
    }
    address = "/api/v3/configure/processing_engine_trigger"
    answer = client.http.post(address, json=body | {member: value})
    assert answer.status_code == 400, answer.text
    assert answer.text.startswith("serde json error: ")


def test_a_body_that_is_not_declared_as_json_is_refused(client: ApiClient) -> None:
    address = "/api/v3/configure/database"
    answer = client.http.post(address, content=b'{"db": "a"}')
    assert answer.status_code == 415
    assert answer.text == "unacceptable content-type, expected: application/json"


def test_a_trigger_of_an_unknown_database_is_refused(client: ApiClient) -> None:
    answer = client.create_trigger("nowhere", "t", specification="all_tables", plugin="a.py")
    assert answer.status_code == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD"])
def test_a_wrong_method_is_not_found(client: ApiClient, method: str) -> None:
    assert client.http.request(method, "/api/v3/write_lp", params={"db": "a"}).status_code == 404


def test_a_malformed_authorization_header_is_explained(client: ApiClient) -> None:
    answer = client.http.get("/health", headers={"Authorization": "Digest abc"})
    assert answer.status_code == 400
    assert "Authorization header was malformed" in answer.json()["error"]


@pytest.mark.parametrize("token", ["apiv3_", "apiv3_wrong", "apiv3_" + "A" * 86, "x" * 5_000])
def test_a_wrong_token_is_refused(tmp_path: Path, token: str) -> None:
    command = [part for part in serve_command(None) if part != "--without-auth"]
    with ServerProcess(tmp_path, command) as server:
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.get(f"{server.url}/api/v3/query_sql?db=a&q=SELECT+1", headers=headers)
        assert answer.status_code in {400, 401}
        assert "error" in answer.json()
        assert server.running()


def run(server: ServerProcess, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SCRIPTS / "influxdb3"), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment_for(folder, {"INFLUXDB3_HOST_URL": server.url}),
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["write", "--nonsense"], "error: unexpected argument '--nonsense' found"),
        (["bogus"], "error: unrecognized subcommand 'bogus'"),
        (["query", "SELECT 1"], "--database <DATABASE_NAME>"),
        (["write", "-d", "a", "-p", "fake", LINE], "unrecognized precision unit: fake"),
        (["query", "-d", "a", "--format", "xml", "SELECT 1"], "invalid value 'xml'"),
        (
            ["create", "trigger", "-d", "a", "--path", "p.py", "--trigger-spec", "every:x", "t"],
            "couldn't parse to duration",
        ),
        (
            ["test", "wal_plugin", "-d", "a", "--lp", LINE, "--input-arguments", "bare", "p.py"],
            'must be formatted as "key=value"',
        ),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(
    server: ServerProcess, tmp_path: Path, arguments: list[str], message: str
) -> None:
    done = run(server, tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["query", "-d", "nowhere", "SELECT 1"], "Query command failed: server responded with"),
        (["write", "-d", "a", "cpu value=1x"], "Write command failed: server responded with"),
        (["write", "-d", "a", "--file", "/nonexistent"], "Write command failed: "),
        (["delete", "trigger", "-d", "alive", "none"], "Delete command failed: "),
        (["query", "-d", "a", "--host", "http://127.0.0.1:1", "SELECT 1"], "failed to send"),
    ],
)
def test_a_command_that_fails_is_one_line_and_exit_code_1(
    server: ServerProcess, tmp_path: Path, arguments: list[str], message: str
) -> None:
    done = run(server, tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
