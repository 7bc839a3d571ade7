"""Last-value and distinct-value caches over HTTP."""

from typing import Any

import httpx
import pytest

from tests.api_client import ApiClient

LAST = "/api/v3/configure/last_cache"
DISTINCT = "/api/v3/configure/distinct_cache"
LINES = 'cpu,region=east,host=a usage=1.5,note="x" 1000\ncpu,region=west,host=b usage=2 2000'


@pytest.fixture
def table(client: ApiClient, request: pytest.FixtureRequest) -> str:
    """A database of its own for each test, with one table `cpu`."""
    name = "caches-" + str(abs(hash(request.node.name)))
    client.write_all(name, LINES)
    return name


def create(client: ApiClient, path: str, database: str, **members: object) -> httpx.Response:
    return client.http.post(path, json={"db": database, "table": "cpu"} | members)


def ask(client: ApiClient, db: str, sql: str) -> list[dict[str, Any]]:
    return client.rows(db, sql)


def test_a_last_cache_is_made_and_answers(client: ApiClient, table: str) -> None:
    answer = create(client, LAST, table)
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    batch = document["catalog_batch"]["Database"]
    assert batch["database_name"] == table
    [operation] = batch["ops"]
    record = operation["CreateLastCache"]
    assert record.pop("table_id") >= 0
    assert record == {
        "table": "cpu",
        "id": 0,
        "node_spec": "all",
        "name": "cpu_region_host_last_cache",
        "key_columns": [{"tag": 0}, {"tag": 1}],
        "value_columns": "all_non_key_columns",
        "count": 1,
        "ttl": 14_400,
    }
    assert document["sequence_number"] > 0
    client.write(table, "cpu,region=east,host=a usage=9 3000\ncpu,region=east,host=a usage=7 500")
    found = ask(client, table, "SELECT region, host, usage FROM last_cache('cpu')")
    assert found == [
        {"region": "east", "host": "a", "usage": 9.0},
        {"region": "west", "host": "b", "usage": 2.0},
    ]


def test_the_columns_of_a_last_cache_can_be_chosen(client: ApiClient, table: str) -> None:
    chosen = {"key_columns": ["host"], "value_columns": ["usage"], "count": 2, "ttl": 60}
    answer = create(client, LAST, table, name="c", **chosen)
    record = answer.json()["catalog_batch"]["Database"]["ops"][0]["CreateLastCache"]
    assert record["key_columns"] == [{"tag": 1}]
    assert record["value_columns"] == {"explicit": {"columns": [{"field": [0, 0]}, "timestamp"]}}
    found = ask(client, table, "SELECT * FROM last_cache('cpu', 'c') WHERE host = 'a'")
    assert found == [{"host": "a", "usage": 1.5, "time": "1970-01-01T00:00:00.000001"}]


def test_a_distinct_cache_is_made_and_answers(client: ApiClient, table: str) -> None:
    ages = 9_000_000_000
    answer = create(client, DISTINCT, table, columns=["region", "note"], max_age=ages)
    assert answer.status_code == 201
    record = answer.json()["catalog_batch"]["Database"]["ops"][0]["CreateDistinctCache"]
    assert record.pop("table_id") >= 0
    assert record == {
        "table_name": "cpu",
        "node_spec": "all",
        "cache_id": 0,
        "cache_name": "cpu_region_note_distinct_cache",
        "column_ids": [{"tag": 0}, {"field": [0, 1]}],
        "max_cardinality": 100_000,
        "max_age_seconds": ages,
        "source": {"type": "User"},
    }
    found = ask(client, table, "SELECT * FROM distinct_cache('cpu')")
    assert found == [{"region": "east", "note": "x"}, {"region": "west"}]


def test_system_tables_show_caches(client: ApiClient, table: str) -> None:
    create(client, LAST, table, name="all")
    create(client, LAST, table, name="some", key_columns=["host"], value_columns=["usage"])
    create(client, DISTINCT, table, name="d", columns=["host"])
    [every, some] = ask(client, table, "SELECT * FROM system.last_caches")
    assert every == {
        "table": "cpu",
        "name": "all",
        "key_column_ids": [0, 1],
        "key_column_names": ["region", "host"],
        "count": 1,
        "ttl": 14_400,
    }
    assert (some["value_column_ids"], some["value_column_names"]) == ([2], ["usage"])
    assert ask(client, table, "SELECT * FROM system.distinct_caches") == [
        {
            "table": "cpu",
            "name": "d",
            "column_ids": [1],
            "column_names": ["host"],
            "max_cardinality": 100_000,
            "max_age_seconds": 86_400,
        }
    ]
    counts = "SELECT table_name, last_cache_count, distinct_cache_count FROM system.tables"
    found = ask(client, "_internal", f"{counts} WHERE database_name = '{table}'")
    expected = {"table_name": "cpu", "last_cache_count": 2, "distinct_cache_count": 1}
    assert found == [expected]


