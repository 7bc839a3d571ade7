"""Arrow Flight: answers beside the C++ server that holds them ready, and rows in; one machine."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import flight
from pytest_benchmark.fixture import BenchmarkFixture

from benches.load import send_all
from benches.test_arrow import ROWS_PER_STREAM, streams
from tests.server_process import ServerProcess

STREAMS = 16
ROWS = STREAMS * ROWS_PER_STREAM
ROUNDS = 7
WRITERS = 4

NUMBERS = "usage_user, usage_system, usage_idle, usage_nice, usage_iowait, usage_irq, time"
TICKETS = [
    json.dumps({"database": "flight", "sql_query": f"SELECT {columns} FROM cpu"})  # noqa: S608 - names of this file
    for columns in (NUMBERS, "*")
]
ANSWERS = {"numbers": 0, "all columns": 1}


@pytest.fixture(scope="module")
def filled(server: ServerProcess) -> ServerProcess:
    """Give a server that holds the rows."""
    path = "/api/v3/write_arrow?db=flight&table=cpu"
    send_all(server.address, path, streams(STREAMS), connections=4)
    return server


@pytest.fixture(scope="module")
def peer(filled: ServerProcess) -> Iterator[str]:
    """Run the C++ server with the same answers; gives its address."""
    command = [sys.executable, "-m", "benches.flight_peer", filled.address, *TICKETS]
    root = Path(__file__).parents[1]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=root, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield f"127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()
        process.wait(30)


def fetch(client: flight.FlightClient, ticket: str) -> tuple[int, int]:
    """Read an answer batch by batch; gives its rows and bytes."""
    rows = size = 0
    for chunk in client.do_get(flight.Ticket(ticket.encode())):
        assert chunk.data is not None
        rows += chunk.data.num_rows
        size += chunk.data.nbytes
    return rows, size


def measure_reads(benchmark: BenchmarkFixture, address: str, ticket: str) -> None:
    with flight.FlightClient(f"grpc://{address}") as client:
        rows, size = fetch(client, ticket)
        assert rows == ROWS
        benchmark.extra_info |= {"unit": "B/s", "quantity": size}
        benchmark.pedantic(fetch, args=(client, ticket), rounds=ROUNDS, warmup_rounds=1)


@pytest.mark.parametrize("answer", ANSWERS)
def test_flight_reads(benchmark: BenchmarkFixture, filled: ServerProcess, answer: str) -> None:
    measure_reads(benchmark, filled.address, TICKETS[ANSWERS[answer]])


@pytest.mark.parametrize("answer", ANSWERS)
def test_reads_of_the_peer(benchmark: BenchmarkFixture, peer: str, answer: str) -> None:
    measure_reads(benchmark, peer, str(ANSWERS[answer]))


def put_all(address: str, batches: Sequence[pa.RecordBatch]) -> None:
    """Write batches over one connection, and wait until the last is durable."""
    descriptor = flight.FlightDescriptor.for_path("put", "cpu")
    with flight.FlightClient(f"grpc://{address}") as client:
        writer, _ = client.do_put(descriptor, batches[0].schema)
        for batch in batches:
            writer.write_batch(batch)
        writer.close()


@pytest.mark.parametrize("writers", [1, WRITERS])
def test_flight_writes(benchmark: BenchmarkFixture, server: ServerProcess, writers: int) -> None:
    rounds = 3
    bodies = streams((rounds + 1) * STREAMS)
    batches = [pa.ipc.open_stream(body).read_next_batch() for body in bodies]
    shares = iter([batches[at : at + STREAMS] for at in range(0, len(batches), STREAMS)])

    def next_round() -> tuple[tuple[Sequence[pa.RecordBatch]], dict[str, object]]:
        return (next(shares),), {}

    def write(share: Sequence[pa.RecordBatch]) -> None:
        parts = [share[number::writers] for number in range(writers)]
        threads = [threading.Thread(target=put_all, args=(server.address, p)) for p in parts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    size = sum(len(body) for body in bodies) / (rounds + 1)
    benchmark.extra_info |= {"unit": "rows/s", "quantity": ROWS, "bytes": size}
    write(next(shares))
    benchmark.pedantic(write, setup=next_round, rounds=rounds)
