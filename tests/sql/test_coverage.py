"""Every function that the engine has is called by a statement in `cases`, or is said not to be.

The names come from the engine itself, so that a function that is new without a case fails here.
"""

import json
import re
from collections.abc import Iterator

import pytest

from influxpe._engine import Engine
from tests.sql.engines import answer, open_engine, write
from tests.sql.golden import Case, language_of, paths, read

CALLED = re.compile(r"\b([a-z_][a-z0-9_]*)\s*\(")
SYSTEM_TABLE = re.compile(r"\bsystem\.([a-z_]+)")
ROUTINES = "SELECT DISTINCT routine_name AS name FROM information_schema.routines"
TABLES = "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'system'"


# Where no row is: borders, and the names of the columns.
EMPTY_LINES = 3
# They exist for tables that we do not have: unions, and files that a statement names.
WITHOUT_ROWS = {"file_row_index", "input_file_name", "union_extract", "union_tag"}


def has_rows(case: Case) -> bool:
    """Tell a table with rows from one without and from a refusal."""
    return case.expected.startswith("+--") and case.expected.count("\n") > EMPTY_LINES


def names_found(pattern: re.Pattern[str], *, with_rows: bool) -> set[str]:
    """Give what the statements of SQL have of a pattern: those with rows, or the others."""
    files = [read(path) for path in paths() if language_of(path) == "sql"]
    cases = [case for file in files for case in file.cases]
    statements = [case.sql.lower() for case in cases if has_rows(case) == with_rows]
    return {name for text in statements for name in pattern.findall(text)}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """Open an engine that has a database."""
    opened = open_engine(None)
    write(opened, "weather,host=a level=1i 1")
    yield opened
    opened.close()


def names_told(engine: Engine, sql: str, database: str) -> set[str]:
    """Give the names that the engine tells of itself."""
    rows = json.loads(answer(engine, sql, database=database, format="json"))
    return {row["name"] for row in rows}


def test_every_function_is_called_by_a_case(engine: Engine) -> None:
    told = names_told(engine, ROUTINES, "sensors")
    assert {"abs", "selector_last", "difference", "last_cache"} <= told
    assert sorted(told - WITHOUT_ROWS - names_found(CALLED, with_rows=True)) == []
    assert told >= WITHOUT_ROWS
    assert sorted(WITHOUT_ROWS - names_found(CALLED, with_rows=False)) == []


def test_every_system_table_is_read_by_a_case(engine: Engine) -> None:
    told = names_told(engine, TABLES, "_internal")
    assert {"queries", "tokens"} <= told
    assert sorted(told - names_found(SYSTEM_TABLE, with_rows=True)) == []
