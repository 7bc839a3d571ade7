"""Small queries at a fixed pace beside ingest at full speed."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

from pytest_benchmark.fixture import BenchmarkFixture

from benches.background_load import load
from benches.generator import bodies
from benches.load import Connection, percentile, send_all
from benches.test_queries import LINES_PER_BODY, POINT, ROWS
from tests.server_process import ServerProcess

PER_SECOND = 200
SECONDS = 10
CLIENTS = 8


def ask_share(address: str, first: int, began_s: float) -> list[float]:
    """Ask every eighth of the queries; a wait counts from when its query was due."""
    body = json.dumps({"db": "bench", "q": POINT, "format": "json"}).encode()
    connection, waits_ms = Connection(address), []
    for number in range(first, PER_SECOND * SECONDS, CLIENTS):
        due_s = began_s + number / PER_SECOND
        time.sleep(max(0.0, due_s - time.monotonic()))
        connection.post("/api/v3/query_sql", body, expected=200)
        waits_ms.append(1000 * (time.monotonic() - due_s))
    connection.close()
    return waits_ms


def test_small_queries_beside_ingest(benchmark: BenchmarkFixture, server: ServerProcess) -> None:
    """Ask 200 a second whether or not the last ones are answered: a queue shows in the waits."""
    path = "/api/v3/write_lp?db=bench&precision=nanosecond"
    send_all(server.address, path, bodies(ROWS // LINES_PER_BODY, LINES_PER_BODY), connections=4)
    waits_ms: list[float] = []

    def ask_all() -> None:
        began_s = time.monotonic()
        with ThreadPoolExecutor(CLIENTS) as clients:
            shares = [clients.submit(ask_share, server.address, n, began_s) for n in range(CLIENTS)]
        for share in shares:
            waits_ms.extend(share.result())

    with load(server.address):
        benchmark.pedantic(ask_all, rounds=1)
    waits_ms.sort()
    benchmark.extra_info |= {"unit": "queries/s", "quantity": len(waits_ms)}
    shares = {"p50_ms": percentile(waits_ms, 0.5), "p99_ms": percentile(waits_ms, 0.99)}
    benchmark.extra_info |= shares