@pytest.mark.parametrize("in_url", [True, False])
@pytest.mark.parametrize("path", [LAST, DISTINCT])
def test_a_cache_is_deleted_once(client: ApiClient, table: str, path: str, in_url: bool) -> None:
    which = {"db": table, "table": "cpu", "name": "c"}
    assert create(client, path, table, name="c", columns=["host"]).status_code == 201
    again = create(client, path, table, name="c", columns=["host"])
    assert again.status_code == 409
    assert again.text == "attempted to create a resource that already exists"

    def delete() -> httpx.Response:
        given = {"params": which} if in_url else {"json": which}
        return client.http.request("DELETE", path, **given)  # type: ignore[arg-type]

    answer = delete()
    assert (answer.status_code, answer.content) == (200, b"")
    answer = delete()
    assert answer.status_code == 404
    assert answer.text == "the requested resource was not found: c"
    assert create(client, path, table, name="c", columns=["host"]).status_code == 201


@pytest.mark.parametrize(
    ("path", "members", "status", "text"),
    [
        (LAST, {"table": "nope"}, 404, "the requested resource was not found: nope"),
        (LAST, {"db": "nope"}, 404, "the requested resource was not found: nope"),
        (LAST, {"count": 0}, 400, "last cache size must be greater than 0"),
        (LAST, {"count": None}, 400, "serde json error: "),
        (LAST, {"ttl": None}, 400, "serde json error: "),
        (LAST, {"ttl": 0}, 400, "ttl must be from 1 to "),
        (LAST, {"key_columns": ["nope"]}, 400, "invalid column provided: nope"),
        (LAST, {"value_columns": ["host"]}, 400, "invalid column provided: host is both"),
        (
            LAST,
            {"key_columns": ["usage"]},
            400,
            "only uint64, int64, bool, tag, and string columns are supported in the last cache",
        ),
        (DISTINCT, {}, 400, "serde json error: missing field `columns`"),
        (DISTINCT, {"columns": []}, 400, "no columns provided when creating distinct cache"),
        (
            DISTINCT,
            {"columns": ["usage"]},
            400,
            "only tag and string columns are supported in the distinct cache",
        ),
        (DISTINCT, {"columns": ["host"], "max_cardinality": 0}, 400, "max_cardinality must"),
        (DISTINCT, {"columns": ["host"], "max_age": None}, 400, "serde json error: "),
    ],
)
def test_caches_that_cannot_be_are_refused(
    client: ApiClient,
    table: str,
    path: str,
    members: dict[str, object],
    status: int,
    text: str,
) -> None:
    answer = create(client, path, table, **members)
    assert (answer.status_code, answer.text[: len(text)]) == (status, text)


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("SELECT * FROM last_cache(1)", "first argument must be the table name as a string"),
        ("SELECT * FROM last_cache()", "first argument must be the table name as a string"),
        (
            "SELECT * FROM last_cache('cpu', 1)",
            "second argument, if passed, must be the cache name as a string",
        ),
        ("SELECT * FROM last_cache('nope')", "provided table name is invalid"),
        ("SELECT * FROM distinct_cache('nope')", "provided table name (nope) is invalid"),
        ("SELECT * FROM last_cache('cpu')", "could not find cache for the given arguments"),
        ("SELECT * FROM last_cache('cpu', 'c')", "could not find cache for the given arguments"),
        (
            "SELECT * FROM distinct_cache('cpu')",
            "could not find distinct value cache for the given arguments",
        ),
    ],
)
def test_functions_that_name_no_cache_are_refused(
    client: ApiClient, table: str, sql: str, text: str
) -> None:
    answer = client.sql(table, sql)
    assert answer.status_code == 400
    assert text in answer.text


def test_a_deletion_needs_a_body_or_parameters(client: ApiClient) -> None:
    assert client.http.request("DELETE", LAST).status_code == 415
    answer = client.http.request("DELETE", LAST, params={"db": "x"})
    assert (answer.status_code, answer.text) == (400, "serde error: missing field `table`")
