"""InfluxQL over HTTP: formats, databases, catalog statements, errors."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.api_client import ApiClient
from tests.server_process import ServerProcess, serve_command

ROUTE = "/api/v3/query_influxql"
MISMATCH = (
    "provided a database in both the parameters (a) and query string (b) that do not match, "
    "if providing a query that specifies the database, you can omit the 'database' parameter "
    "from your request"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server in memory for all tests of this file, with two rows."""
    with ServerProcess(tmp_path_factory.mktemp("server"), serve_command(None)) as running:
        with ApiClient(running.url) as client:
            client.write_all("iq", "cpu,host=a value=1 1\ncpu,host=b value=2.5 2")
            week = {"db": "kept/week", "retention_period": "7d"}
            client.http.post("/api/v3/configure/database", json=week).raise_for_status()
            hour = {"db": "kept", "retention_period": "90m"}
            client.http.post("/api/v3/configure/database", json=hour).raise_for_status()
        yield running


@pytest.fixture
def client(server: ServerProcess, connect: Callable[[str], ApiClient]) -> ApiClient:
    """Open a client of that server."""
    return connect(server.url)


def ask(client: ApiClient, text: str, **more: object) -> httpx.Response:
    """Ask by POST."""
    return client.http.post(ROUTE, json={"q": text} | more)


@pytest.mark.parametrize(
    ("form", "content_type", "body"),
    [
        (
            "json",
            "application/json",
            '[{"iox::measurement":"cpu","time":"1970-01-01T00:00:00","host":"a","mean":1.0},'
            '{"iox::measurement":"cpu","time":"1970-01-01T00:00:00","host":"b","mean":2.5}]',
        ),
        (
            "csv",
            "text/csv",
            "iox::measurement,time,host,mean\n"
            "cpu,1970-01-01T00:00:00,a,1.0\ncpu,1970-01-01T00:00:00,b,2.5\n",
        ),
    ],
)
def test_rows_have_the_formats_of_queries(
    client: ApiClient, form: str, content_type: str, body: str
) -> None:
    text = "SELECT mean(value) FROM cpu GROUP BY host"
    parameters = {"db": "iq", "q": text, "format": form}
    for answer in (
        client.http.get(ROUTE, params=parameters),
        client.http.post(ROUTE, json=parameters),
    ):
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == content_type
        assert answer.text == body


def test_an_empty_answer_is_an_empty_list(client: ApiClient) -> None:
    assert ask(client, "SELECT value FROM nope", db="iq").json() == []


