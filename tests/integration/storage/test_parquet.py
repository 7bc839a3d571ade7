"""Stored files are plain Parquet: another reader finds the rows, their types and their order."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from influxpe._engine import Engine
from tests.integration.storage.writing import write

LINES = """\
cpu,host=b,zone=z usage=0.5,load=3i,idle=true,note="x",big=7u 20
cpu,host=a usage=1.5,load=4i 30
cpu,host=a usage=2.5 10
cpu,host=a note="later" 10
"""


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[Path]:
    """Store some lines, and give the one file that they are in."""
    engine = Engine.open(
        str(tmp_path), buffer_bytes_max=2**26, query_bytes_max=2**26, query_threads=1
    )
    write(engine, LINES)
    engine.persist()
    (file,) = tmp_path.rglob("*.parquet")
    yield file
    engine.close()


def test_rows_stand_in_the_order_of_their_series_then_of_their_times(stored: Path) -> None:
    table = pq.read_table(stored)
    assert table.column_names == [
        "big", "host", "idle", "load", "note", "time", "usage", "zone",
    ]  # fmt: skip
    assert table.column("host").to_pylist() == ["a", "a", "b"]
    assert table.column("time").cast(pa.int64()).to_pylist() == [10, 30, 20]
    assert table.column("usage").to_pylist() == [2.5, 1.5, 0.5]
    assert table.column("note").to_pylist() == ["later", None, "x"]
    assert table.column("zone").to_pylist() == [None, None, "z"]


def test_the_footer_tells_types_order_statistics_and_compression(stored: Path) -> None:
    file = pq.ParquetFile(stored)
    schema = file.schema_arrow
    assert schema.field("time").type == pa.timestamp("ns")
    assert schema.field("big").type == pa.uint64()
    metadata = schema.field("host").metadata
    assert metadata is not None
    assert metadata[b"iox::column::type"] == b"iox::column_type::tag"
    group = file.metadata.row_group(0)
    assert [one.column_index for one in group.sorting_columns] == [1, 7, 5]
    time = group.column(5)
    assert time.compression == "ZSTD"
    assert time.statistics is not None
    assert time.statistics.has_min_max
    assert (time.has_column_index, time.has_offset_index) == (True, True)
