"""Rows that are deleted over HTTP, and tables with a retention of their own."""

import time
from typing import Any

import httpx
import pytest

from tests.api_client import ApiClient

TABLE = "/api/v3/configure/table"
LINES = "cpu,host=a v=1i 10\ncpu,host=b v=2i 10\ncpu v=3i 20\ncpu,host=a v=4i 1700000000123456789"
EVERY = [1, 2, 3, 4]


def delete(client: ApiClient, **members: Any) -> httpx.Response:  # noqa: ANN401 - JSON
    return client.http.post("/api/v3/delete_rows", json=members)


def left(client: ApiClient, database: str) -> list[int]:
    return [row["v"] for row in client.rows(database, "SELECT v FROM cpu ORDER BY v")]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"start": 10, "stop": 20}, [3, 4]),
        ({"start": 11}, [1, 2]),
        ({"stop": 11}, [3, 4]),
        ({"tags": {"host": "a"}}, [2, 3]),
        ({"tags": {"host": ["b", None]}}, [1, 4]),
        ({"tags": {"host": None}, "start": 0}, [1, 2, 4]),
        ({"tags": {"host": "a"}, "stop": "1970-01-01T00:00:01Z"}, [2, 3, 4]),
        ({"start": "2023-11-14T22:13:20.123456789Z"}, [1, 2, 3]),
        ({"start": "2023-11-14T22:13:20.123456790Z"}, EVERY),
        ({"start": 20, "stop": 10}, EVERY),
        ({"tags": {"host": []}}, EVERY),
    ],
)
def test_rows_of_those_times_and_tags_go(
    client: ApiClient, condition: dict[str, object], expected: list[int]
) -> None:
    database = f"gone{abs(hash(str(condition)))}"
    client.write_all(database, LINES)
    answer = delete(client, db=database, table="cpu", **condition)
    assert (answer.status_code, answer.content) == (200, b"")
    assert left(client, database) == expected


@pytest.mark.parametrize(
    ("members", "status", "text"),
    [
        ({"db": "kept", "table": "cpu"}, 400, "name `start`, `stop` or `tags`: without any of"),
        ({"db": "kept", "tags": {"host": "a"}}, 400, "serde json error: missing field `table`"),
        ({"db": "kept", "table": "cpu", "tags": {"v": "1"}}, 400, "'v' is no tag of table 'cpu'"),
        ({"db": "kept", "table": "cpu", "tags": {"host": 1}}, 400, "serde json error: "),
        ({"db": "kept", "table": "cpu", "start": "soon"}, 400, "Cannot parse the timestamp: "),
        ({"db": "kept", "table": "cpu", "start": 2**63}, 400, "the time 9223372036854775808 lies"),
        ({"db": "kept", "table": "none", "start": 0}, 404, "the requested resource was not found"),
        ({"db": "none", "table": "cpu", "start": 0}, 404, "the requested resource was not found"),
    ],
)
def test_what_cannot_be_deleted_is_said(
    client: ApiClient, members: dict[str, object], status: int, text: str
) -> None:
    client.write_all("kept", LINES)
    answer = delete(client, **members)
    assert (answer.status_code, text in answer.text) == (status, True), answer.text
    assert left(client, "kept") == EVERY


def test_a_table_has_a_retention_of_its_own(client: ApiClient) -> None:
    hour_ns = 3600 * 10**9
    now_ns = time.time_ns()
    fields = [{"name": "v", "type": "int64"}]
    body = {"db": "own", "table": "cpu", "tags": [], "fields": fields, "retention_period": "1h"}
    assert client.http.post(TABLE, json=body).status_code == 200
    client.write_all("own", f"cpu v=1i {now_ns - 2 * hour_ns}\ncpu v=2i {now_ns}")
    assert left(client, "own") == [2]
    change = {"db": "own", "table": "cpu"}
    longer = client.http.put(TABLE, json=change | {"retention_period": "1d"})
    assert (longer.status_code, longer.content) == (200, b"")
    assert left(client, "own") == [1, 2]
    assert client.http.put(TABLE, json=change | {"retention_period": "1m"}).status_code == 200
    assert client.http.put(TABLE, json=change).status_code == 200
    assert left(client, "own") == [1, 2]
    assert client.http.put(TABLE, json=change | {"table": "none"}).status_code == 404
    unknown = client.http.put(TABLE, json=change | {"retention_period": "soon"})
    assert unknown.text.startswith("Cannot parse the given human time: ")
