"""Questions over a million rows in the buffer, over HTTP."""

import json

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.generator import FIRST_TIMESTAMP_NS, HOSTS, INTERVAL_NS, bodies
from benches.load import Connection, percentile, send_all
from tests.server_process import ServerProcess

ROWS = 1_000_000
LINES_PER_BODY = 10_000
POINT_QUERIES = 50

HOUR_NS = 3_600_000_000_000
MIDDLE_NS = FIRST_TIMESTAMP_NS + ROWS // HOSTS // 12 * 6 * INTERVAL_NS  # a whole minute
POINT = f"""
SELECT date_bin(INTERVAL '1 minute', time) AS minute, max(usage_user) AS usage_user
FROM cpu
WHERE hostname = 'host_42'
  AND time >= to_timestamp_nanos({MIDDLE_NS}) AND time < to_timestamp_nanos({MIDDLE_NS + HOUR_NS})
GROUP BY minute ORDER BY minute
"""  # noqa: S608 - numbers of this file
SCAN = "SELECT hostname, avg(usage_user) AS usage FROM cpu GROUP BY hostname"


@pytest.fixture(scope="module")
def filled(server: ServerProcess) -> ServerProcess:
    """Give a server that holds the rows."""
    path = "/api/v3/write_lp?db=bench&precision=nanosecond"
    send_all(server.address, path, bodies(ROWS // LINES_PER_BODY, LINES_PER_BODY), connections=4)
    return server


def ask(connection: Connection, sql: str) -> list[dict[str, object]]:
    body = json.dumps({"db": "bench", "q": sql, "format": "json"}).encode()
    rows: list[dict[str, object]] = json.loads(
        connection.post("/api/v3/query_sql", body, expected=200)
    )
    return rows


def test_point_query(benchmark: BenchmarkFixture, filled: ServerProcess) -> None:
    connection = Connection(filled.address)
    assert len(ask(connection, POINT)) == 60

    benchmark.extra_info |= {"unit": "queries/s", "quantity": 1}
    benchmark.pedantic(ask, args=(connection, POINT), rounds=POINT_QUERIES, warmup_rounds=5)
    assert benchmark.stats is not None
    times_ms = sorted(1000 * seconds for seconds in benchmark.stats.stats.data)
    benchmark.extra_info |= {
        "p50_ms": percentile(times_ms, 0.5),
        "p99_ms": percentile(times_ms, 0.99),
    }
    connection.close()


def test_scan_query(benchmark: BenchmarkFixture, filled: ServerProcess) -> None:
    connection = Connection(filled.address)
    assert len(ask(connection, SCAN)) == HOSTS

    benchmark.extra_info |= {"unit": "rows/s", "quantity": ROWS}
    benchmark.pedantic(ask, args=(connection, SCAN), rounds=10, warmup_rounds=1)
    connection.close()
