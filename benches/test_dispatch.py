"""From a batch of new rows in the server to a plugin that has received them, and back."""

import asyncio
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.generator import FIELDS, FIRST_TIMESTAMP_NS, HOSTS, INTERVAL_NS
from influxpe.plugin.pool import Run, Source, WorkerPool

ROWS = 5_000
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
    """Give an event loop that is closed with the test."""
    with asyncio.Runner() as runner:
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

    def dispatch() -> None:
        result = loop.run_until_complete(pool.run("bench", run, Nobody()))
        assert result.error is None

    benchmark.extra_info |= {"unit": "rows/s", "quantity": ROWS}
    benchmark.pedantic(dispatch, rounds=200, warmup_rounds=20)
    loop.run_until_complete(pool.close())
