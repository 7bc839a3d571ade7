"""A statement that is planned without the optimizer has the answer of the optimizer's plan."""
# ruff: noqa: S608 - statements are made of constants

import re
from collections.abc import Iterator

import pyarrow as pa
import pytest

from tests.sql.engines import Places, answer
from tests.sql.queries import statements
from tests.sql.random_rows import random_rows

SEED = 20260711
# Statements over one table.
SIMPLE = re.compile(r"(?!WITH\b)(?!.*\bcpu [ab]\b)")
# A table behind a subquery is left to the optimizer.
TABLE = re.compile(r"\bFROM cpu\b(?: AS (\w+))?")
DIRECT_MIN = 100

# For the leaves that read less than the rows.
LAST_VALUES = (
    "SELECT DISTINCT ON (host, region) * FROM cpu ORDER BY host, region, time DESC",
    "SELECT DISTINCT ON (region) region, max_time FROM (SELECT *, time AS max_time FROM cpu) "
    "ORDER BY region, max_time DESC",
    "SELECT DISTINCT ON (host, region) time, load * 2 AS twice, host FROM cpu "
    "WHERE region = 'eu' ORDER BY host DESC, region, time DESC",
    "SELECT host, region, max(time) FROM cpu GROUP BY host, region",
    "SELECT max(time) AS newest FROM cpu",
    "SELECT max(time) AS newest FROM cpu WHERE host = 'no such host'",
    "SELECT host, max(time) FROM cpu WHERE time < '2024-02-28T06:00:00Z' GROUP BY host",
    "SELECT host, max(time) FROM cpu WHERE time >= '2024-02-28T06:00:00Z' GROUP BY host",
    "SELECT region, last_value(usage ORDER BY time), max(time) FROM cpu GROUP BY region, host",
    "SELECT host, last_value(load ORDER BY time) IGNORE NULLS FROM cpu GROUP BY host, region",
    "SELECT host, region, selector_last(usage, time)['value'] AS last FROM cpu "
    "GROUP BY host, region",
    "SELECT region, selector_last(load, time) AS last FROM cpu WHERE host <> 'alpha' "
    "GROUP BY region, host",
    "SELECT host, region, selector_last(load, time)['time'], max(load) FROM cpu "
    "GROUP BY host, region",
)
LISTS = (
    "SELECT DISTINCT host FROM cpu",
    "SELECT DISTINCT region, host FROM cpu WHERE host <> 'alpha' ORDER BY host, region",
    "SELECT DISTINCT upper(host) AS loud FROM cpu",
    "SELECT host FROM cpu GROUP BY host HAVING host > 'b' ORDER BY host DESC LIMIT 2",
    "SELECT DISTINCT host FROM cpu WHERE usage > 10",
    "SELECT DISTINCT host FROM cpu WHERE time > '2024-02-28T06:00:00Z'",
    "SELECT DISTINCT c.host AS name FROM cpu AS c WHERE c.region IS NULL",
    "SELECT count(*), count(1) AS ones FROM cpu",
    "SELECT count(*) FROM cpu WHERE host = 'alpha'",
    "SELECT count(*) FROM cpu HAVING count(*) > 1",
)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    opened = Places(random_rows(SEED).parts, tmp_path_factory.mktemp("direct"))
    yield opened
    opened.close()


def every() -> list[str]:
    asked = [sql for sql, _ in statements()] + [*LAST_VALUES, *LISTS]
    return [sql for sql in asked if SIMPLE.match(sql)]


def planned(sql: str) -> str:
    return TABLE.sub(lambda found: f"FROM (SELECT * FROM cpu) AS {found[1] or 'cpu'}", sql)


def table(places: Places, place: str, sql: str) -> pa.Table:
    return pa.ipc.open_stream(answer(places.engines[place], sql, format="arrow")).read_all()


def is_direct(places: Places, place: str, sql: str) -> bool:
    return b"DirectPlan" in answer(places.engines[place], f"EXPLAIN {sql}")


def shape(schema: pa.Schema, sql: str) -> list[tuple[object, ...]]:
    """Give the columns; the optimizer's `DISTINCT ON` forgets what is known of them."""
    known = "DISTINCT ON" not in sql
    return [
        (field.name, field.type, known and (field.nullable, field.metadata)) for field in schema
    ]


def rows(found: pa.Table, sql: str) -> list[str]:
    """Give rows as texts; in their order where the statement has one."""
    columns = [column.to_pylist() for column in found.columns]
    texts = [repr([rounded(cell) for cell in row]) for row in zip(*columns, strict=True)]
    return texts if "ORDER BY" in sql.rpartition(")")[2] else sorted(texts)


def rounded(cell: object) -> object:
    """Leave out the last digits of a float: sums depend on the order of their terms."""
    return f"{cell:.9g}" if isinstance(cell, float) else cell


@pytest.mark.parametrize("sql", every())
def test_both_plans_have_one_answer(places: Places, sql: str) -> None:
    for place in places.engines:
        direct, expected = table(places, place, sql), table(places, place, planned(sql))
        assert shape(direct.schema, sql) == shape(expected.schema, sql), place
        assert rows(direct, sql) == rows(expected, sql), place


def test_many_statements_are_planned_without_the_optimizer(places: Places) -> None:
    direct = [sql for sql in every() if is_direct(places, "buffer", sql)]
    assert len(direct) >= DIRECT_MIN
    assert not any(is_direct(places, "buffer", planned(sql)) for sql in direct)
