"""Large answers over HTTP: how soon they begin, and how fast they come; the client only reads."""

import contextlib
import http.client
import time
from urllib.parse import urlencode

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.generator import bodies
from benches.load import REQUEST_SECONDS_MAX, percentile, send_all
from tests.server_process import ServerProcess

ROWS = 1_000_000
ROWS_OF_V1 = 300_000
SOME = f"SELECT * FROM cpu LIMIT {ROWS_OF_V1}"  # noqa: S608 - a number of this file
LINES_PER_BODY = 10_000
ROUNDS = 5
FIRST_BYTES = 20
PIECE_BYTES = 1 << 20


@pytest.fixture(scope="module")
def filled(server: ServerProcess) -> ServerProcess:
    """Give a server that holds the rows."""
    path = "/api/v3/write_lp?db=bench&precision=nanosecond"
    send_all(server.address, path, bodies(ROWS // LINES_PER_BODY, LINES_PER_BODY), connections=4)
    return server


def path_of(form: str) -> str:
    """Write the request of all rows; that of InfluxDB 1 asks for fewer."""
    if form == "v1 json":
        return f"/query?{urlencode({'db': 'bench', 'q': SOME})}"
    asked = {"db": "bench", "q": "SELECT * FROM cpu", "format": form}
    return f"/api/v3/query_sql?{urlencode(asked)}"


def read(address: str, path: str) -> int:
    """Read an answer to its end, and look at nothing of it; gives its bytes."""
    connection = http.client.HTTPConnection(address, timeout=REQUEST_SECONDS_MAX)
    with contextlib.closing(connection):
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.status == http.client.OK, response.read()[:500]
        piece, size = bytearray(PIECE_BYTES), 0
        while taken := response.readinto(piece):
            size += taken
        return size


def first_byte_ms(address: str, path: str) -> float:
    """Give the time until the body begins; the rest is left unread."""
    connection = http.client.HTTPConnection(address, timeout=REQUEST_SECONDS_MAX)
    with contextlib.closing(connection):
        connection.connect()
        began_ns = time.perf_counter_ns()
        connection.request("GET", path)
        assert connection.getresponse().read(1)
        return (time.perf_counter_ns() - began_ns) / 1e6


@pytest.mark.parametrize("form", ["json", "csv", "v1 json"])
def test_large_result(benchmark: BenchmarkFixture, filled: ServerProcess, form: str) -> None:
    path = path_of(form)
    size = read(filled.address, path)
    assert size > 100 * (ROWS_OF_V1 if form == "v1 json" else ROWS)
    benchmark.extra_info |= {"unit": "B/s", "quantity": size}
    benchmark.pedantic(read, args=(filled.address, path), rounds=ROUNDS, warmup_rounds=1)


def test_first_byte_of_a_large_result(benchmark: BenchmarkFixture, filled: ServerProcess) -> None:
    """Whoever leaves early is not waited for."""
    path, waits_ms = path_of("json"), list[float]()

    def ask() -> None:
        waits_ms.append(first_byte_ms(filled.address, path))

    benchmark.pedantic(ask, rounds=FIRST_BYTES, warmup_rounds=3)
    ordered = sorted(waits_ms[3:])
    benchmark.extra_info |= {"unit": "answers/s", "quantity": 1}
    benchmark.extra_info |= {
        "p50_ms": percentile(ordered, 0.5),
        "p99_ms": percentile(ordered, 0.99),
    }
