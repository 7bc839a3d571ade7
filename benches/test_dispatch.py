"""From a batch of new rows in the server to a plugin that has received them, and back."""

import asyncio
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pytest
import uvloop
from pytest_benchmark.fixture import BenchmarkFixture

from benches.generator import FIELDS, FIRST_TIMESTAMP_NS, HOSTS, INTERVAL_NS
from benches.load import percentile
from influxpe.plugin.pool import Run, Source, WorkerPool

ROWS = 5_000
BATCHES = 50  # one after another, in the loop as it runs in the server
Scalar = bool | int | float | str | None
NO_OP = "def process_writes(influxdb3_local, table_batches, args=None):\n    pass\n"
READS_ONE_FIELD = """
def process_writes(influxdb3_local, table_batches, args=None):
    for batch in table_batches:
        for row in batch["rows"]:
            row["usage_user"]
"""


class Nobody:
    """Stands for the server: these plugins ask it for nothing."""

    async def query(self, database: str, sql: str, params: Mapping[str, Scalar]) -> bytes:
        """Refuse."""
        raise AssertionError(sql)

    async def write_sync(self, database: str, lines: str, *, no_sync: bool) -> None:
        """Refuse."""
        raise AssertionError(lines)

    def state(self, key: str) -> bytes | None:
        """Refuse."""
        raise AssertionError(key)

    def state_keys(self) -> list[str]:
        """Give none."""
        return []

    def log(self, level: Literal["INFO", "WARN", "ERROR"], text: str) -> None:
        """Refuse."""
        raise AssertionError(text)


def batch() -> bytes:
    """Give the rows as an Arrow IPC stream, as the engine hands them over."""
    hosts = pa.array([f"host_{n % HOSTS}" for n in range(ROWS)]).dictionary_encode()
    columns: dict[str, Any] = {"hostname": hosts}
    columns |= {name: pa.array(range(ROWS), pa.int64()) for name in FIELDS}
    times = [FIRST_TIMESTAMP_NS + n // HOSTS * INTERVAL_NS for n in range(ROWS)]
    columns["time"] = pa.array(times, pa.int64()).cast(pa.timestamp("ns"))
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Give an event loop as the server has it, closed with the test."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        yield runner.get_loop()


@pytest.mark.parametrize("plugin", ["no_op", "reads_one_field"])
def test_dispatch_of_a_batch(
    benchmark: BenchmarkFixture, loop: asyncio.AbstractEventLoop, tmp_path: Path, plugin: str
) -> None:
    code = NO_OP if plugin == "no_op" else READS_ONE_FIELD
    run = Run(
        kind="wal",
        database="bench",
        trigger_name="bench",
        source=Source(filename="bench.py", path=str(tmp_path / "bench.py"), code=code),
        arguments=None,
        tables=(("cpu", batch()),),
    )
    pool = WorkerPool(python=Path(sys.executable), plugin_dir=None)
    loop.run_until_complete(pool.start())

    waits_ms: list[float] = []

    async def dispatch() -> None:
        for _ in range(BATCHES):
            started = time.perf_counter()
            result = await pool.run("bench", run, Nobody())
            waits_ms.append((time.perf_counter() - started) * 1000)
            assert result.error is None

    def rounds() -> None:
        loop.run_until_complete(dispatch())

    benchmark.extra_info |= {"unit": "rows/s", "quantity": ROWS * BATCHES}
    benchmark.pedantic(rounds, rounds=10, warmup_rounds=1)
    ordered = sorted(waits_ms[BATCHES:])  # without the warming up
    benchmark.extra_info |= {
        "p50_ms": percentile(ordered, 0.5),
        "p99_ms": percentile(ordered, 0.99),
    }
    loop.run_until_complete(pool.close())
