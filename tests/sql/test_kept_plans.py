"""A statement that is asked again has the answer of the tables as they are then."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from influxpe import errors
from influxpe._engine import Engine
from influxpe.engine_types import Scalar
from tests.sql.engines import DATABASE, answer, open_engine, write

COUNT = "SELECT count(*) AS n, max(a) AS most FROM m WHERE time < now()"


@pytest.fixture
def engine() -> Iterator[Engine]:
    opened = open_engine(None)
    write(opened, "m,host=x a=1i 1")
    yield opened
    opened.close()


def rows(
    engine: Engine,
    text: str,
    database: str = DATABASE,
    params: Mapping[str, Scalar] | None = None,
) -> list[dict[str, Any]]:
    """Give the rows of a statement."""
    found: list[dict[str, Any]] = json.loads(
        answer(engine, text, database=database, params=params, format="json")
    )
    return found


def test_new_rows_and_stored_ones_are_seen(engine: Engine) -> None:
    for number in range(2, 6):
        write(engine, f"m,host=x a={number}i {number}")
        if number == 4:
            engine.persist()
        assert rows(engine, COUNT) == [{"n": number, "most": number}]


def test_new_columns_are_seen(engine: Engine) -> None:
    everything = "SELECT * FROM m ORDER BY time"
    assert list(rows(engine, everything)[0]) == ["a", "host", "time"]
    write(engine, "m,host=x,room=r b=2.5 2")
    assert rows(engine, everything)[1]["b"] == 2.5
    assert rows(engine, everything)[1]["room"] == "r"


def test_a_table_that_is_gone_is_told_and_one_that_is_new_is_read(engine: Engine) -> None:
    assert rows(engine, COUNT)[0]["n"] == 1
    engine.delete_table(DATABASE, "m", now_ns=0, hard_delete_at_ns=None)
    with pytest.raises(errors.InvalidError, match=r"table .*m' not found"):
        answer(engine, COUNT)
    write(engine, 'm a="text" 1')
    assert rows(engine, COUNT) == [{"n": 1, "most": "text"}]


def test_values_of_placeholders_are_those_of_each_time(engine: Engine) -> None:
    write(engine, "m,host=y a=7i 1")
    text = "SELECT a, $more AS more FROM m WHERE host = $host"
    for host, a in [("x", 1), ("y", 7), ("x", 1)]:
        found = rows(engine, text, params={"host": host, "more": a})
        assert found == [{"a": a, "more": a}]
    with pytest.raises(errors.InvalidError, match="No value found for placeholder"):
        answer(engine, text, params={"host": "x"})


def test_the_same_text_in_another_database_reads_that(engine: Engine) -> None:
    assert rows(engine, "SELECT a FROM m") == [{"a": 1}]
    write(engine, "m a=2i 1", database="other")
    assert rows(engine, "SELECT a FROM m", database="other") == [{"a": 2}]
    assert rows(engine, "SELECT a FROM m") == [{"a": 1}]


def test_now_goes_on(engine: Engine) -> None:
    text = "SELECT DISTINCT CAST(now() AS BIGINT) AS now FROM m"
    first, second = (rows(engine, text)[0]["now"] for _ in range(2))
    assert first < second


def test_tables_in_subqueries_and_joins_are_those_of_now(engine: Engine) -> None:
    texts = (
        "SELECT (SELECT max(a) FROM m) AS a",
        "SELECT max(one.a) AS a FROM m AS one JOIN m AS other ON one.time = other.time",
        "WITH c AS (SELECT * FROM m) SELECT max(a) AS a FROM c WHERE a IN (SELECT a FROM m)",
    )
    for number in (1, 3, 5):
        write(engine, f"m,host=x a={number}i {number}")
        for text in texts:
            assert rows(engine, text) == [{"a": number}], text
