"""Rows as plugins see them: dicts, made from Arrow columns when they are read.

What a plugin does not touch costs nothing: not even the stream of an untouched batch is opened.
Rows of a batch share their keys and their tag strings; each column becomes a list once.
"""

from collections.abc import Iterator, MutableSequence
from functools import lru_cache
from itertools import repeat
from typing import Any, ClassVar, SupportsIndex, overload

import pyarrow as pa

from influxpe.worker.columns import open_table, to_list


class _Row(dict[str, Any]):
    """A dict that pickles, copies and prints as one."""

    __slots__ = ()

    def __reduce__(self) -> Any:  # noqa: ANN401 # as object.__reduce__
        return (dict, (dict(self),))


class _BatchRow(_Row):
    """A row of a batch: absent where null, but a column that the batch has reads as `None`."""

    __slots__ = ()
    known: ClassVar[frozenset[str]] = frozenset()

    def __missing__(self, key: str) -> None:
        if key not in self.known:
            raise KeyError(key)


class QueryRow(_Row):
    """A row of a query: `row["now"]` finds the column `now()`, PostgreSQL's name for it."""

    __slots__ = ()

    def __missing__(self, key: str) -> Any:  # noqa: ANN401 # any value
        names = [name for name in self if name.endswith(")") and name.split("(")[0] == key]
        if len(names) != 1:
            raise KeyError(key)
        return self[names[0]]


@lru_cache(maxsize=64)
def _row_class(names: tuple[str, ...]) -> type[_BatchRow]:
    """The class of the rows of a table: its known columns cost no room in a row."""
    return type("Row", (_BatchRow,), {"__slots__": (), "known": frozenset(names)})


class Rows(MutableSequence[dict[str, Any]]):
    """The rows of one table. Behaves as a list of dicts; changing it changes only this object."""

    def __init__(self, stream: bytes | memoryview) -> None:
        self._stream = stream
        self._table: pa.Table | None = None
        self._columns: dict[str, list[Any]] = {}
        self._list: list[dict[str, Any]] | None = None

    # `isinstance(rows, list)` is what plugins ask before they walk something.
    @property  # type: ignore[misc] # a class that says it is another one, on purpose
    def __class__(self) -> type[list[dict[str, Any]]]:  # type: ignore[override] # as above
        return list

    def to_arrow(self) -> "pa.Table":
        """The rows as they were written, as a `pyarrow.Table`, without a copy."""
        if self._table is None:
            self._table = open_table(self._stream)
        return self._table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)  # type: ignore[no-untyped-call] # so in the stubs

    def column(self, name: str) -> list[Any]:
        """One column as a list, `None` where a row lacks it. Raises `KeyError` if there is none."""
        if name not in self._columns:
            self._columns[name] = to_list(self.to_arrow().column(name))
        return self._columns[name]

    def __len__(self) -> int:
        return self.to_arrow().num_rows if self._list is None else len(self._list)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self._made() if self._list is None else iter(self._list)

    @overload
    def __getitem__(self, index: SupportsIndex) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> dict[str, Any] | list[dict[str, Any]]:
        return self._all()[index]

    def __setitem__(self, index: Any, value: Any) -> None:  # noqa: ANN401 # as a list's
        self._all()[index] = value

    def __delitem__(self, index: SupportsIndex | slice) -> None:
        del self._all()[index]

    def insert(self, index: SupportsIndex, value: dict[str, Any]) -> None:
        """Put a row before another one."""
        self._all().insert(index, value)

    def sort(self, *, key: Any = None, reverse: bool = False) -> None:  # noqa: ANN401 # as a list's
        """Order the rows in place."""
        self._all().sort(key=key, reverse=reverse)

    def copy(self) -> list[dict[str, Any]]:
        """The rows as a plain list."""
        return list(self)

    def __add__(self, other: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [*self, *other]

    def __radd__(self, other: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [*other, *self]

    def __eq__(self, other: object) -> bool:
        return self._all() == (list(other) if isinstance(other, Rows) else other)

    __hash__ = None  # type: ignore[assignment] # as a list: it can change

    def __repr__(self) -> str:
        return repr(self._all())

    def __reduce__(self) -> Any:  # noqa: ANN401 # as object.__reduce__
        return (list, (list(self),))

    def _all(self) -> list[dict[str, Any]]:
        """All rows, made once: whoever asks by index may ask again."""
        if self._list is None:
            self._list = list(self._made())
        return self._list

    def _made(self) -> Iterator[dict[str, Any]]:
        """Make each row in turn."""
        table = self.to_arrow()
        names = table.column_names
        row_class = _row_class(tuple(names))
        columns = [self.column(name) for name in names]
        # All in C: a generator of row_class(zip(names, values)) takes a quarter longer.
        rows = map(row_class, map(zip, repeat(names), zip(*columns, strict=True)))
        nullable = [name for name in names if table.column(name).null_count]
        return _without_nulls(rows, nullable) if nullable else rows


def _without_nulls(rows: Iterator[dict[str, Any]], nullable: list[str]) -> Iterator[dict[str, Any]]:
    """Take the keys out that a row has no value for."""
    for row in rows:
        for name in nullable:
            if row[name] is None:
                del row[name]
        yield row


class TableBatch(dict[str, Any]):
    """`{"table_name": ..., "rows": ...}`: what was written to one table."""

    def to_arrow(self) -> "pa.Table":
        """The rows as a `pyarrow.Table`, without a copy."""
        rows: Rows = self["rows"]
        return rows.to_arrow()


def table_batches(tables: list[tuple[str, int]], payload: bytes) -> list[TableBatch]:
    """Cut a payload into batches; `tables` has their names and lengths in bytes, in its order."""
    batches, start, view = [], 0, memoryview(payload)
    for name, size_bytes in tables:
        rows = Rows(view[start : start + size_bytes])
        batches.append(TableBatch(table_name=name, rows=rows))
        start += size_bytes
    return batches


def query_rows(stream: bytes) -> list[dict[str, Any]]:
    """The result of a query as a list of dicts; of equally named columns the last one wins."""
    table = open_table(stream)
    names = table.column_names
    columns = [to_list(column) for column in table.itercolumns()]
    return list(map(QueryRow, map(zip, repeat(names), zip(*columns, strict=True))))
