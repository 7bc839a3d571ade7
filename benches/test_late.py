"""A query of one hour out of a year whose minutes came late, sparse and in no order of time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from influxpe._engine import Engine

MINUTES = 365 * 24 * 60
MINUTE_NS = 60 * 10**9
BATCHES = 200
# Without a divisor in common with the batches: every offset comes once, in no order.
STEP = 77
SITES = 7
HOUR = "time >= '1970-07-01T00:00:00Z' AND time < '1970-07-01T01:00:00Z'"
ORDERS = {
    "in order": [range(n, n + MINUTES // BATCHES) for n in range(0, MINUTES, MINUTES // BATCHES)],
    "late": [range(n * STEP % BATCHES, MINUTES, BATCHES) for n in range(BATCHES)],
}


@pytest.fixture(params=ORDERS)
def year(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Fill an engine with a year of minutes, each batch stored and merged as it comes."""
    engine = Engine.open(
        str(tmp_path), buffer_bytes_max=2**30, query_bytes_max=2**28, query_threads=2
    )
    for minutes in ORDERS[request.param]:
        lines = (f"m,site=s{n % SITES} v={n}i {n * MINUTE_NS}" for n in minutes)
        ticket = engine.write(
            "bench",
            "\n".join(lines).encode(),
            precision="nanosecond",
            accept_partial=False,
            no_sync=False,
            now_ns=0,
        )
        engine.wait(ticket.sequence)
        engine.persist()
        engine.compact()
    yield engine
    engine.close()


def test_an_hour_of_a_year(benchmark: BenchmarkFixture, year: Engine) -> None:
    """Ask for the 60 rows of one hour."""

    def ask() -> bytes:
        found = year.query("bench", f"SELECT count(v) AS n FROM m WHERE {HOUR}", format="csv")  # noqa: S608 - constant
        return b"".join(iter(found.next_chunk, None))

    assert ask() == b"n\n60\n"
    benchmark(ask)
    benchmark.extra_info |= {
        "unit": "queries/s",
        "quantity": 1,
        "files": year.stats().stored_files,
    }
