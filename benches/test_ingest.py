"""Line protocol over HTTP with durable acknowledgements; the client shares the machine."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.generator import bodies
from benches.load import percentile, send_all
from tests.server_process import ServerProcess

CONNECTIONS = 4
LINES_PER_BATCH = 5_000
BATCHES_PER_ROUND = 40
ROUNDS = 5
HOSTS = (100, 4_000, 100_000)
SINGLE_ROWS = 2_000
WRITERS = 64
WRITERS_ROWS = 20_000


@pytest.mark.parametrize("hosts", HOSTS, ids=[f"{hosts} hosts" for hosts in HOSTS])
def test_ingest_of_batches(benchmark: BenchmarkFixture, server: ServerProcess, hosts: int) -> None:
    """Write new rows in each round; the first one, unmeasured, names each host at least twice."""
    batches = bodies((ROUNDS + 1) * BATCHES_PER_ROUND, LINES_PER_BATCH, hosts)
    rounds = iter(range(ROUNDS + 1))
    path = f"/api/v3/write_lp?db=hosts_{hosts}&precision=nanosecond"

    def next_round() -> tuple[tuple[list[bytes]], dict[str, object]]:
        start = next(rounds) * BATCHES_PER_ROUND
        return (batches[start : start + BATCHES_PER_ROUND],), {}

    def ingest(own: list[bytes]) -> None:
        send_all(server.address, path, own, connections=CONNECTIONS)

    benchmark.extra_info |= {
        "unit": "rows/s",
        "quantity": BATCHES_PER_ROUND * LINES_PER_BATCH,
        "bytes": sum(len(body) for body in batches) / (ROUNDS + 1),
    }
    warming, _ = next_round()
    ingest(*warming)
    benchmark.pedantic(ingest, setup=next_round, rounds=ROUNDS)


@pytest.mark.parametrize("sync", ["durable", "no_sync"])
def test_acknowledgement_of_a_single_row(
    benchmark: BenchmarkFixture, server: ServerProcess, sync: str
) -> None:
    benchmark.extra_info |= {"unit": "acks/s", "quantity": SINGLE_ROWS}
    write_single_rows(benchmark, server, sync, rows=SINGLE_ROWS, connections=1)


@pytest.mark.parametrize("sync", ["durable", "no_sync"])
def test_single_rows_of_64_writers(
    benchmark: BenchmarkFixture, server: ServerProcess, sync: str
) -> None:
    benchmark.extra_info |= {"unit": "writes/s", "quantity": WRITERS_ROWS}
    write_single_rows(benchmark, server, sync, rows=WRITERS_ROWS, connections=WRITERS)


def write_single_rows(
    benchmark: BenchmarkFixture, server: ServerProcess, sync: str, *, rows: int, connections: int
) -> None:
    """Measure requests of one row each; every connection waits for its answer."""
    more = "&no_sync=true" if sync == "no_sync" else ""
    path = f"/api/v3/write_lp?db=single_{sync}_{connections}&precision=nanosecond{more}"
    single = bodies(rows, 1)
    found: list[float] = []

    def write_rows() -> None:
        found[:] = send_all(server.address, path, single, connections=connections)

    benchmark.pedantic(write_rows, rounds=3, warmup_rounds=1)
    benchmark.extra_info |= {"p50_ms": percentile(found, 0.5), "p99_ms": percentile(found, 0.99)}
