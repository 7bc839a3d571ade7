"""Databases and tables over HTTP."""

import httpx
import pytest

from tests.api_client import ApiClient

DATABASE = "/api/v3/configure/database"
TABLE = "/api/v3/configure/table"


def names(client: ApiClient, **parameters: str) -> list[str]:
    answer = client.http.get(DATABASE, params={"format": "json"} | parameters)
    assert answer.status_code == 200, answer.text
    return [row["iox::database"] for row in answer.json()]


def create(client: ApiClient, **members: object) -> httpx.Response:
    return client.http.post(DATABASE, json=members)


def test_a_created_database_is_listed(client: ApiClient) -> None:
    answer = create(client, db="c1", retention_period="30d")
    assert (answer.status_code, answer.content) == (200, b"")
    assert {"_internal", "c1"} <= set(names(client))


def test_databases_are_listed_in_every_format(client: ApiClient) -> None:
    assert client.http.get(DATABASE).text == "serde error: missing field `format`"
    assert client.http.get(DATABASE, params={"format": "csv"}).text.startswith("iox::database\n")
    assert "| _internal" in client.http.get(DATABASE, params={"format": "pretty"}).text


def test_a_second_creation_is_409(client: ApiClient) -> None:
    create(client, db="c2")
    answer = create(client, db="c2")
    assert answer.status_code == 409
    assert answer.text == "attempted to create a resource that already exists"


@pytest.mark.parametrize(
    ("members", "status", "text"),
    [
        ({}, 400, "serde json error: missing field `db`"),
        ({"db": "_x"}, 400, '{"error":"db name did not start with a number or letter"}'),
        ({"db": "c3", "retention_period": "soon"}, 400, "Cannot parse the given human time: "),
    ],
)
def test_bad_databases_are_refused(
    client: ApiClient, members: dict[str, object], status: int, text: str
) -> None:
    answer = create(client, **members)
    assert answer.status_code == status
    assert answer.text.startswith(text)
    assert "c3" not in names(client)


def test_retention_is_set_and_cleared(client: ApiClient) -> None:
    create(client, db="c4")
    period = f"{DATABASE}/retention_period"
    assert client.http.put(DATABASE, json={"db": "c4", "retention_period": "1d"}).status_code == 200
    answer = client.http.post(period, params={"db": "c4", "duration": "1h 30m"})
    assert answer.status_code == 204
    assert client.http.delete(period, params={"db": "c4"}).status_code == 204
    assert client.http.delete(period, params={"db": "nowhere"}).status_code == 404


def test_a_deleted_database_is_renamed_and_its_name_is_free(client: ApiClient) -> None:
    client.write_all("c5", "cpu value=1 1")
    assert client.http.delete(DATABASE, params={"db": "c5"}).status_code == 200
    assert "c5" not in names(client)
    assert any(name.startswith("c5-") for name in names(client, show_deleted="true"))
    assert client.http.delete(DATABASE, params={"db": "c5"}).status_code == 404
    assert create(client, db="c5").status_code == 200


def test_a_database_deleted_for_good_is_gone(client: ApiClient) -> None:
    create(client, db="c6")
    answer = client.http.delete(DATABASE, params={"db": "c6", "hard_delete_at": "now"})
    assert answer.status_code == 200
    assert not any(name.startswith("c6") for name in names(client, show_deleted="true"))


def test_a_deletion_time_that_is_none_is_400(client: ApiClient) -> None:
    create(client, db="c7")
    answer = client.http.delete(DATABASE, params={"db": "c7", "hard_delete_at": "soon"})
    assert answer.status_code == 400
    assert answer.text.startswith("Cannot parse the timestamp: ")
    assert "c7" in names(client)


def test_the_internal_database_stays(client: ApiClient) -> None:
    assert client.http.delete(DATABASE, params={"db": "_internal"}).status_code >= 400
    assert "_internal" in names(client)


def test_a_created_table_takes_rows_and_can_be_deleted(client: ApiClient) -> None:
    fields = [{"name": "value", "type": "int64"}, {"name": "on", "type": "bool"}]
    body = {"db": "c8", "table": "cpu", "tags": ["host"], "fields": fields}
    assert client.http.post(TABLE, json=body).status_code == 200
    assert client.http.post(TABLE, json=body).status_code == 409
    assert client.write("c8", "cpu,host=a value=1.5 1").status_code == 400
    client.write_all("c8", "cpu,host=a value=1i,on=t 1")
    assert client.http.delete(TABLE, params={"db": "c8", "table": "cpu"}).status_code == 200
    assert client.http.delete(TABLE, params={"db": "c8", "table": "cpu"}).status_code == 404
    assert client.rows("c8", "SELECT * FROM cpu") == []


def test_a_table_with_an_unknown_type_is_400(client: ApiClient) -> None:
    body = {"db": "c9", "table": "t", "tags": [], "fields": [{"name": "a", "type": "text"}]}
    assert client.http.post(TABLE, json=body).status_code == 400
