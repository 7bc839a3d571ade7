"""Maxima of the catalog that a server was started with: growth is refused, what exists stays."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from tests.api_client import ApiClient
from tests.server_process import ServerProcess, StartServer, environment_for, serve_command

LIMITS = ("--max-databases", "2", "--max-tables", "3", "--max-columns-per-table", "4")
DATABASES = "Adding a new database would exceed limit of 2 databases"
TABLES = (
    "Update to schema would exceed number of tables limit: attempted to create table but "
    "already have 3 table(s) (limit: 3)"
)
COLUMNS = "Update to schema would exceed number of columns per table limit of 4 columns"
ROUTES = {"/api/v3/write_lp": "db", "/write": "db", "/api/v2/write": "bucket"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server that is full: two databases, three tables, one of them with four columns."""
    folder = tmp_path_factory.mktemp("limits")
    with ServerProcess(folder, serve_command(None, *LIMITS)) as running:
        with ApiClient(running.url) as client:
            client.write_all("one", "a,t=x f=1,g=1,h=1 1\nb f=1 1")
            client.write_all("two", "c f=1 1")
        yield running


def write(client: ApiClient, path: str, database: str, line: str) -> tuple[int, object]:
    """Post a line; only version 3 takes the others of a body, and is asked not to."""
    parameters = {ROUTES[path]: database, "accept_partial": "false"}
    answer = client.http.post(path, params=parameters, content=line)
    return answer.status_code, answer.json()


def v2(message: str) -> tuple[int, object]:
    return 400, {"code": "invalid", "message": f"write buffer error: {message}"}


def test_a_database_too_many_refuses_the_request(client: ApiClient) -> None:
    answer = client.write("three", "m f=1 1\nbad")
    assert (answer.status_code, answer.json()) == (422, {"error": DATABASES})
    for path in ("/api/v3/write_lp", "/write"):
        assert write(client, path, "three", "m f=1 1") == (422, {"error": DATABASES})
    expected = v2(f"catalog update error: {DATABASES}")
    assert write(client, "/api/v2/write", "three", "m f=1 1") == expected
    for path, more in (("database", {}), ("table", {"table": "t", "tags": [], "fields": []})):
        body = {"db": "three"} | more
        answer = client.http.post(f"/api/v3/configure/{path}", json=body)
        assert (answer.status_code, answer.json()) == (422, {"error": DATABASES})
    stream = pa.BufferOutputStream()
    table = pa.table({"f": [1.0]})
    with pa.ipc.new_stream(stream, table.schema) as sink:
        sink.write_table(table)
    content = stream.getvalue().to_pybytes()
    answer = client.http.post("/api/v3/write_arrow?db=three&table=m", content=content)
    assert (answer.status_code, answer.json()) == (422, {"error": DATABASES})
    assert client.sql("three", "SELECT 1").status_code == 404


@pytest.mark.parametrize(
    ("line", "message"), [("d f=1 1", TABLES), ("a i=1 1", COLUMNS)], ids=["table", "column"]
)
def test_a_table_or_a_column_too_many_refuses_its_line(
    client: ApiClient, line: str, message: str
) -> None:
    answer = client.write("one", f"b f=2 2\n{line}")
    fault = {"error_message": message, "line_number": 2, "original_line": line}
    error = "partial write of line protocol occurred"
    assert (answer.status_code, answer.json()) == (422, {"error": error, "data": [fault]})
    fault = fault | {"line_number": 1}
    whole = (400, {"error": "line protocol parsing error", "data": fault})
    assert write(client, "/api/v3/write_lp", "one", line) == whole
    assert write(client, "/write", "one", line) == whole
    expected = v2(f"line protocol parse failed: {message}")
    assert write(client, "/api/v2/write", "one", line) == expected


def test_the_internal_and_deleted_databases_do_not_count(start_server: StartServer) -> None:
    server = start_server("--max-databases", "1")
    with ApiClient(server.url) as client:
        for _ in range(3):
            client.write_all("only", "m f=1 1")
            assert client.write("other", "m f=1 1").status_code == 422
            assert client.http.delete("/api/v3/configure/database?db=only").status_code == 200


def test_a_start_with_lower_maxima_keeps_what_exists(
    start_server: StartServer, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    server = start_server(data_dir=data)
    with ApiClient(server.url) as client:
        client.write_all("one", "a,t=x f=1,g=1 1\nb f=1 1")
        client.write_all("two", "c f=1 1")
    assert server.stop() == 0
    lower = ("--max-databases", "1", "--max-tables", "1", "--max-columns-per-table", "1")
    server = start_server(*lower, data_dir=data)
    with ApiClient(server.url) as client:
        client.write_all("one", "a,t=y f=2,g=2 2\nb f=2 2")
        client.write_all("two", "c f=2 2")
        assert len(client.rows("one", "SELECT * FROM a")) == 2
        assert len(client.rows("two", "SELECT * FROM c")) == 2
        for database, line in (("three", "m f=1"), ("two", "d f=1"), ("two", "c g=1")):
            assert client.write(database, line).status_code == 422


def test_a_table_cannot_have_more_columns_than_can_be_numbered(tmp_path: Path) -> None:
    command = serve_command(None, "--max-columns-per-table", "65536")
    environment = environment_for(tmp_path, {"INFLUXDB3_HTTP_BIND_ADDR": "127.0.0.1:0"})
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=60, check=False
    )
    message = "Serve command failed: a table can have 65535 columns at most, not 65536"
    assert (done.returncode, done.stderr.strip()) == (1, message)


def test_a_line_of_endless_fields_and_a_body_of_endless_tables_are_refused(
    client: ApiClient,
) -> None:
    wide = "a " + ",".join(f"n{number}=1" for number in range(200_000))
    tall = "\n".join(f"t{number} f=1" for number in range(100_000))
    for body, refused in ((wide, 1), (tall, 100_000)):
        answer = client.http.post("/api/v3/write_lp?db=one", content=body)
        assert answer.status_code == 422
        assert len(answer.json()["data"]) == refused
