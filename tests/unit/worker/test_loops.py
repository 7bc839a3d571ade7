"""A loop that only reads has only those columns made; nothing can tell its rows from whole ones."""

import asyncio
import copy
import json
import pickle
import sys
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from influxpe.worker import rows
from influxpe.worker.columns import to_list
from influxpe.worker.row import COMPILED_COLUMNS_MAX
from influxpe.worker.rows import Rows
from tests.integration.pool.arrow_streams import stream, tags, times

STREAM = stream(
    host=tags("a", None, "b"),
    load=[0.5, 1.0, None],
    n=[1, 2, 3],
    time=times(1, 2, 3),
)
WHOLE: list[dict[str, Any]] = list(Rows(STREAM)[:])

# What may stand in a loop over `rows`. The first ones only read.
READS = [
    'out.append(row["n"])',
    'out.append(row["load"])',
    'out.append(row["host"])',
    'out.append(row.get("host"))',
    'out.append(row.get("load", -1.0))',
    'out.append(row.get("load", kept))',
    'out.append(row.get("host", []))',
    'out.append(row.get("absent", 7))',
    'out.append("load" in row)',
    'out.append("load" not in row)',
    "out.append(f\"{row['n']:>3}\")",
    'out.append((row["n"], row["time"], row.get("n")))',
    'out.append(({"n": 0} if out else row)["n"])',
    'if row["load"]: continue',
    'try: out.append(row["absent"])\n        except KeyError as error: out.append(error.args)',
    'out.append([row["n"] for _ in range(2)])',
    'out.append([r["n"] for r in rows])',
    'out.append(sum(r.get("load", 0) for r in rows))',
    'out.append({r["n"]: r.get("host") for r in rows if "host" in r})',
    "out.append(1)",
    "del row",
    'out.append((row if out else {"n": 0})["n"])',
    'out.append((row if out else {}).get("n", 9))',
]
OTHERS = [
    "out.append(row)",
    "out.append(dict(row))",
    "out.append({**row})",
    "out.append({} | row)",
    "out.append(len(row))",
    "out.append([*row])",
    "out.append(repr(row))",
    "out.append(list(row.items()))",
    "out.append(row.get)",
    "out.append(row.copy())",
    'out.append(getattr(row, "get")("n"))',
    'get = row.get; out.append(get("load", get("n")))',
    'out.append(operator.call(row.get, "load", 4))',
    'key = "load"; out.append(row.get(key, 5)); out.append(row[key])',
    'out.append(row.get("load" if row["n"] > 1 else "n", 6))',
    'out.append(("absent" if out else "load") in row)',
    "kept = row",
    "out.append(locals())",
    'out.append(eval("row"))',
    "out.append(lambda: row)",
    "out.append([row for _ in range(2)])",
    "out.append([r for r in rows])",
    "out.append([k for r in rows for k in r])",
    "out.append(list(r for r in rows))",
    "out.append(list(map(len, rows)))",
    "out.append([x for x in map(dict.copy, rows)])",
    "for row in [{'n': 0, 'x': 1}]: out.append(row.get('x'))",
    "for other in rows: out.append(other)",
    "for k, *more in rows: out.append((k, more))",
    "match row:\n            case {'load': x, **rest}: out.append((x, rest))",
]
# Beside these, rows of another loop may be read, but not kept: they are equal, not the same.
CHANGES = [
    'row["extra"] = 1; out.append(row)',
    'row["n"] += 1; out.append(row["n"]); out.append(row.pop("n")); out.append(row["n"])',
    'if "extra" not in row: row.update(load=len(out))',
    "out.append(row)",
    "kept = row",
]
AFTER = ["pass", 'out.append(row["n"])', "out.append(row)", "out.append(len(row))"]


def written(statements: list[str], after: str) -> Callable[[object], list[Any]]:
    body = "\n        ".join(statements)
    text = (
        f"import operator\ndef loop(rows):\n    kept, out = None, []\n    for row in rows:\n"
        f"        {body}\n    {after}\n    out.append(kept)\n    return out"
    )
    made: dict[str, Any] = {}
    exec(text, made)  # noqa: S102 # the statements above
    loop: Callable[[object], list[Any]] = made["loop"]
    return loop