def test_placeholders_are_filled(client: ApiClient) -> None:
    text = "SELECT value FROM cpu WHERE host = $host AND time < $until"
    found = ask(client, text, db="iq", params={"host": "b", "until": "1970-01-02"}).json()
    assert [row["value"] for row in found] == [2.5]
    answer = client.http.get(ROUTE, params={"db": "iq", "q": text, "params": "[1]"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "text", ["SELECT value FROM iq..cpu", "SELECT value FROM iq.autogen.cpu", "SHOW TAG KEYS ON iq"]
)
def test_a_statement_may_name_its_database(client: ApiClient, text: str) -> None:
    assert len(ask(client, text).json()) > 0
    assert len(ask(client, text, db="iq").json()) > 0
    assert len(ask(client, text, db="").json()) > 0


def test_a_retention_policy_is_a_part_of_the_name(client: ApiClient) -> None:
    client.write_all("kept/week", "m v=1")  # written now: older rows would be past their week
    assert len(ask(client, "SELECT v FROM kept.week.m").json()) == 1


def test_databases_are_shown_deleted_ones_last(client: ApiClient) -> None:
    client.write_all("gone", "m v=1 1")
    client.http.delete("/api/v3/configure/database", params={"db": "gone"}).raise_for_status()
    shown = ask(client, "SHOW DATABASES").json()
    names = [row["iox::database"] for row in shown]
    assert {"_internal", "iq", "kept", "kept/week"} <= set(names)
    deleted = [row["deleted"] for row in shown]
    assert deleted == sorted(deleted)
    assert names[-1].startswith("gone-")


def test_retention_policies_are_shown_as_go_writes_durations(client: ApiClient) -> None:
    kept = [
        {"iox::database": "kept", "name": "autogen", "duration": "1h30m0s"},
        {"iox::database": "kept", "name": "week", "duration": "168h0m0s"},
    ]
    assert ask(client, "SHOW RETENTION POLICIES ON kept").json() == kept
    assert ask(client, "SHOW RETENTION POLICIES", db="kept").json() == kept
    everything = ask(client, "SHOW RETENTION POLICIES").json()
    assert {"iox::database": "iq", "name": "autogen", "duration": "0s"} in everything
    assert ask(client, "SHOW RETENTION POLICIES", format="csv").text.startswith("iox::database,")


@pytest.mark.parametrize(
    ("text", "more", "status", "body"),
    [
        ("", {"db": "iq"}, 400, "must provide only one InfluxQl statement per query"),
        (
            "SHOW DATABASES; SHOW DATABASES",
            {},
            400,
            "must provide only one InfluxQl statement per query",
        ),
        (
            "SELECT v FROM m",
            {},
            400,
            "must specify a 'db' parameter, or provide the database in the InfluxQL query",
        ),
        ("SELECT v FROM b..m", {"db": "a"}, 400, MISMATCH),
        (
            "SELECT v FROM a..m, b..m",
            {},
            400,
            "error in InfluxQL statement: can only perform queries on a single database",
        ),
        (
            "SELECT FROM m",
            {"db": "iq"},
            400,
            "error in InfluxQL statement: parsing error: "
            "invalid SELECT statement, expected field at pos 7",
        ),
        (
            "DROP MEASUREMENT cpu",
            {"db": "iq"},
            405,
            "This feature is not implemented: DROP MEASUREMENT",
        ),
        (
            "SELECT v FROM m",
            {"db": "nope"},
            404,
            '{"error":"query error: database not found: nope"}',
        ),
        (
            "SHOW RETENTION POLICIES ON nope",
            {},
            404,
            '{"error":"query error: database not found: nope"}',
        ),
        ("SHOW RETENTION POLICIES ON b", {"db": "a"}, 400, MISMATCH),
        ("SELECT mean(value), host FROM cpu", {"db": "iq"}, 400, "mixing aggregate and non-"),
        ("SELECT value FROM cpu", {"db": "iq", "format": "xml"}, 400, "serde json error: unknown"),
    ],
)
def test_a_bad_question_says_what_is_bad(
    client: ApiClient, text: str, more: dict[str, str], status: int, body: str
) -> None:
    answer = ask(client, text, **more)
    assert (answer.status_code, answer.text[: len(body)]) == (status, body)


def test_a_get_without_parameters_is_told_what_is_missing(client: ApiClient) -> None:
    answer = client.http.get(ROUTE)
    assert answer.status_code == 400
    assert answer.text == "missing query parameters 'db' and 'q'"
    answer = client.http.get(ROUTE, params={"db": "iq"})
    assert (answer.status_code, answer.text) == (400, "serde error: missing field `q`")


def test_nested_conditions_leave_the_server_alive(client: ApiClient) -> None:
    deep = "(" * 10_000 + "value > 0" + ")" * 10_000
    assert ask(client, f"SELECT value FROM cpu WHERE {deep}", db="iq").status_code == 400  # noqa: S608 - a test's own text
    long = " OR ".join(["value > 0"] * 1_500)
    answer = ask(client, f"SELECT value FROM cpu WHERE {long}", db="iq")  # noqa: S608 - a test's own text
    assert (answer.status_code, len(answer.json())) == (200, 2)


def test_queries_are_listed_with_their_language(client: ApiClient) -> None:
    text = "SELECT max(value) FROM cpu"
    ask(client, text, db="iq")
    sql = "SELECT query_type FROM system.queries WHERE query_text = 'SELECT max(value) FROM cpu'"
    assert client.rows("iq", sql) == [{"query_type": "influxql"}]
