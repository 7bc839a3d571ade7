"""Rows: a lazy list of dicts."""

import copy
import json
import operator
import pickle
import weakref
from collections.abc import Callable, Iterator
from json import encoder
from typing import Any

import pyarrow as pa
import pytest

from influxpe.worker import json_rows, rows
from influxpe.worker.rows import Rows, query_rows, table_batches
from tests.integration.pool.arrow_streams import stream, tags, times

STREAM = stream(host=tags("a", None), load=[0.5, 1.0], n=[None, 2], time=times(1, 2))
DICTS: list[dict[str, Any]] = [
    {"host": "a", "load": 0.5, "time": 1},
    {"load": 1.0, "n": 2, "time": 2},
]


@pytest.fixture
def made() -> Rows:
    return Rows(STREAM)


@pytest.fixture
def _rows_in_json() -> Iterator[None]:
    before = encoder.c_make_encoder  # type: ignore[attr-defined] # not in the stubs
    json_rows.install()
    yield
    encoder.c_make_encoder = before  # type: ignore[attr-defined] # as above


def test_rows_equal_a_list_of_dicts(made: Rows) -> None:
    assert made == DICTS
    assert list(made) == DICTS
    assert (len(made), made[-1], made[:1]) == (2, DICTS[1], DICTS[:1])
    assert repr(made) == str(made)
    assert operator.add(made, [{}]) == [*DICTS, {}]
    assert operator.add([{}], made) == [{}, *DICTS]
    assert isinstance(made, list)
    assert sorted(made, key=lambda row: -row["time"]) == DICTS[::-1]


def test_a_row_shows_all_columns_of_its_table(made: Rows) -> None:
    """As InfluxDB 3.11, whose rows have them: plugins write rows into their reports."""
    shown = "{'host': None, 'load': 1.0, 'n': 2, 'time': 2}"
    assert [str(row) for row in made][1] == repr(made[1]) == shown


CHANGES: list[Callable[[dict[str, Any]], object]] = [
    lambda row: operator.setitem(row, "load", 9.0),
    lambda row: operator.delitem(row, "time"),
    lambda row: row.update(load=9.0),
    lambda row: row.__ior__({"new": 1}),
    lambda row: row.setdefault("new", 1),
    lambda row: row.pop("time"),
    lambda row: row.pop("absent", None),
    lambda row: row.popitem(),
    lambda row: row.clear(),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_row_stays_changed_for_the_next_loop(
    made: Rows, change: Callable[[dict[str, Any]], object]
) -> None:
    expected = [dict(row) for row in DICTS]
    change(expected[1])
    for row in made:
        if row["time"] == 2:
            change(row)
    assert [dict(row) for row in made] == expected
    assert [row.get("load") for row in made] == [row.get("load") for row in expected]
    assert made == expected
    assert made[1] == expected[1]


def test_a_row_that_was_kept_is_the_one_of_the_list(made: Rows) -> None:
    kept = [row for row in made]  # a comprehension is what this tests
    assert made[0] == kept[0]
    kept[0]["load"] = 7.0
    assert made[0]["load"] == 7.0
    made.sort(key=lambda row: -row["time"])
    kept[1]["load"] = 8.0
    assert [row["load"] for row in made] == [1.0, 7.0], "rows that were moved are their own"


def test_a_row_that_was_kept_does_not_keep_its_batch() -> None:
    """Plugins keep the last row of a series; and no batch waits for the collector of cycles."""
    rows = Rows(STREAM)
    kept = [row for row in rows][0]  # noqa: RUF015 # the comprehension makes rows of its own
    by_index, gone = rows[1], weakref.ref(rows)
    del rows
    assert gone() is None
    kept["load"] = by_index["load"] = 7.0
    assert (kept["load"], by_index["load"]) == (7.0, 7.0)


def test_keys_stand_in_the_order_of_the_columns(made: Rows) -> None:
    assert [list(row) for row in made] == [list(row) for row in DICTS]


def test_an_absent_value_is_no_key_but_reads_as_none(made: Rows) -> None:
    row = made[1]
    assert "host" not in row
    assert row.get("host", "default") == "default"
    assert row["host"] is None
    with pytest.raises(KeyError, match="no_such_column"):
        row["no_such_column"]


def test_changes_stay_in_the_object(made: Rows) -> None:
    made[0]["load"] = 9
    made.append({"load": 3})
    made.sort(key=lambda row: row["load"])
    del made[0]
    assert made == [{"load": 3}, {"host": "a", "load": 9, "time": 1}]
    assert made.to_arrow().num_rows == 2
    assert Rows(STREAM) == DICTS


def test_copies_and_pickles_are_plain(made: Rows) -> None:
    for copied in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made), made.copy()):  # noqa: S301 # our own bytes
        assert type(copied) is list
        assert copied == DICTS
    assert type(pickle.loads(pickle.dumps(made[0]))) is dict  # noqa: S301 # as above


@pytest.mark.usefixtures("_rows_in_json")
@pytest.mark.parametrize("options", [{}, {"default": str}, {"indent": 1}])
def test_json_takes_rows_as_a_list(made: Rows, options: dict[str, Any]) -> None:
    assert json.loads(json.dumps({"rows": made}, **options)) == {"rows": DICTS}
    with pytest.raises(TypeError):
        json.dumps({"rows": {1, 2}})


def test_a_column_is_read_without_making_rows(made: Rows) -> None:
    assert made.column("host") == ["a", None]
    assert made.column("host") is made.column("host")
    with pytest.raises(KeyError):
        made.column("no_such_column")


def test_arrow_readers_take_rows_as_they_are() -> None:
    batch = table_batches([("cpu", len(STREAM))], STREAM)[0]
    assert batch.to_arrow().column_names == ["host", "load", "n", "time"]
    assert pa.table(batch["rows"]).num_rows == 2


def test_untouched_batches_are_not_even_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_opening(_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(rows, "open_table", no_opening)
    batches = table_batches([("a", len(STREAM)), ("b", len(STREAM))], STREAM + STREAM)
    assert [batch["table_name"] for batch in batches] == ["a", "b"]


def test_each_batch_has_its_part_of_the_payload() -> None:
    other = stream(v=[1])
    batches = table_batches([("a", len(other)), ("b", len(STREAM))], other + STREAM)
    assert batches == [{"table_name": "a", "rows": [{"v": 1}]}, {"table_name": "b", "rows": DICTS}]


def test_query_rows_have_all_keys_and_find_functions_by_name() -> None:
    row = query_rows(stream(**{"now()": [1], "max(a)": [2], "max(b)": [None]}))[0]
    assert row == {"now()": 1, "max(a)": 2, "max(b)": None}
    assert row["now"] == 1
    for name in ("max", "min"):
        with pytest.raises(KeyError, match=name):
            row[name]


def test_no_rows_are_an_empty_list() -> None:
    assert query_rows(stream(v=[])) == []
    assert Rows(stream(v=[])) == []
    assert not Rows(stream(v=[]))