def outcome(loop: Callable[[object], list[Any]], given_rows: object) -> object:
    """What a loop gives, with functions called; an error as its type and text."""
    try:
        return [shown(value) for value in loop(given_rows)]
    except (KeyError, NameError, TypeError) as error:
        return type(error), str(error)


def shown(value: Any) -> Any:  # noqa: ANN401 # whatever the loops put out
    if isinstance(value, dict) and "out" in value:  # what `locals()` gave
        return shown(value.get("row"))
    if callable(value):
        return shown(value("n")) if hasattr(value, "__self__") else shown(value())
    return value


@given(
    st.lists(st.sampled_from(READS + OTHERS), min_size=1, max_size=3),
    st.sampled_from(AFTER),
)
def test_no_loop_can_tell_its_rows_from_whole_ones(statements: list[str], after: str) -> None:
    loop = written(statements, after)
    assert outcome(loop, Rows(STREAM)) == outcome(loop, Whole(STREAM))


@given(
    st.lists(st.sampled_from(READS + CHANGES), min_size=1, max_size=4),
    st.sampled_from(AFTER),
)
def test_changes_of_rows_are_seen_as_in_a_list(statements: list[str], after: str) -> None:
    loop = written(statements, after)
    rows, model = Rows(STREAM), Rows(STREAM)[:]
    for _ in range(2):  # what the first loop has changed is there for the second one
        assert outcome(loop, rows) == outcome(loop, model)


@pytest.mark.parametrize("statement", READS + OTHERS + CHANGES)
@pytest.mark.parametrize("after", AFTER)
def test_no_statement_can_tell_its_rows_from_whole_ones(statement: str, after: str) -> None:
    loop = written([statement], after)
    assert outcome(loop, Rows(STREAM)) == outcome(loop, Whole(STREAM))


class Whole:
    """Rows without any knowledge of the loop, new ones for each: the model."""

    def __init__(self, of: bytes) -> None:
        self._of = of

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(Rows(self._of)[:])


