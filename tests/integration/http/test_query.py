"""Queries over HTTP: formats, parameters, errors."""

import io
import json
from collections.abc import Callable, Iterator

import httpx
import pyarrow.parquet
import pytest

from tests.api_client import ApiClient
from tests.server_process import ServerProcess, serve_command

SQL = "SELECT host, value FROM cpu ORDER BY time"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server in memory for all tests of this file, with two rows."""
    with ServerProcess(tmp_path_factory.mktemp("server"), serve_command(None)) as running:
        with ApiClient(running.url) as client:
            client.write_all("q", "cpu,host=a value=1 1\ncpu,host=b value=2.5 2")
        yield running


@pytest.fixture
def client(server: ServerProcess, connect: Callable[[str], ApiClient]) -> ApiClient:
    """Open a client of that server."""
    return connect(server.url)


def get(client: ApiClient, headers: dict[str, str] | None = None, **more: str) -> httpx.Response:
    parameters = {"db": "q", "q": SQL} | more
    return client.http.get("/api/v3/query_sql", params=parameters, headers=headers)


@pytest.mark.parametrize(
    ("name", "content_type", "body"),
    [
        ("json", "application/json", '[{"host":"a","value":1.0},{"host":"b","value":2.5}]'),
        (
            "json_lines",
            "application/jsonl",
            '{"host":"a","value":1.0}\n{"host":"b","value":2.5}\n',
        ),
        ("jsonl", "application/jsonl", '{"host":"a","value":1.0}\n{"host":"b","value":2.5}\n'),
        ("csv", "text/csv", "host,value\na,1.0\nb,2.5\n"),
        (
            "pretty",
            "text/plain; charset=utf-8",
            "+------+-------+\n| host | value |\n+------+-------+\n"
            "| a    | 1.0   |\n| b    | 2.5   |\n+------+-------+",
        ),
    ],
)
def test_each_format_has_its_content_type(
    client: ApiClient, name: str, content_type: str, body: str
) -> None:
    for answer in (get(client, format=name), client.sql("q", SQL, format=name)):
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == content_type
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.text == body


def test_parquet_can_be_read_back(client: ApiClient) -> None:
    answer = get(client, format="parquet")
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    table = pyarrow.parquet.read_table(io.BytesIO(answer.content))
    assert table.column("value").to_pylist() == [1.0, 2.5]


def test_accept_chooses_the_format(client: ApiClient) -> None:
    answer = get(client, {"Accept": "text/csv"})
    assert answer.text.startswith("host,value\n")
    assert get(client, {"Accept": "text/csv"}, format="json").text.startswith("[")
    assert get(client, {"Accept": "application/jsonl"}, format="json").status_code == 400


def test_parameters_fill_placeholders(client: ApiClient) -> None:
    sql = "SELECT value FROM cpu WHERE host = $host AND value > $least"
    answer = client.sql("q", sql, params={"host": "b", "least": 1})
    assert answer.json() == [{"value": 2.5}]
    answer = get(client, q=sql, params=json.dumps({"host": "a", "least": 0.5}))
    assert answer.json() == [{"value": 1.0}]


@pytest.mark.parametrize("value", [[1], {"a": 1}])
def test_parameters_that_are_no_scalars_are_refused(client: ApiClient, value: object) -> None:
    answer = client.sql("q", "SELECT $x", params={"x": value})
    assert answer.status_code == 400
    assert "are not supported as query parameters" in answer.text


@pytest.mark.parametrize(
    ("sql", "status", "message"),
    [
        ("SELECT nope FROM cpu", 400, "nope"),
        ("SELECT * FROM nope", 400, "table 'public.iox.nope' not found"),
        ("SELEC", 400, "SQL error: ParserError"),
        ("SELECT $host", 400, "No value found for placeholder with name $host"),
        ("CREATE TABLE a (b int)", 400, "DDL not supported"),
        ("SELECT 1; SELECT 2", 405, "This feature is not implemented"),
    ],
)
def test_bad_sql_is_told_as_text(client: ApiClient, sql: str, status: int, message: str) -> None:
    answer = client.sql("q", sql)
    assert answer.status_code == status, answer.text
    assert message in answer.text
    assert "content-type" not in answer.headers


def test_unknown_database_is_told_in_json(client: ApiClient) -> None:
    answer = client.sql("nowhere", "SELECT 1")
    assert answer.status_code == 404
    assert answer.text == '{"error":"query error: database not found: nowhere"}'


@pytest.mark.parametrize(
    ("query_string", "message"),
    [
        ("", "missing query parameters 'db' and 'q'"),
        ("db=q", "serde error: missing field `q`"),
        ("db=q&q=SELECT+1&format=xml", "serde error: unknown variant `xml`"),
        ("db=q&db=q&q=SELECT+1", "serde error: duplicate field `db`"),
    ],
)
def test_missing_parameters_are_named(client: ApiClient, query_string: str, message: str) -> None:
    answer = client.http.get(f"/api/v3/query_sql?{query_string}")
    assert answer.status_code == 400
    assert answer.text.startswith(message)


def test_a_large_answer_is_streamed_whole(client: ApiClient) -> None:
    lines = "\n".join(f'big s="{"x" * 100}",i={i}i {i}' for i in range(50_000))
    client.write_all("q", lines)
    answer = client.sql("q", "SELECT i, s FROM big", format="json_lines")
    assert answer.headers["transfer-encoding"] == "chunked"
    values = {json.loads(line)["i"] for line in answer.text.splitlines()}
    assert len(values) == 50_000


def test_an_error_after_the_first_rows_cuts_the_answer_off(client: ApiClient) -> None:
    lines = "\n".join(f'cut s="{"x" * 100}",i={i}i {i}' for i in range(50_000))
    client.write_all("q", lines)
    sql = "SELECT s, 1/(i - 49999) AS x FROM cut"
    with pytest.raises(httpx.RemoteProtocolError):
        client.sql("q", sql, format="csv")
    answer = client.sql("q", sql, format="pretty")
    assert (answer.status_code, answer.text) == (400, "Arrow error: Divide by zero error")


def test_a_client_that_leaves_ends_its_query_and_nothing_else(
    client: ApiClient, server: ServerProcess
) -> None:
    lines = "\n".join(f'wide s="{"x" * 200}" {i}' for i in range(40_000))
    client.write_all("q", lines)
    sql = "SELECT s FROM wide"
    for _ in range(3):
        with client.http.stream("POST", "/api/v3/query_sql", json={"db": "q", "q": sql}) as answer:
            next(answer.iter_raw())
    assert client.sql("q", "SELECT 1 AS one").json() == [{"one": 1}]
    assert server.running()
