"""Writes over HTTP: what is stored, what is refused, and how that is said."""

import gzip

import pytest

from tests.api_client import ApiClient


def test_a_taken_write_is_204_and_visible_at_once(client: ApiClient) -> None:
    answer = client.write("w1", "cpu,host=a value=0.5 1")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert len(answer.headers["cluster-uuid"]) == 36
    assert client.rows("w1", "SELECT host, value FROM cpu") == [{"host": "a", "value": 0.5}]


def test_a_large_body_goes_the_same_way(client: ApiClient) -> None:
    lines = "\n".join(f"cpu,host=h{i % 10} value={i}i {i}" for i in range(20_000))
    client.write_all("w2", lines)
    assert client.rows("w2", "SELECT count(*) AS n FROM cpu") == [{"n": 20_000}]


@pytest.mark.parametrize(
    ("path", "name"), [("/api/v2/write", "bucket"), ("/write", "db"), ("/api/v3/write_lp", "db")]
)
def test_all_three_routes_store(client: ApiClient, path: str, name: str) -> None:
    body = "cpu value=1 1700000000000000000"
    answer = client.http.post(path, params={name: "w3"}, content=body)
    assert answer.status_code == 204, answer.text
    expected = [{"time": "2023-11-14T22:13:20"}]
    assert client.rows("w3", "SELECT DISTINCT time FROM cpu") == expected


def test_version_1_policy_is_a_database_of_its_own(client: ApiClient) -> None:
    parameters = {"db": "w4", "rp": "Weekly", "precision": "s"}
    answer = client.http.post("/write", params=parameters, content="cpu value=1 1700000000")
    assert answer.status_code == 204, answer.text
    assert len(client.rows("w4/weekly", "SELECT * FROM cpu")) == 1


def test_a_gzipped_body_of_two_members_is_stored(client: ApiClient) -> None:
    body = gzip.compress(b"cpu value=1 1\n") + gzip.compress(b"cpu value=2 2")
    answer = client.http.post(
        "/api/v3/write_lp?db=w5", content=body, headers={"Content-Encoding": "gzip"}
    )
    assert answer.status_code == 204, answer.text
    assert len(client.rows("w5", "SELECT * FROM cpu")) == 2


def test_a_partial_write_stores_the_rest_and_lists_the_refused(client: ApiClient) -> None:
    answer = client.write("w6", "cpu value=1 1\ncpu\n# a comment\ncpu value= 3\ncpu value=4 4")
    assert answer.status_code == 400
    assert "content-type" not in answer.headers
    document = answer.json()
    assert document["error"] == "partial write of line protocol occurred"
    assert [line["line_number"] for line in document["data"]] == [2, 4]
    assert list(document["data"][0]) == ["error_message", "line_number", "original_line"]
    assert client.rows("w6", "SELECT value FROM cpu ORDER BY time") == [
        {"value": 1.0},
        {"value": 4.0},
    ]


def test_a_whole_write_stores_nothing_of_a_bad_body(client: ApiClient) -> None:
    answer = client.write("w7", "cpu value=1 1\ncpu", accept_partial="false")
    assert answer.status_code == 400
    assert answer.json()["error"] == "line protocol parsing error"
    assert answer.json()["data"]["line_number"] == 2
    assert client.rows("w7", "SELECT value FROM cpu") == []


def test_version_2_errors_have_code_and_message(client: ApiClient) -> None:
    answer = client.http.post("/api/v2/write?bucket=w8", content="cpu")
    assert answer.status_code == 400
    document = answer.json()
    assert document["code"] == "invalid"
    assert document["message"].startswith("write buffer error: line protocol parse failed: ")


def test_no_sync_is_answered_too(client: ApiClient) -> None:
    assert client.write("w9", "cpu value=1 1", no_sync="true").status_code == 204


def test_the_connection_survives_a_refused_body(client: ApiClient) -> None:
    for _ in range(3):
        assert client.http.post("/nowhere", content=b"x" * 300_000).status_code == 404
        client.write_all("w11", "cpu value=1 1")
