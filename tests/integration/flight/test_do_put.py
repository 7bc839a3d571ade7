"""DoPut: what is written, what is refused, and what a client is told meanwhile."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import pyarrow as pa
import pytest
from pyarrow import flight

from influxpe.config import HTTP_REQUEST_BYTES_MAX
from influxpe.http.flight.protobuf import message
from influxpe.http.flight.status import Code
from influxpe.http.flight.writing import REFUSED_RANGES_MAX
from tests.api_client import ApiClient
from tests.integration.flight.conftest import Asker
from tests.integration.flight.raw_calls import RawCalls, frame, outcome
from tests.server_process import ServerProcess, StartServer

TAG = pa.dictionary(pa.int32(), pa.string())


def path(*names: str) -> flight.FlightDescriptor:
    """Name a table by a path."""
    return flight.FlightDescriptor.for_path(*names)


def command(**members: object) -> flight.FlightDescriptor:
    """Name a table by a command."""
    return flight.FlightDescriptor.for_command(json.dumps(members).encode())


def rows(**columns: Any) -> pa.RecordBatch:  # noqa: ANN401 - lists and arrays
    """Give a batch; `t` becomes a dictionary."""
    if "t" in columns:
        columns["t"] = pa.array(columns["t"]).cast(TAG)
    return pa.RecordBatch.from_pydict(columns)


def begin(
    client: flight.FlightClient, descriptor: flight.FlightDescriptor, schema: pa.Schema
) -> tuple[flight.FlightStreamWriter, flight.FlightMetadataReader]:
    """Begin to write; the stubs take the second for another reader."""
    pair = client.do_put(descriptor, schema)
    return cast("tuple[flight.FlightStreamWriter, flight.FlightMetadataReader]", pair)


def put(
    client: flight.FlightClient, descriptor: flight.FlightDescriptor, *batches: pa.RecordBatch
) -> dict[str, Any]:
    """Write batches; gives the sum of all results."""
    writer, results = begin(client, descriptor, batches[0].schema)
    for batch in batches:
        writer.write_batch(batch)
    writer.done_writing()
    told = list(read_all(results))
    writer.close()
    errors = [error for result in told for error in result["errors"]]
    return told[-1] | {"errors": errors}


def read_all(results: flight.FlightMetadataReader) -> Iterator[dict[str, Any]]:
    """Give the results that are left."""
    while (buffer := results.read()) is not None:
        yield json.loads(buffer.to_pybytes())


def failed_put(
    client: flight.FlightClient, descriptor: flight.FlightDescriptor, *batches: pa.RecordBatch
) -> BaseException:
    """Write batches that are refused; gives the error."""
    with pytest.raises(pa.ArrowException) as refused:
        put(client, descriptor, *batches)
    return refused.value


@pytest.mark.parametrize(
    "descriptor",
    [
        path("p1", "m"),
        command(db="p1", table="m"),
        command(database="p1", table="m", tags=["t"], time="time", precision="ns"),
        command(db="p1", table="m", no_sync=True, accept_partial=False),
    ],
    ids=["path", "command", "named", "no sync"],
)
def test_batches_are_stored_and_told(
    client: ApiClient, asker: Asker, descriptor: flight.FlightDescriptor
) -> None:
    batches = [
        rows(t=["a", "b"], v=[1, 2], time=[1, 2]),
        rows(t=["c", None], v=[3, 4], time=[3, 4]),
    ]
    expected = {"batches": 2, "rows": 4, "rows_refused": 0, "errors": []}
    assert put(asker.client, descriptor, *batches) == expected
    expected_rows = [{"t": "a", "v": 1}, {"t": "b", "v": 2}, {"t": "c", "v": 3}, {"v": 4}]
    assert client.rows("p1", "SELECT t, v FROM m ORDER BY time") == expected_rows


def test_a_header_names_the_database_of_a_short_path(client: ApiClient, asker: Asker) -> None:
    options = flight.FlightCallOptions(headers=[(b"database", b"p2")])  # type: ignore[list-item]  # the stubs say text, pyarrow wants bytes
    batch = rows(v=[1], time=[1])
    writer, _ = asker.client.do_put(path("m"), batch.schema, options)
    writer.write_batch(batch)
    writer.close()
    assert client.rows("p2", "SELECT v FROM m") == [{"v": 1}]


def test_each_batch_is_told_while_the_stream_is_open(client: ApiClient, asker: Asker) -> None:
    batch = rows(v=[1], time=[1])
    writer, results = begin(asker.client, path("p3", "m"), batch.schema)
    for number in range(1, 4):
        writer.write_batch(rows(v=[number], time=[number]))
        told = results.read()
        assert told is not None
        assert json.loads(told.to_pybytes())["batches"] == number
        assert len(client.rows("p3", "SELECT v FROM m")) == number
    writer.close()


def test_a_client_that_reads_no_results_can_write_on(client: ApiClient, asker: Asker) -> None:
    writer, _ = asker.client.do_put(path("p4", "m"), rows(v=[0], time=[0]).schema)
    for number in range(3_000):
        writer.write_batch(rows(v=[number], time=[number]))
    writer.close()
    assert client.rows("p4", "SELECT count(*) AS n FROM m") == [{"n": 3_000}]


def test_dictionaries_may_be_replaced_and_may_grow(client: ApiClient, asker: Asker) -> None:
    def batch(words: Sequence[str], first: int) -> pa.RecordBatch:
        indices = pa.array(range(len(words)), pa.int32())
        tags = pa.DictionaryArray.from_arrays(indices, pa.array(words))
        times = [first + number for number in range(len(words))]
        return pa.RecordBatch.from_pydict({"t": tags, "v": times, "time": times})

    for name, deltas in (("p5", False), ("p6", True)):
        options = flight.FlightCallOptions(
            write_options=pa.ipc.IpcWriteOptions(emit_dictionary_deltas=deltas)
        )
        batches = [batch(["a"], 1), batch(["a", "b"], 2), batch(["a", "b", "c"], 4)]
        writer, _ = asker.client.do_put(path(name, "m"), batches[0].schema, options)
        for each in batches:
            writer.write_batch(each)
        writer.close()
        found = client.rows(name, "SELECT t FROM m ORDER BY time")
        assert [row["t"] for row in found] == ["a", "a", "b", "a", "b", "c"]


def test_compressed_buffers_are_taken(client: ApiClient, asker: Asker) -> None:
    batch = rows(t=["a"] * 1_000, v=[1] * 1_000, time=list(range(1_000)))
    options = flight.FlightCallOptions(write_options=pa.ipc.IpcWriteOptions(compression="zstd"))
    writer, _ = asker.client.do_put(path("p7", "m"), batch.schema, options)
    writer.write_batch(batch)
    writer.close()
    assert client.rows("p7", "SELECT count(*) AS n FROM m") == [{"n": 1_000}]


def test_refused_rows_are_told_by_batch_and_end_the_call(client: ApiClient, asker: Asker) -> None:
    client.write_all("p8", "m v=1i 1")
    bad = pa.RecordBatch.from_pydict({"v": [None, 1.5], "w": [1, 2], "time": [2, 3]})
    writer, results = begin(asker.client, path("p8", "m"), bad.schema)
    writer.write_batch(bad.slice(0, 1))
    writer.write_batch(bad)
    writer.done_writing()
    told = list(read_all(results))
    assert (told[-1]["batches"], told[-1]["rows"], told[-1]["rows_refused"]) == (2, 2, 1)
    expected = "partial write of line protocol occurred: 1 rows refused: batch 2: row 2: invalid"
    with pytest.raises(pa.ArrowInvalid, match=expected):
        writer.close()
    assert client.rows("p8", "SELECT w FROM m WHERE w > 0") == [{"w": 1}]


def test_every_result_before_a_failure_is_sent(client: ApiClient, asker: Asker) -> None:
    client.write_all("p9", "m v=1i 1")
    bad = pa.RecordBatch.from_pydict({"v": [1.5, None], "w": [1, 2], "time": [2, 3]})
    writer, results = begin(asker.client, path("p9", "m"), bad.schema)
    writer.write_batch(bad)
    told = results.read()
    assert told is not None
    result = json.loads(told.to_pybytes())
    [error] = result.pop("errors")
    assert result == {"batches": 1, "rows": 1, "rows_refused": 1}
    assert "invalid column type for column 'v'" in error.pop("error_message")
    assert error == {"batch": 1, "line_number": 1, "original_line": "row 1"}
    with pytest.raises(pa.ArrowInvalid, match="batch 1: row 1: invalid column type"):
        writer.close()


def test_without_partial_writes_a_bad_row_refuses_its_batch_and_the_rest(
    client: ApiClient, asker: Asker
) -> None:
    client.write_all("p10", "m v=1i 1")
    batches = [
        pa.RecordBatch.from_pydict(
            {"v": pa.array(v, pa.float64()), "w": [n, n], "time": [n, n + 1]}
        )
        for n, v in ((10, [None, None]), (20, [None, 1.5]), (30, [None, None]))
    ]
    target = command(db="p10", table="m", accept_partial=False)
    error = failed_put(asker.client, target, *batches)
    assert "line protocol parsing error: batch 2: row 2: invalid column type" in str(error)
    found = client.rows("p10", "SELECT w FROM m WHERE w > 0 ORDER BY time")
    assert found == [{"w": 10}, {"w": 10}]


@pytest.mark.parametrize(
    ("descriptor", "text"),
    [
        (path("a", "b", "c"), r"a path is \[database, table\] or \[table\], not 3 names"),
        (path("m"), "neither the descriptor nor a header names a database"),
        (path("p11", ""), "the descriptor names no table"),
        (path("p 11", "m"), "invalid character in database or rp name"),
        (command(db="p11"), "bad command: Object missing required field `table`"),
        (command(table="m"), "neither the descriptor nor a header names a database"),
        (command(db="p11", table="m", tags="a"), "bad command: Expected `array | null`"),
        (command(db="p11", table="m", precision="hour"), "bad command: unknown variant `hour`"),
        (flight.FlightDescriptor.for_command(b"{"), "bad command: Input data was truncated"),
        (command(db="p11", table="m", time="at"), "at"),
        (command(db="p11", table="m", tags=["x"]), "x"),
    ],
)
def test_a_bad_descriptor_says_what_is_bad(
    asker: Asker, descriptor: flight.FlightDescriptor, text: str
) -> None:
    batch = rows(v=[1], time=[1])
    with pytest.raises(pa.ArrowInvalid, match=text):
        put(asker.client, descriptor, batch)


def test_a_batch_past_the_limit_is_refused_whole(client: ApiClient, asker: Asker) -> None:
    count = HTTP_REQUEST_BYTES_MAX // 16 + 1
    large = rows(v=[1] * count, time=list(range(count)))
    error = failed_put(asker.client, path("p12", "m"), rows(v=[1], time=[1]), large)
    assert f"is larger than the limit of {HTTP_REQUEST_BYTES_MAX} bytes" in str(error)
    assert client.rows("p12", "SELECT count(*) AS n FROM m") == [{"n": 1}]


def test_a_dictionary_that_grows_past_the_limit_is_refused(asker: Asker) -> None:
    options = flight.FlightCallOptions(
        write_options=pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
    )
    words = [f"{number:05d}" * 200 for number in range(12_000)]
    schema = pa.schema([("t", TAG), ("v", pa.int64())])
    writer, _ = asker.client.do_put(path("p13", "m"), schema, options)

    def write_all() -> None:
        for count in (3_000, 6_000, 9_000, 12_000):
            indices = pa.array([0], pa.int32())
            tags = pa.DictionaryArray.from_arrays(indices, pa.array(words[:count]))
            writer.write_batch(pa.RecordBatch.from_arrays([tags, pa.array([1])], schema=schema))
        writer.close()

    with pytest.raises(pa.ArrowException, match="the limit of a request"):
        write_all()


def test_more_refused_ranges_than_are_listed_are_counted(client: ApiClient, asker: Asker) -> None:
    client.write_all("p14", "m v=1i 1")
    ranges = REFUSED_RANGES_MAX // 2
    bad = pa.RecordBatch.from_pydict(
        {
            "v": [1.5 if n % 2 else None for n in range(2 * ranges)],
            "w": [1] * (2 * ranges),
            "time": list(range(2 * ranges)),
        }
    )
    writer, results = begin(asker.client, path("p14", "m"), bad.schema)
    told = []
    for _ in range(3):
        writer.write_batch(bad)
        buffer = results.read()
        assert buffer is not None
        told.append(json.loads(buffer.to_pybytes()))
    assert [len(result["errors"]) for result in told] == [ranges, ranges, 0]
    assert told[-1]["rows_refused"] == 3 * ranges
    with pytest.raises(pa.ArrowInvalid, match=f"{3 * ranges} rows refused"):
        writer.close()


def test_rows_that_were_told_survive_a_kill(
    start_server: StartServer,
    tmp_path: Any,  # noqa: ANN401 - a path
    connect: Callable[[str], ApiClient],
    open_flight: Callable[[ServerProcess], flight.FlightClient],
) -> None:
    data_dir = tmp_path / "data"
    server = start_server(data_dir=data_dir)
    batch = rows(v=[1, 2, 3], time=[1, 2, 3])
    writer, results = begin(open_flight(server), path("p15", "m"), batch.schema)
    writer.write_batch(batch)
    assert results.read() is not None
    server.kill()
    server.start()
    assert client_rows(connect, server) == [{"n": 3}]


def client_rows(connect: Callable[[str], ApiClient], server: ServerProcess) -> list[dict[str, Any]]:
    """Count the rows after the kill."""
    return connect(server.url).rows("p15", "SELECT count(*) AS n FROM m")


INVALID = Code.INVALID_ARGUMENT
DESCRIPTOR = message({1: 1, 3: ["p16", "m"]})


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        (b"", INVALID, "the stream has no message"),
        (frame(b""), INVALID, "the first message has no descriptor"),
        (frame(message({1: b""})), INVALID, "a descriptor is a path or a command"),
        (
            frame(message({1: DESCRIPTOR, 2: b"abc"})),
            INVALID,
            "the header of a message is cut off",
        ),
        (
            frame(message({1: DESCRIPTOR, 2: b"\x04\0\0\0\0\1\0\0"})),
            INVALID,
            "the header of a message points before its start",
        ),
    ],
)
def test_a_broken_stream_says_where(
    server: ServerProcess, body: bytes, code: Code, text: str
) -> None:
    with RawCalls(server.address) as raw:
        reply = raw.call("DoPut", body)
        assert (reply.status, reply.message) == (code, text)
        assert raw.call("DoGet", frame(b"")).status == INVALID


def test_a_stream_that_fails_is_answered_before_its_end(server: ServerProcess) -> None:
    with RawCalls(server.address) as raw:
        stream = raw.begin("DoPut")
        raw.send(stream, frame(message({1: DESCRIPTOR, 2: b"abc"})) + bytes(100_000))
        reply = outcome(raw.reply(stream))
        assert (reply.status, reply.message) == (INVALID, "the header of a message is cut off")
        assert raw.call("DoGet", frame(b"")).status == INVALID


def test_a_writer_that_vanishes_leaves_what_was_whole(
    client: ApiClient,
    server: ServerProcess,
    open_flight: Callable[[ServerProcess], flight.FlightClient],
) -> None:
    batch = rows(v=[1], time=[1])
    with open_flight(server) as leaving:
        writer, results = begin(leaving, path("p17", "m"), batch.schema)
        writer.write_batch(batch)
        assert results.read() is not None
        del writer, results
    assert client.rows("p17", "SELECT v FROM m") == [{"v": 1}]
