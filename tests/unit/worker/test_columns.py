"""Arrow columns become Python values, whatever their type."""

import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from influxpe.worker.columns import to_list

NS = pa.timestamp("ns")
CASES: list[tuple[Any, list[object]]] = [
    (pa.array([1, None, -1], pa.int64()), [1, None, -1]),
    (pa.array([1, 2], pa.int16()), [1, 2]),
    (pa.array([2**64 - 1], pa.uint64()), [2**64 - 1]),
    (pa.array([0.5, None], pa.float32()), [0.5, None]),
    (pa.array([True, None, False]), [True, None, False]),
    (pa.array(["a", None, ""]), ["a", None, ""]),
    (pa.array(["a"], pa.large_string()), ["a"]),
    (pa.array(["a"], pa.string_view()), ["a"]),
    (pa.array([b"a"]), [b"a"]),
    (pa.array([1, None], NS), [1, None]),
    (pa.array([1], pa.timestamp("us")), [1_000]),
    (pa.array([1], pa.timestamp("ms", "Europe/Berlin")), [1_000_000]),
    (pa.array([2**62, None], pa.timestamp("s")), [2**62 * 10**9, None]),
    (pa.array([3, None], pa.duration("ms")), [3_000_000, None]),
    (pa.array(["a", None, "a"]).dictionary_encode(), ["a", None, "a"]),
    (pa.array([5, None], NS).dictionary_encode(), [5, None]),
    (pa.array([0], pa.date32()), [datetime.date(1970, 1, 1)]),
    (pa.array([2**30, None], pa.date32()), ["<value out of range: 1073741824>", None]),
    (pa.array([1], pa.time32("s")), [datetime.time(0, 0, 1)]),
    (pa.array([1, None], pa.time64("ns")), ["00:00:00.000000001", None]),
    (pa.array([Decimal("1.50")]), [Decimal("1.50")]),
    (pa.array([[1, None], None, []], pa.list_(NS)), [[1, None], None, []]),
    (pa.array([[1]], pa.large_list(pa.timestamp("us"))), [[1_000]]),
    (pa.array([{"t": 1}, None], pa.struct([("t", NS)])), [{"t": 1}, None]),
    (pa.array([{}, {}], pa.struct([])), [{}, {}]),
    (pa.nulls(2), [None, None]),
]


@pytest.mark.parametrize(("array", "values"), CASES, ids=lambda v: str(getattr(v, "type", "")))
def test_values_are_those_of_python(array: Any, values: list[object]) -> None:  # noqa: ANN401 # any type of array
    assert to_list(pa.chunked_array([array])) == values


@pytest.mark.parametrize(("array", "values"), CASES, ids=lambda v: str(getattr(v, "type", "")))
def test_slices_and_chunks_give_the_same(array: Any, values: list[object]) -> None:  # noqa: ANN401 # as above
    chunks = [array.slice(0, 1), array.slice(1)]
    assert to_list(pa.chunked_array(chunks)) == values
    assert to_list(pa.chunked_array([array]).slice(1)) == values[1:]


def test_values_of_a_dictionary_are_shared() -> None:
    values = to_list(pa.chunked_array([pa.array(["host", "host"]).dictionary_encode()]))
    assert values[0] is values[1]


def test_a_column_without_chunks_is_empty() -> None:
    assert to_list(pa.chunked_array([], NS)) == []