@pytest.fixture
def made_columns(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of columns that were made, as the length of a list."""
    made: list[int] = []

    def counted(column: "pa.ChunkedArray[Any]") -> list[Any]:
        made.append(1)
        return to_list(column)

    monkeypatch.setattr(rows, "to_list", counted)
    return made


@pytest.mark.parametrize("statement", READS[:14])
def test_a_loop_that_reads_a_column_has_only_that_made(
    statement: str, made_columns: list[int]
) -> None:
    written([statement], "pass")(Rows(STREAM))
    assert len(made_columns) == (2 if "time" in statement else 1)


@pytest.mark.parametrize("statement", OTHERS[:17])
def test_a_loop_that_lets_its_row_out_has_all_columns_made(
    statement: str, made_columns: list[int]
) -> None:
    written([statement], "pass")(Rows(STREAM))
    assert len(made_columns) == len(WHOLE[0])


def comprehended(*given_rows: Rows) -> list[object]:
    """One comprehension of each kind; not in an `assert`, which pytest gives `locals()` to see."""
    first, second, third, fourth = given_rows
    return [
        [row["n"] for row in first],
        {row.get("n") for row in second},
        {row["n"]: "n" in row for row in third},
        sum(row["n"] for row in fourth),
    ]


def test_comprehensions_have_only_what_they_read_made(made_columns: list[int]) -> None:
    values = comprehended(*(Rows(STREAM) for _ in range(4)))
    assert values == [[1, 2, 3], {1, 2, 3}, dict.fromkeys((1, 2, 3), True), 6]
    assert len(made_columns) == 4


def test_a_debugger_sees_whole_rows(made_columns: list[int]) -> None:
    before = sys.gettrace()
    sys.settrace(lambda *_: None)
    try:
        written(READS[:1], "pass")(Rows(STREAM))
    finally:
        sys.settrace(before)
    assert len(made_columns) == len(WHOLE[0])


@pytest.mark.skipif(not hasattr(sys, "monitoring"), reason="new in Python 3.12")
def test_a_debugger_that_monitors_sees_whole_rows(made_columns: list[int]) -> None:
    monitoring: Any = vars(sys)["monitoring"]
    monitoring.use_tool_id(monitoring.DEBUGGER_ID, "test")
    try:
        written(READS[:1], "pass")(Rows(STREAM))
    finally:
        monitoring.free_tool_id(monitoring.DEBUGGER_ID)
    assert len(made_columns) == len(WHOLE[0])


def test_loops_of_generators_and_coroutines_are_read_too(made_columns: list[int]) -> None:
    def generator() -> Iterator[int]:
        for row in Rows(STREAM):
            yield row["n"]

    async def coroutine() -> int:
        total = 0
        for row in Rows(STREAM):
            total += row["n"]
        return total

    assert list(generator()) == [1, 2, 3]
    assert asyncio.run(coroutine()) == 6
    assert len(made_columns) == 2


def test_a_long_function_is_read_too(made_columns: list[int]) -> None:
    loop = written([*READS[:1] * 200, 'out.append(row["time"])'], "pass")
    assert len(loop(Rows(STREAM))) == 3 * 201 + 1
    assert len(made_columns) == 2


CONSUMERS: list[Callable[[Any], Any]] = [
    json.dumps,
    lambda row: json.dumps(row, indent=1, sort_keys=True),
    msgspec.json.encode,
    dict,
    dict.copy,
    dict.items,
    copy.copy,
    copy.deepcopy,
    lambda row: pickle.loads(pickle.dumps(row)),  # noqa: S301 # our own bytes
    lambda row: {**row},
    lambda row: dict(**row),
    lambda row: {} | row,
    lambda row: [*row],
    lambda row: [*reversed(row)],
    lambda row: pa.array([row])[0].as_py(),
    lambda row: pa.Table.from_pylist([row]).to_pylist(),
    lambda row: "{n}{time}".format_map(row),
    lambda row: "%(n)s" % row,  # noqa: UP031 # this is C code of its own
    len,
    bool,
    tuple,
]


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_c_code_sees_all_keys_of_a_row(consumer: Callable[[Any], Any]) -> None:
    plain: list[dict[str, Any]] = [
        {"host": "a", "load": 0.5, "n": 1, "time": 1},
        {"load": 1.0, "n": 2, "time": 2},
        {"host": "b", "n": 3, "time": 3},
    ]
    expected = [comparable(consumer(row)) for row in plain]
    looped = []
    for row in Rows(STREAM):
        if row["n"] and row.get("n") and "n" in row:
            looped.append(comparable(consumer(row)))  # noqa: PERF401 # a loop is what this tests
    assert looped == expected
    assert [comparable(consumer(row)) for row in Rows(STREAM)] == expected
    assert list(map(comparable, map(consumer, Rows(STREAM)))) == expected


def comparable(value: Any) -> Any:  # noqa: ANN401 # what the consumers give
    return list(value) if isinstance(value, type({}.items())) else value


def test_rows_of_more_columns_than_are_compiled_are_as_the_others() -> None:
    names = [f"c{n}" for n in range(COMPILED_COLUMNS_MAX + 1)]
    wide = Rows(stream(**{name: [1, None] for name in names}))
    assert [*wide] == [dict.fromkeys(names, 1), {}]
    loop = written([f'out.append(row["{name}"])' for name in names], "pass")
    assert loop(wide)[:-1] == [*[1] * len(names), *[None] * len(names)]


def test_columns_may_be_named_like_anything() -> None:
    names = ["row", "values", "k0", "", "'", "\\", "a\nb", "\u00e4", "None"]
    whole = Rows(stream(**{name: [n] for n, name in enumerate(names)}))
    assert [*whole] == [{name: n for n, name in enumerate(names)}]


def test_rows_without_columns_are_none() -> None:
    empty = Rows(stream())
    assert [1 for row in empty if "n" in row] == [*empty] == []
