"""A batch of 5,000 rows of 21 columns in a worker: from its bytes to what a plugin reads of it.

What was tried for loops that read 3 of the 21 columns, on the machine of the table: whole dicts,
0.65 M rows/s; a dict subclass that is filled with those columns and makes the others when they are
missed, 3.2 M; an object that looks into its columns, 3.2 M. The second one shows half a row to C
code that reads dicts directly, the third one is no dict. Kept: the bytecode of the loop says what
it reads, and where nothing else can see the row, one plain dict is filled anew for each, 5.5 M.

Whole rows take a dict that a loop compiled for the number of columns fills, and a copy of it, 0.58
us without the columns; `Row(zip(names, values))` took 0.89, a display of all keys 0.74, assigning
column by column 0.75 us.
"""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.generator import FIELDS, FIRST_TIMESTAMP_NS, HOSTS, INTERVAL_NS
from influxpe.worker.rows import Rows, table_batches

ROWS = 5_000
TAGS = 10


def payload() -> bytes:
    """Give the rows as the worker receives them: 10 tags, 10 fields, the time."""
    columns: dict[str, Any] = {
        f"tag_{tag}": pa.array(
            [f"value_{n % (HOSTS - tag)}" for n in range(ROWS)]
        ).dictionary_encode()
        for tag in range(TAGS)
    }
    for at, name in enumerate(FIELDS):
        columns[name] = pa.array([(n + at) % 101 for n in range(ROWS)], pa.int64())
    times = [FIRST_TIMESTAMP_NS + n // HOSTS * INTERVAL_NS for n in range(ROWS)]
    columns["time"] = pa.array(times, pa.timestamp("ns"))
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def rows_of(received: bytes) -> Rows:
    """Give the rows as a plugin has them: nothing of them is read yet."""
    rows: Rows = table_batches([("cpu", len(received))], received)[0]["rows"]
    return rows


def three_columns(received: bytes) -> None:
    for row in rows_of(received):
        row["tag_0"]
        row["usage_user"]
        row["time"]


def three_columns_in_a_sum(received: bytes) -> None:
    sum(row["usage_user"] for row in rows_of(received) if row["tag_0"] and row.get("time"))


def whole_rows(received: bytes) -> None:
    for row in rows_of(received):
        dict(row)


def arrow_table(received: bytes) -> None:
    rows_of(received).to_arrow()


@pytest.mark.parametrize(
    "read",
    [three_columns, three_columns_in_a_sum, whole_rows, arrow_table],
    ids=lambda f: f.__name__,
)
def test_rows_in_a_worker(benchmark: BenchmarkFixture, read: Callable[[bytes], None]) -> None:
    benchmark.extra_info |= {"unit": "rows/s", "quantity": ROWS}
    benchmark.pedantic(read, args=(payload(),), rounds=100, warmup_rounds=5)
