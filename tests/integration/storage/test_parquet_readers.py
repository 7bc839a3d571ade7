"""Stored files as other programs read them: pyarrow, DuckDB and polars find what was written."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from influxpe._engine import Engine
from tests.integration.storage.writing import write

Row = dict[str, Any]

# Each line has the row that a reader must find for it. The second part is stored later, with a
# field that the first did not have.
EARLIER: dict[str, Row] = {
    'w,city=Zürich,station=β f=0.5,i=-3i,u=18446744073709551615u,b=true,s="❄ \\"s\\\\" -1': {
        "city": "Zürich", "station": "β", "f": 0.5, "i": -3, "u": 2**64 - 1, "b": True,
        "s": '❄ "s\\', "time": -1,
    },
    "w,city=Zürich f=-1e300 -9000000000000000001": {
        "city": "Zürich", "f": -1e300, "time": -9_000_000_000_000_000_001,
    },
    'w,station=δ i=-9223372036854775808i,b=false,s="" 1700000000000000001': {
        "station": "δ", "i": -(2**63), "b": False, "s": "", "time": 1_700_000_000_000_000_001,
    },
    "w i=9223372036854775807i 0": {"i": 2**63 - 1, "time": 0},
}  # fmt: skip
LATER: dict[str, Row] = {
    'w,city=Zürich,station=β later="x" 1700000000000000002': {
        "city": "Zürich", "station": "β", "later": "x", "time": 1_700_000_000_000_000_002,
    },
    "w,city=a\\ b\\,c u=0u 9000000000000000001": {
        "city": "a b,c", "u": 0, "time": 9_000_000_000_000_000_001,
    },
}  # fmt: skip
COLUMNS = ("city", "station", "f", "i", "u", "b", "s", "later", "time")

# More rows than one row group has (131,072), of a few hosts, before the epoch and after it.
TIMES = range(-20_000, 20_000)
HOSTS = ("b", "a", "", "ß", "B")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = Engine.open(
        str(tmp_path), buffer_bytes_max=2**28, query_bytes_max=2**26, query_threads=1
    )
    yield opened
    opened.close()


def files_below(folder: Path) -> list[str]:
    return [str(path) for path in sorted(folder.rglob("*.parquet"))]


def by_pyarrow(files: Sequence[str]) -> list[Row]:
    tables = [pq.read_table(file) for file in files]
    table = pa.concat_tables(tables, promote_options="permissive")
    place = table.column_names.index("time")
    rows = table.set_column(place, "time", table.column("time").cast(pa.int64())).to_pylist()
    return [dict(row) for row in rows]


def by_duckdb(files: Sequence[str]) -> list[Row]:
    sql = "SELECT * REPLACE (epoch_ns(time) AS time) FROM read_parquet(?, union_by_name = true)"
    with duckdb.connect() as connection:
        answer = connection.execute(sql, [list(files)])
        names = [column[0] for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def by_polars(files: Sequence[str]) -> list[Row]:
    frames = [pl.scan_parquet(file) for file in files]
    every = pl.concat(frames, how="diagonal").with_columns(pl.col("time").cast(pl.Int64))
    return every.collect().to_dicts()


@pytest.mark.parametrize("read", [by_pyarrow, by_duckdb, by_polars])
def test_the_rows_are_those_that_were_written(
    tmp_path: Path, engine: Engine, read: Callable[[Sequence[str]], list[Row]]
) -> None:
    for part in (EARLIER, LATER):
        write(engine, "\n".join(part))
        engine.persist()
    files = files_below(tmp_path)
    assert len(files) == 2
    expected = [dict.fromkeys(COLUMNS) | row for row in (EARLIER | LATER).values()]
    assert sorted(read(files), key=time_of) == sorted(expected, key=time_of)


def time_of(row: Row) -> int:
    return int(row["time"])


@pytest.mark.parametrize("read", [by_pyarrow, by_duckdb, by_polars])
def test_a_merged_file_has_each_row_once(
    tmp_path: Path, engine: Engine, read: Callable[[Sequence[str]], list[Row]]
) -> None:
    for number in range(4):
        write(engine, f"m,host=h v={number}i 5\nm,host=h f{number}=true {10 * number}")
        engine.persist()
    engine.compact()
    engine.persist()  # now what was merged is gone
    files = files_below(tmp_path)
    assert len(files) == 1
    (newest,) = [row for row in read(files) if row["time"] == 5]
    assert newest["v"] == 3
    assert len(read(files)) == 5


@pytest.fixture
def large(tmp_path: Path, engine: Engine) -> str:
    """Store the rows of all hosts, the latest first; gives the file."""
    for host in HOSTS:
        tag = f",host={host}" if host else ""
        write(engine, "\n".join(f"m{tag} v={time}i {time}" for time in reversed(TIMES)))
    engine.persist()
    (file,) = files_below(tmp_path)
    return file


def counted_by_pyarrow(file: str, first: int, last: int) -> int:
    time = pc.field("time")
    low, high = (pa.scalar(bound, pa.timestamp("ns")) for bound in (first, last))
    return pq.read_table(file, filters=(time >= low) & (time <= high)).num_rows


def counted_by_duckdb(file: str, first: int, last: int) -> int:
    sql = (
        "SELECT count(*) FROM read_parquet(?) "
        "WHERE time BETWEEN make_timestamp_ns(?) AND make_timestamp_ns(?)"
    )
    with duckdb.connect() as connection:
        (count,) = connection.execute(sql, [file, first, last]).fetchall()[0]
        return int(count)


def counted_by_polars(file: str, first: int, last: int) -> int:
    low, high = (pl.lit(bound).cast(pl.Datetime("ns")) for bound in (first, last))
    found = pl.scan_parquet(file).filter(pl.col("time").is_between(low, high))
    return int(found.select(pl.len()).collect().item())


@pytest.mark.parametrize("count", [counted_by_pyarrow, counted_by_duckdb, counted_by_polars])
def test_a_filter_of_times_finds_exactly_the_rows_within(
    large: str, count: Callable[[str, int, int], int]
) -> None:
    assert pq.ParquetFile(large).num_row_groups > 1
    for first, last in [(-20_000, 19_999), (-1, 1), (0, 0), (-20_001, -19_999), (7_000, 9_000)]:
        within = sum(first <= time <= last for time in TIMES)
        assert count(large, first, last) == within * len(HOSTS), (first, last)
    assert count(large, 20_000, 2**62) == 0


def test_rows_stand_in_the_order_that_the_footer_tells(large: str) -> None:
    file = pq.ParquetFile(large)
    names = file.schema.names
    orders = {file.metadata.row_group(n).sorting_columns for n in range(file.num_row_groups)}
    (order,) = orders
    assert [names[one.column_index] for one in order] == ["host", "time"]
    assert all(one.nulls_first and not one.descending for one in order)
    table = file.read(["host", "time"])
    hosts = [None if one is None else one.encode() for one in table.column("host").to_pylist()]
    times = table.column("time").cast(pa.int64()).to_pylist()
    keys = [(host is not None, host or b"", time) for host, time in zip(hosts, times, strict=True)]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(TIMES) * len(HOSTS)
