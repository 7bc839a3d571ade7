"""SQL over rows in a buffer, in files and in merged files answers as DuckDB does over the same."""

import math
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TypeAlias

import duckdb
import pyarrow as pa
import pytest

from tests.sql.engines import Places, answer
from tests.sql.queries import statements
from tests.sql.random_rows import Rows, random_rows

SEED = 20240228
FLOATS_RELATIVE = 1e-9

# Functions that have another name there, or another default.
MACROS = (
    "CREATE MACRO date_bin(width, moment) AS time_bucket(width, moment, TIMESTAMP '1970-01-01')",
    "SET default_null_order = 'nulls_last_on_asc_first_on_desc'",
    "CREATE MACRO regexp_like(string, pattern) AS regexp_matches(string, pattern)",
    "CREATE MACRO signum(number) AS sign(number)",
    "SET TimeZone = 'UTC'",
)

Cell: TypeAlias = object
Row: TypeAlias = tuple[Cell, ...]


@pytest.fixture(scope="module")
def rows() -> Rows:
    return random_rows(SEED)


@pytest.fixture(scope="module")
def places(rows: Rows, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    opened = Places(rows.parts, tmp_path_factory.mktemp("duckdb"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def other(rows: Rows) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give DuckDB the rows as they are after all writes."""
    with duckdb.connect() as connection:
        for statement in MACROS:
            connection.execute(statement)
        connection.execute(
            "CREATE TABLE cpu (hits UBIGINT, host VARCHAR, load BIGINT, note VARCHAR,"
            " region VARCHAR, time TIMESTAMP, up BOOLEAN, usage DOUBLE)"
        )
        connection.executemany(
            "INSERT INTO cpu VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    fields.get("hits"),
                    host or None,
                    fields.get("load"),
                    fields.get("note"),
                    region or None,
                    at.replace(tzinfo=None),
                    fields.get("up"),
                    fields.get("usage"),
                )
                for (host, region, at), fields in rows.rows.items()
            ],
        )
        yield connection


def plain(cell: Cell) -> Cell:
    """Give a value in one of few types."""
    if isinstance(cell, list):
        return [plain(element) for element in cell]
    if isinstance(cell, bool | str) or cell is None:
        return cell
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=None)
    if isinstance(cell, date):
        return datetime.combine(cell, time())
    if isinstance(cell, Decimal):
        return float(cell)
    assert isinstance(cell, int | float | timedelta), f"{cell!r}"
    return cell


def same(one: Cell, another: Cell) -> bool:
    """Tell whether two values are one; floats may differ in their last digits."""
    if isinstance(one, list) and isinstance(another, list):
        return len(one) == len(another) and all(map(same, one, another))
    if isinstance(one, float) or isinstance(another, float):
        numbers = isinstance(one, int | float) and isinstance(another, int | float)
        return numbers and close(float(one), float(another))  # type: ignore[arg-type]
    return type(one) is type(another) and one == another


def close(one: float, another: float) -> bool:
    if math.isnan(one) or math.isnan(another):
        return math.isnan(one) and math.isnan(another)
    return math.isclose(one, another, rel_tol=FLOATS_RELATIVE, abs_tol=FLOATS_RELATIVE)


def exact_first(row: Row) -> list[tuple[int, str, float]]:
    """Order rows by the text of what is exact, then by their floats."""
    exact = [(0, repr(cell), 0.0) for cell in row if not isinstance(cell, float)]
    return exact + [(1, "", cell) for cell in row if isinstance(cell, float)]


def ours(places: Places, place: str, sql: str) -> list[Row]:
    table = pa.ipc.open_stream(answer(places.engines[place], sql, format="arrow")).read_all()
    columns = [column.to_pylist() for column in table.columns]
    return [tuple(map(plain, row)) for row in zip(*columns, strict=True)]


def theirs(other: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    return [tuple(map(plain, row)) for row in other.execute(sql).fetchall()]


def is_ordered(sql: str) -> bool:
    return "ORDER BY" in sql.rpartition(")")[2]


@pytest.mark.parametrize(
    ("sql", "duckdb_sql"), [pytest.param(*pair, id=pair[0][7:]) for pair in statements()]
)
def test_an_answer_is_that_of_duckdb(
    places: Places, other: duckdb.DuckDBPyConnection, sql: str, duckdb_sql: str
) -> None:
    key = None if is_ordered(sql) else exact_first
    expected = theirs(other, duckdb_sql)
    for place in places.engines:
        found = ours(places, place, sql)
        if key is not None:
            found.sort(key=key)
            expected.sort(key=key)
        assert len(found) == len(expected), place
        for number, (row, wanted) in enumerate(zip(found, expected, strict=True)):
            assert all(map(same, row, wanted)), f"{place}, row {number}: {row} is not {wanted}"
