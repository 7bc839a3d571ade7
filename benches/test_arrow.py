"""Arrow streams over HTTP with durable acknowledgements; the client shares the machine."""

from typing import Any

import pyarrow as pa
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.load import send_all
from tests.server_process import ServerProcess

CONNECTIONS = 4
ROWS_PER_STREAM = 65_536
STREAMS_PER_ROUND = 24
ROUNDS = 3
TAGS = 10
FIELDS = 10
HOSTS = 1_000
SPACING_NS = 1_000_000


def stream(number: int) -> bytes:
    """Give rows of 10 tags and 10 integer fields: all hosts in turn, at new times."""
    first = number * ROWS_PER_STREAM
    keys = pa.array([row % HOSTS for row in range(ROWS_PER_STREAM)], pa.int16())
    columns: dict[str, pa.Array[Any]] = {}
    for tag in range(TAGS):
        values = pa.array([f"tag-{tag}-{host}" for host in range(HOSTS)])
        columns[f"t{tag}"] = pa.DictionaryArray.from_arrays(keys, values)
    for field in range(FIELDS):
        columns[f"f{field}"] = pa.array(range(field, field + ROWS_PER_STREAM), pa.int64())
    times = range(first * SPACING_NS, (first + ROWS_PER_STREAM) * SPACING_NS, SPACING_NS)
    columns["time"] = pa.array(times, pa.timestamp("ns"))
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


@pytest.fixture(scope="module")
def streams() -> list[bytes]:
    """Give the bodies of all rounds."""
    return [stream(number) for number in range((ROUNDS + 1) * STREAMS_PER_ROUND)]


def test_ingest_of_arrow_streams(
    benchmark: BenchmarkFixture, server: ServerProcess, streams: list[bytes]
) -> None:
    rounds = iter(range(ROUNDS + 1))
    path = "/api/v3/write_arrow?db=bench&table=wide"

    def next_round() -> tuple[tuple[list[bytes]], dict[str, object]]:
        start = next(rounds) * STREAMS_PER_ROUND
        return (streams[start : start + STREAMS_PER_ROUND],), {}

    def ingest(own: list[bytes]) -> None:
        send_all(server.address, path, own, connections=CONNECTIONS)

    benchmark.extra_info |= {
        "unit": "rows/s",
        "quantity": STREAMS_PER_ROUND * ROWS_PER_STREAM,
        "bytes": sum(len(body) for body in streams) / (ROUNDS + 1),
    }
    warming, _ = next_round()
    ingest(*warming)
    benchmark.pedantic(ingest, setup=next_round, rounds=ROUNDS)
