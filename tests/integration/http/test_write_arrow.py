"""Arrow streams over HTTP: what is stored, what is refused, and how that is said."""

import gzip
from pathlib import Path
from typing import Any, Literal

import httpx
import pyarrow as pa
import pytest

from influxpe.config import HTTP_REQUEST_BYTES_MAX
from tests.api_client import ApiClient
from tests.server_process import ServerProcess, StartServer, serve_command

Packing = Literal["lz4", "zstd"]
TAG = pa.dictionary(pa.int32(), pa.string())


def encode(table: pa.Table, compression: Packing | None = None) -> bytes:
    """Give a table as an IPC stream."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def post(
    client: ApiClient, database: str, body: bytes, *, gzipped: bool = False, **parameters: str
) -> httpx.Response:
    """Post a stream for the table `m`."""
    headers = {"Content-Encoding": "gzip"} if gzipped else {}
    query = {"db": database, "table": "m"} | parameters
    return client.http.post("/api/v3/write_arrow", params=query, content=body, headers=headers)


def rows(**columns: Any) -> pa.Table:  # noqa: ANN401 - lists and arrays
    """Give a table; `t` becomes a dictionary."""
    if "t" in columns:
        columns["t"] = pa.array(columns["t"]).cast(TAG)
    return pa.table(columns)


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_a_taken_stream_is_204_and_visible_at_once(
    client: ApiClient, compression: Packing | None
) -> None:
    name = f"a1-{compression or 'plain'}"
    table = rows(t=["a", "b", None], v=[1, None, 3], s=["x", "y", ""], time=[1, 2, 3])
    answer = post(client, name, encode(table, compression))
    assert (answer.status_code, answer.content) == (204, b"")
    assert client.rows(name, "SELECT t, v, s FROM m ORDER BY time") == [
        {"t": "a", "v": 1, "s": "x"},
        {"t": "b", "s": "y"},
        {"v": 3, "s": ""},
    ]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_times_have_any_unit_and_zone(client: ApiClient, unit: str, zone: str | None) -> None:
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    time = pa.array([1_700_000_000 * per_second]).cast(pa.timestamp(unit, zone))
    name = f"a2-{unit}-{'z' if zone else 'n'}"
    assert post(client, name, encode(rows(v=[1], time=time))).status_code == 204
    expected = [{"time": "2023-11-14T22:13:20"}]
    assert client.rows(name, "SELECT time FROM m") == expected


def test_plain_integers_are_times_of_the_named_precision(client: ApiClient) -> None:
    body = encode(rows(v=[1], at=[1_700_000_000]))
    assert post(client, "a3", body, time="at", precision="s").status_code == 204
    assert client.rows("a3", "SELECT * FROM m") == [{"v": 1, "time": "2023-11-14T22:13:20"}]


def test_types_are_widened(client: ApiClient) -> None:
    table = rows(
        i8=pa.array([1], pa.int8()),
        u32=pa.array([2], pa.uint32()),
        f16=pa.array([0.5], pa.float16()),
        f32=pa.array([1.5], pa.float32()),
        flag=[True],
        big=pa.array(["large"], pa.large_string()),
        seen=pa.array(["seen"], pa.string_view()),
        time=[1],
    )
    assert post(client, "a4", encode(table)).status_code == 204
    query = "SELECT i8, u32, f16, f32, flag, big, seen FROM m"
    assert client.rows("a4", query) == [
        {"i8": 1, "u32": 2, "f16": 0.5, "f32": 1.5, "flag": True, "big": "large", "seen": "seen"}
    ]


def test_the_series_key_of_a_schema_names_the_tags(client: ApiClient) -> None:
    client.write_all("a5", 'm,t=a,s=b v=1i,x="text" 1')
    columns = {"t": ["a"], "s": ["b"], "v": [2], "time": [1]}
    table = pa.table(columns).replace_schema_metadata({"iox::series::key": "t/s"})
    assert post(client, "a5", encode(table)).status_code == 204
    expected = [{"s": "b", "t": "a", "v": 2, "x": "text"}]
    assert client.rows("a5", "SELECT s, t, v, x FROM m") == expected


def test_a_parameter_names_the_tags(client: ApiClient) -> None:
    body = encode(rows(a=["x"], b=["y"], v=[1], time=[1]))
    assert post(client, "a6", body, tags="b,a").status_code == 204
    kinds = client.rows(
        "a6",
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_name = 'm' AND data_type LIKE 'Dictionary%' ORDER BY column_name",
    )
    assert [row["column_name"] for row in kinds] == ["a", "b"]


def test_conflicts_refuse_the_rows_that_have_them(client: ApiClient) -> None:
    client.write_all("a7", "m v=1i 1")
    body = encode(rows(v=[None, 1.5, 2.5], w=[1, 2, 3], time=[2, 3, 4]))
    answer = post(client, "a7", body)
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "partial write of line protocol occurred",
        "data": [
            {
                "error_message": "rows 2 to 3: invalid column type for column 'v', expected "
                "iox::column_type::field::integer, got iox::column_type::field::float",
                "line_number": 2,
                "original_line": "rows 2 to 3",
            }
        ],
    }
    assert client.rows("a7", "SELECT v, w FROM m ORDER BY time") == [{"v": 1}, {"w": 1}]


def test_without_partial_nothing_is_stored(client: ApiClient) -> None:
    body = encode(rows(v=[1.0, float("nan")], time=[1, 2]))
    answer = post(client, "a8", body, accept_partial="false")
    assert answer.status_code == 400
    document = answer.json()
    assert document["error"] == "line protocol parsing error"
    assert document["data"]["error_message"] == "row 2: field 'v' is not a finite number"
    assert client.rows("a8", "SELECT * FROM m") == []


def test_too_many_columns_are_422(client: ApiClient) -> None:
    fields = ",".join(f"f{i}=1i" for i in range(500))
    client.write_all("a9", f"m {fields} 1")
    answer = post(client, "a9", encode(rows(f0=[1, 2], more=[None, 1], time=[2, 3])))
    assert answer.status_code == 422
    assert "row 2: Update to schema would exceed" in answer.json()["data"][0]["error_message"]
    assert client.rows("a9", "SELECT count(*) AS n FROM m") == [{"n": 2}]


def test_the_last_row_of_a_series_and_time_stays(client: ApiClient) -> None:
    body = encode(rows(t=["a", "a"], v=[1, 2], w=[5, None], time=[1, 1]))
    assert post(client, "a10", body).status_code == 204
    assert client.rows("a10", "SELECT v, w FROM m") == [{"v": 2, "w": 5}]


def test_gzipped_streams_and_their_limit(client: ApiClient) -> None:
    body = gzip.compress(encode(rows(v=[1], time=[1])))
    assert post(client, "a11", body, gzipped=True).status_code == 204
    large = gzip.compress(bytes(HTTP_REQUEST_BYTES_MAX + 1))
    assert post(client, "a11", large, gzipped=True).status_code == 413


def test_a_small_stream_may_not_unpack_to_a_large_one(client: ApiClient) -> None:
    cells = pa.array([0] * (HTTP_REQUEST_BYTES_MAX // 8 + 1))
    body = encode(rows(v=cells), "zstd")
    assert len(body) < 100_000
    answer = post(client, "a12", body)
    assert answer.status_code == 413
    assert f"more than {HTTP_REQUEST_BYTES_MAX} bytes" in answer.json()["error"]


def test_batches_without_rows_hide_no_other(client: ApiClient) -> None:
    table = rows(t=["a", "b"], v=[1, 2], time=[1, 2])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        for part in [table.slice(0, 0), table.slice(0, 1), table.slice(0, 0), table.slice(1, 1)]:
            for batch in part.combine_chunks().to_batches() or [_without_rows(table)]:
                writer.write_batch(batch)
        writer.write_batch(_without_rows(table))
    assert post(client, "a16", sink.getvalue().to_pybytes()).status_code == 204
    assert client.rows("a16", "SELECT t, v FROM m ORDER BY v") == [
        {"t": "a", "v": 1},
        {"t": "b", "v": 2},
    ]


def _without_rows(table: pa.Table) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=table.schema)


def test_dictionaries_may_grow_between_batches(client: ApiClient) -> None:
    sink = pa.BufferOutputStream()
    values = pa.array(["a", "b", "c"])
    parts = [
        pa.RecordBatch.from_pydict(
            {"t": pa.DictionaryArray.from_arrays(keys, values[:known]), "v": pa.array(keys)}
        )
        for known, keys in [(1, [0, 0]), (3, [2, 1])]
    ]
    options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
    with pa.ipc.new_stream(sink, parts[0].schema, options=options) as writer:
        for part in parts:
            writer.write_batch(part)
        assert writer.stats.num_dictionary_deltas == 1
    assert post(client, "a17", sink.getvalue().to_pybytes()).status_code == 204
    query = "SELECT t, max(v) AS v FROM m GROUP BY t ORDER BY t"
    expected = [{"t": "a", "v": 0}, {"t": "b", "v": 1}, {"t": "c", "v": 2}]
    assert client.rows("a17", query) == expected


def test_a_stream_that_is_cut_off_anywhere_stores_nothing(client: ApiClient) -> None:
    table = rows(t=["a", "b"], v=[1, 2], time=[1, 2])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=1)
    body = sink.getvalue().to_pybytes()
    for length in range(0, len(body), 4):
        answer = post(client, "a18", body[:length])
        assert answer.status_code == 400, (length, answer.text)
    databases = client.http.get("/api/v3/configure/database", params={"format": "json"}).json()
    assert "a18" not in [row["iox::database"] for row in databases]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "there is no schema"),
        (b"cpu value=1 1", "malformed arrow stream"),
        (bytes(range(256)) * 40, "malformed arrow stream"),
        (encode(rows(v=[1], time=[1]))[:-40], "ends inside a message"),
        (encode(rows(v=[1], time=[1]))[:-8], "no end mark"),
        (encode(rows(v=[1], time=[1])) * 2, "bytes follow its end mark"),
        (encode(rows(v=pa.array([[1]]))), "column 'v' has the type List"),
        (encode(pa.table([[1], [2]], ["v", "v"])), "column 'v' is there twice"),
        (encode(rows(v=pa.array([], pa.int64()))), "incoming write was empty"),
    ],
)
def test_what_is_no_stream_is_400(client: ApiClient, body: bytes, text: str) -> None:
    answer = post(client, "a13", body)
    assert answer.status_code == 400, answer.text
    assert text in answer.text


def test_a_changed_byte_never_ends_the_server(client: ApiClient) -> None:
    packings: list[Packing | None] = [None, "lz4", "zstd"]
    for compression in packings:
        body = encode(rows(t=["a"] * 50, s=["text"] * 50, v=list(range(50))), compression)
        for place in range(0, len(body), 7):
            changed = body[:place] + bytes([body[place] ^ 0xFF]) + body[place + 1 :]
            assert post(client, "a14", changed).status_code in {204, 400, 413, 422}


def test_a_token_is_asked_for(tmp_path: Path) -> None:
    command = [part for part in serve_command(tmp_path / "data") if part != "--without-auth"]
    with ServerProcess(tmp_path, command) as server:
        url = f"{server.url}/api/v3/write_arrow?db=a&table=m"
        assert httpx.post(url, content=encode(rows(v=[1]))).status_code == 401


def test_an_answered_stream_survives_a_kill(start_server: StartServer, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    server = start_server(data_dir=folder)
    with ApiClient(server.url) as client:
        body = encode(rows(t=["a"] * 1_000, v=list(range(1_000)), time=list(range(1_000))))
        assert post(client, "a15", body).status_code == 204
    server.kill()
    with ApiClient(start_server(data_dir=folder).url) as client:
        assert client.rows("a15", "SELECT count(v) AS n FROM m") == [{"n": 1_000}]
