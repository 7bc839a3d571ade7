"""Rows as Arrow streams and as lines, over HTTP, durable; the client shares the machine."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

import pyarrow as pa
from pytest_benchmark.fixture import BenchmarkFixture

from benches.generator import FIELDS, FIRST_TIMESTAMP_NS, HOSTS, INTERVAL_NS, bodies, lines
from benches.load import send_all
from tests.server_process import ServerProcess

CONNECTIONS = 4
STEPS_PER_STREAM = 655
ROWS_PER_STREAM = STEPS_PER_STREAM * HOSTS
STREAMS_PER_ROUND = 24
LINES_PER_BATCH = 5_000
BATCHES_PER_ROUND = 40
ROUNDS = 5

TAG = pa.dictionary(pa.uint8(), pa.string())


def first_rows() -> pa.RecordBatch:
    """Give the first rows of the generator as columns."""
    tags: list[dict[str, str]] = []
    values: list[list[int]] = []
    times: list[int] = []
    for line in islice(lines(), ROWS_PER_STREAM):
        key, fields, time = line.split(" ")
        tags.append(dict(tag.split("=") for tag in key.split(",")[1:]))
        values.append([int(field.split("=")[1][:-1]) for field in fields.split(",")])
        times.append(int(time))
    columns: dict[str, pa.Array[Any]] = {
        name: pa.array([row[name] for row in tags], TAG) for name in tags[0]
    }
    by_field = zip(FIELDS, zip(*values, strict=True), strict=True)
    columns |= {name: pa.array(column, pa.int64()) for name, column in by_field}
    return pa.RecordBatch.from_pydict(columns | {"time": pa.array(times, pa.timestamp("ns"))})


def streams(count: int) -> list[bytes]:
    """Give request bodies: the first rows of the generator, at later times in each."""
    first = first_rows()
    return [encode(first, number) for number in range(count)]


def encode(first: pa.RecordBatch, number: int) -> bytes:
    """Give rows as a stream, so many streams later."""
    first_ns = FIRST_TIMESTAMP_NS + number * STEPS_PER_STREAM * INTERVAL_NS
    times = [first_ns + row // HOSTS * INTERVAL_NS for row in range(ROWS_PER_STREAM)]
    moved = pa.array(times, pa.timestamp("ns"))
    batch = first.set_column(first.num_columns - 1, "time", moved)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def measure(
    benchmark: BenchmarkFixture,
    path: str,
    server: ServerProcess,
    requests: Sequence[bytes],
    rows: int,
) -> None:
    """Send an equal share of the requests in each round, of which the first only warms up."""
    share = len(requests) // (ROUNDS + 1)
    starts = iter(range(0, share * (ROUNDS + 1), share))

    def next_round() -> tuple[tuple[Sequence[bytes]], dict[str, object]]:
        start = next(starts)
        return (requests[start : start + share],), {}

    def ingest(own: Sequence[bytes]) -> None:
        send_all(server.address, path, own, connections=CONNECTIONS)

    size = sum(len(body) for body in requests) / (ROUNDS + 1)
    benchmark.extra_info |= {"unit": "rows/s", "quantity": rows, "bytes": size}
    warming, _ = next_round()
    ingest(*warming)
    benchmark.pedantic(ingest, setup=next_round, rounds=ROUNDS)


def test_ingest_of_arrow_streams(benchmark: BenchmarkFixture, server: ServerProcess) -> None:
    requests = streams((ROUNDS + 1) * STREAMS_PER_ROUND)
    path = "/api/v3/write_arrow?db=columns&table=cpu"
    measure(benchmark, path, server, requests, STREAMS_PER_ROUND * ROWS_PER_STREAM)


def test_ingest_of_the_same_rows_as_lines(
    benchmark: BenchmarkFixture, server: ServerProcess
) -> None:
    requests = bodies((ROUNDS + 1) * BATCHES_PER_ROUND, LINES_PER_BATCH)
    path = "/api/v3/write_lp?db=lines&precision=nanosecond"
    measure(benchmark, path, server, requests, BATCHES_PER_ROUND * LINES_PER_BATCH)
