"""`/query` of version 1: documents, chunks, CSV, several statements, and what is refused."""

import base64
import io
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import msgpack  # type: ignore[import-untyped]
import msgspec
import pytest

from influxpe.http.v1.parameters import (
    CHUNK_ROWS_MAX,
    MULTIPART_BYTES_MAX,
    MULTIPART_PARTS_MAX,
)
from tests.api_client import ApiClient
from tests.server_process import ServerProcess, serve_command

LINES = """cpu,host=a,region=eu usage=10,n=1i,s="x,y" 0
cpu,host=a,region=eu usage=20.5,n=2i,b=true 60000000001
cpu,host=b,region=us usage=30,n=3i 120000000000
cpu usage=60 250000000000
"""
SERIES = [
    {
        "name": "cpu",
        "tags": {"host": "a"},
        "columns": ["time", "n"],
        "values": [["1970-01-01T00:00:00Z", 1], ["1970-01-01T00:01:00.000000001Z", 2]],
    },
    {
        "name": "cpu",
        "tags": {"host": "b"},
        "columns": ["time", "n"],
        "values": [["1970-01-01T00:02:00Z", 3]],
    },
]
MAX_HTTP_REQUEST_SIZE = 10 * 1024 * 1024
BY_HOST = "SELECT n FROM cpu GROUP BY host"
SEVERAL = "; ".join([BY_HOST, "SELECT v FROM nope", "SELECT nope(v) FROM cpu", "SHOW MEASUREMENTS"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server in memory for all tests of this file."""
    with ServerProcess(tmp_path_factory.mktemp("server"), serve_command(None)) as running:
        with ApiClient(running.url) as client:
            client.write_all("v1", LINES)
            rows = "\n".join(f"many v={at},h={at}i {at}" for at in range(30_000))
            client.write_all("v1", rows)
        yield running


@pytest.fixture
def client(server: ServerProcess, connect: Callable[[str], ApiClient]) -> ApiClient:
    """Open a client of that server."""
    return connect(server.url)


def get(client: ApiClient, text: str, accept: str = "*/*", **more: str) -> httpx.Response:
    parameters = {"db": "v1", "q": text} | more
    return client.http.get("/query", params=parameters, headers={"accept": accept})


def results(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def documents(answer: httpx.Response) -> list[dict[str, Any]]:
    """Read documents that stand one behind the other."""
    decoder, rest, found = json.JSONDecoder(), answer.text, []
    while rest:
        document, end = decoder.raw_decode(rest)
        found += document["results"]
        rest = rest[end:]
    return found


def test_series_are_nested(client: ApiClient) -> None:
    answer = get(client, BY_HOST)
    assert answer.headers["content-type"] == "application/json"
    assert answer.text == json.dumps(
        {"results": [{"statement_id": 0, "series": SERIES}]}, separators=(",", ":")
    )


def test_pretty_means_the_same(client: ApiClient) -> None:
    answer = get(client, SEVERAL, pretty="true")
    assert results(answer) == results(get(client, SEVERAL))
    assert answer.text == json.dumps(answer.json(), indent=2)


def test_a_missing_tag_is_an_empty_text(client: ApiClient) -> None:
    found = results(get(client, "SELECT usage FROM cpu WHERE host = '' GROUP BY host"))
    assert found[0]["series"] == [
        {
            "name": "cpu",
            "tags": {"host": ""},
            "columns": ["time", "usage"],
            "values": [["1970-01-01T00:04:10Z", 60]],
        }
    ]


@pytest.mark.parametrize(
    ("epoch", "shown"),
    [
        ("ns", 60000000001),
        ("u", 60000000),
        ("µ", 60000000),
        ("ms", 60000),
        ("s", 60),
        ("m", 1),
        ("h", 0),
        ("d", 0),
        ("w", 0),
    ],
)
def test_times_are_numbers_of_a_unit(client: ApiClient, epoch: str, shown: int) -> None:
    found = get(client, "SELECT n FROM cpu WHERE n = 2", epoch=epoch)
    assert found.json()["results"][0]["series"][0]["values"] == [[shown, 2]]


def test_times_of_a_zone_have_its_offset(client: ApiClient) -> None:
    text = "SELECT n FROM cpu WHERE n = 2 tz('Asia/Kolkata')"
    values = get(client, text).json()["results"][0]["series"][0]["values"]
    assert values == [["1970-01-01T05:31:00.000000001+05:30", 2]]


def test_each_statement_has_its_result(client: ApiClient) -> None:
    names = {"name": "measurements", "columns": ["name"], "values": [["cpu"], ["many"]]}
    assert results(get(client, SEVERAL)) == [
        {"statement_id": 0, "series": SERIES},
        {"statement_id": 1},
        {"statement_id": 2, "error": "datafusion error: undefined function nope()"},
        {"statement_id": 3, "series": [names]},
    ]


def test_chunks_are_documents(client: ApiClient) -> None:
    found = documents(get(client, BY_HOST, chunked="true", chunk_size="1"))
    shape = [
        (
            one.get("partial", False),
            one["series"][0].get("partial", False),
            one["series"][0]["values"],
        )
        for one in found
    ]
    rows = [row for series in SERIES for row in series["values"]]
    assert shape == [(True, True, rows[:1]), (True, False, rows[1:2]), (False, False, rows[2:])]
    assert documents(get(client, "SELECT v FROM nope", chunked="true")) == []


def test_a_long_series_is_one_in_any_cut(client: ApiClient) -> None:
    text = "SELECT h FROM many"
    (series,) = results(get(client, text, epoch="ns"))[0]["series"]
    assert series["values"] == [[at, at] for at in range(30_000)]
    chunks = documents(get(client, text, epoch="ns", chunked="true"))
    assert [len(one["series"][0]["values"]) for one in chunks] == [10_000] * 3
    assert [one.get("partial", False) for one in chunks] == [True, True, False]
    huge = documents(get(client, text, chunked="true", chunk_size=str(CHUNK_ROWS_MAX + 1)))
    assert len(huge) == 1


def test_csv_has_a_header_for_each_statement(client: ApiClient) -> None:
    text = "SELECT n, s, b FROM cpu WHERE n < 3 GROUP BY *; SELECT nope(v) FROM cpu; SHOW TAG KEYS"
    answer = get(client, text, accept="text/csv")
    assert answer.headers["content-type"] == "application/csv"
    assert answer.text == (
        "name,tags,time,n,s,b\n"
        'cpu,"host=a,region=eu",0,1,"x,y",\n'
        'cpu,"host=a,region=eu",60000000001,2,,true\n'
        "\n"
        "name,tags,tagKey\ncpu,,host\ncpu,,region\n"
    )


def test_msgpack_has_the_members_of_json(client: ApiClient) -> None:
    text = "; ".join([BY_HOST, "SELECT v FROM nope", "SELECT nope(v) FROM cpu"])
    answer = get(client, text, accept="application/x-msgpack")
    assert answer.headers["content-type"] == "application/x-msgpack"
    assert msgspec.msgpack.decode(answer.content) == get(client, text).json()
    many = get(client, "; ".join(["SHOW TAG KEYS"] * 20), accept="application/x-msgpack")
    assert len(msgspec.msgpack.decode(many.content)["results"]) == 20
    infinite = get(client, "SELECT exp(n * 1000) FROM cpu LIMIT 1", accept="application/x-msgpack")
    (series,) = msgspec.msgpack.decode(infinite.content)["results"][0]["series"]
    assert series["values"] == [["1970-01-01T00:00:00Z", math.inf]]


def test_chunks_in_msgpack_are_documents_too(client: ApiClient) -> None:
    parameters = {"chunked": "true", "chunk_size": "20000", "epoch": "ns"}
    answer = get(client, "SELECT h FROM many", "application/x-msgpack", **parameters)
    found = list(msgpack.Unpacker(io.BytesIO(answer.content)))
    told = [document["results"][0] for document in found]
    assert [len(one["series"][0]["values"]) for one in told] == [20_000, 10_000]
    assert [one.get("partial", False) for one in told] == [True, False]


def test_an_infinite_number_has_no_json(client: ApiClient) -> None:
    text = "SELECT exp(n * 1000) FROM cpu"
    assert results(get(client, text))[0]["error"] == "json: unsupported value: +Inf"
    assert ",inf\n" in get(client, text, accept="application/csv").text


def test_the_catalog_is_shown(client: ApiClient) -> None:
    shown = results(get(client, "SHOW DATABASES", db=""))[0]["series"]
    assert shown == [{"name": "databases", "columns": ["name"], "values": [["_internal"], ["v1"]]}]
    shown = results(get(client, "SHOW RETENTION POLICIES ON v1", db="other"))[0]["series"]
    columns = ["name", "duration", "default"]
    values = [["v1", "0s", True]]
    assert shown == [{"name": "retention_policies", "columns": columns, "values": values}]


@pytest.mark.parametrize(
    ("text", "more", "error"),
    [
        (
            "SELECT FROM cpu",
            {},
            "error in InfluxQL statement: parsing error: "
            "invalid SELECT statement, expected field at pos 7",
        ),
        (
            "SELECT v FROM m",
            {"db": "nope"},
            "Cannot retrieve database: External error: database not found: nope",
        ),
        (
            "SHOW RETENTION POLICIES",
            {"db": "nope"},
            "datafusion error: Error during planning: database not found: nope",
        ),
        (
            "SELECT v FROM m",
            {"db": ""},
            "must specify a 'db' parameter, or provide the database in the InfluxQL query",
        ),
        (
            "DROP MEASUREMENT cpu",
            {},
            "datafusion error: This feature is not implemented: DROP MEASUREMENT",
        ),
    ],
)
def test_a_bad_statement_is_told_in_its_result(
    client: ApiClient, text: str, more: dict[str, str], error: str
) -> None:
    assert results(get(client, text, **more)) == [{"statement_id": 0, "error": error}]


def test_a_statement_wins_over_the_parameter(client: ApiClient) -> None:
    answer = get(client, "SELECT n FROM v1..cpu WHERE n = 1", db="other")
    assert len(results(answer)[0]["series"]) == 1


def test_a_policy_counts_where_the_statement_alone_names_a_database(client: ApiClient) -> None:
    client.write_all("v1/month", "cpu n=7i 1")

    def values(text: str, **more: str) -> list[int]:
        found = get(client, text, **more).json()["results"][0]["series"]
        return [row[1] for row in found[0]["values"]]

    assert values("SELECT n FROM v1..cpu", db="", rp="month") == [7]
    assert values("SELECT n FROM v1.month.cpu", db="") == [7]
    assert values("SELECT n FROM v1..cpu", rp="month") == [1, 2, 3]
    assert values("SELECT n FROM cpu", rp="month") == [1, 2, 3]


def test_placeholders_are_filled(client: ApiClient) -> None:
    text = "SELECT n FROM cpu WHERE host = $host"
    answer = get(client, text, params='{"host":"b"}', epoch="s")
    assert answer.json()["results"][0]["series"][0]["values"] == [[120, 3]]


def test_a_post_is_read_by_its_type(client: ApiClient) -> None:
    expected = results(get(client, BY_HOST, epoch="ms"))
    url = "/query?db=v1&epoch=ms"
    form = {"q": BY_HOST, "db": "v1", "epoch": "ms"}
    parts = {"q": (None, BY_HOST), "db": (None, "v1"), "epoch": (None, '"ms"')}
    influxql = {"content-type": "application/vnd.influxql"}
    for answer in (
        client.http.post(url, content=BY_HOST),
        client.http.post(url, content=BY_HOST, headers=influxql),
        client.http.post("/query?db=other", data=form),
        client.http.post("/query", files=parts),
    ):
        assert results(answer) == expected


@pytest.mark.parametrize(
    ("method", "url", "more", "body"),
    [
        ("GET", "/query", {}, "{\"error\":\"missing query parameters 'db' and 'q'\"}"),
        (
            "POST",
            "/query",
            {"content": "x"},
            "{\"error\":\"missing query parameters 'db' and 'q'\"}",
        ),
        (
            "GET",
            "/query?db=v1",
            {},
            '{"error":"expected a query to be provided in the query string or body"}',
        ),
        ("GET", "/query?q=x&epoch=us", {}, '{"error":"error decoding params from url: '),
        ("GET", "/query?q=x&chunk_size=many", {}, '{"error":"error decoding params from url: '),
        ("GET", "/query?q=x&params=%7B", {}, '{"error":"error decoding query body: '),
        ("POST", "/query?db=v1", {"json": {}}, "invalid mime type (application/json)"),
        (
            "GET",
            "/query?q=x",
            {"headers": {"accept": "text/html"}},
            "invalid mime type (text/html)",
        ),
        (
            "POST",
            "/query",
            {"content": "x", "headers": {"content-type": "multipart/form-data"}},
            '{"error":"A boundary header is required for multipart upload"}',
        ),
    ],
)
def test_a_bad_request_is_refused(
    client: ApiClient, method: str, url: str, more: dict[str, object], body: str
) -> None:
    answer = client.http.request(method, url, **more)  # type: ignore[arg-type]
    assert (answer.status_code, answer.text[: len(body)]) == (400, body)
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_multipart_body_has_at_most_a_hundred_parts(client: ApiClient) -> None:
    more = {f"f{number}": (None, b"") for number in range(MULTIPART_PARTS_MAX)}
    answer = client.http.post("/query", files={"q": (None, b"SHOW DATABASES")} | more)
    text = "a multipart body has at most 100 parts, this one 101"
    assert (answer.status_code, answer.json()) == (400, {"error": text})


def test_a_multipart_body_has_at_most_two_mebibytes(client: ApiClient) -> None:
    answer = client.http.post("/query", files={"q": (None, b" " * MULTIPART_BYTES_MAX)})
    assert answer.status_code == 413
    assert "a multipart body has at most 2097152 bytes, this one " in answer.json()["error"]


def test_a_body_past_the_limit_of_requests_is_refused(client: ApiClient) -> None:
    body = b"SHOW DATABASES" + b" " * MAX_HTTP_REQUEST_SIZE
    answer = client.http.post("/query?db=v1", content=body)
    text = f"max request size ({MAX_HTTP_REQUEST_SIZE} bytes) exceeded"
    assert (answer.status_code, answer.text) == (413, text)


def test_an_empty_token_is_refused_even_where_none_is_needed(client: ApiClient) -> None:
    headers = {"Authorization": "Basic " + base64.b64encode(b"user:").decode()}
    answer = client.http.get("/query?q=SHOW+DATABASES", headers=headers)
    assert (answer.status_code, answer.text) == (401, '{"error":"unauthorized access"}')
    assert client.http.get("/query?q=SHOW+DATABASES&p=x", headers=headers).status_code == 200


def test_a_client_that_leaves_ends_its_query_and_nothing_else(
    client: ApiClient, server: ServerProcess
) -> None:
    parameters = {"db": "v1", "q": "; ".join(["SELECT h, v FROM many"] * 100)}
    for _ in range(3):
        with client.http.stream("GET", "/query", params=parameters) as answer:
            next(answer.iter_raw())
    assert results(get(client, "SELECT v FROM nope")) == [{"statement_id": 0}]
    assert server.running()
