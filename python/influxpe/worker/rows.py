"""Rows as plugins see them: dicts, made from Arrow columns when they are read.

What a plugin does not touch costs nothing: not even the stream of an untouched batch is opened.
Rows of a batch share their keys and their tag strings; each column becomes a list once. A loop that
only reads some keys of its rows has only those made (`influxpe.worker.loops`); whatever else sees a
row sees a whole dict. A row that a plugin changes stays changed for every later loop. Rows of two
loops are equal, and the same objects only where they were changed or come by index.
"""

import sys
from collections.abc import Iterator, MutableSequence
from itertools import chain
from typing import Any, SupportsIndex, overload

import pyarrow as pa

from influxpe.worker.columns import open_table, to_list
from influxpe.worker.loops import Reads, feeds_generator, generator_reads, loop_reads
from influxpe.worker.row import (
    COMPILED_COLUMNS_MAX,
    QueryRow,
    each_row,
    each_traced,
    one_row,
    reused_row_class,
)


class Rows(MutableSequence[dict[str, Any]]):
    """The rows of one table. Behaves as a list of dicts; changing it changes only this object."""

    def __init__(self, stream: bytes | memoryview) -> None:
        self._stream = stream
        self._table: pa.Table | None = None
        self._columns: dict[str, list[Any]] = {}
        self._list: list[dict[str, Any]] | None = None
        self._is_reordered = False
        self._changed: dict[int, dict[str, Any]] = {}

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
        if self._list is not None:
            return iter(self._list)
        if self._changed:
            return self._made()
        asking = sys._getframe(1)
        if feeds_generator(asking):
            return chain.from_iterable(self._made_when_asked())
        return self._made_for(loop_reads(asking))

    @overload
    def __getitem__(self, index: SupportsIndex) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> dict[str, Any] | list[dict[str, Any]]:
        return self._all()[index]

    def __setitem__(self, index: Any, value: Any) -> None:  # noqa: ANN401 # as a list's
        self._reordered()[index] = value

    def __delitem__(self, index: SupportsIndex | slice) -> None:
        del self._reordered()[index]

    def insert(self, index: SupportsIndex, value: dict[str, Any]) -> None:
        """Put a row before another one."""
        self._reordered().insert(index, value)

    def sort(self, *, key: Any = None, reverse: bool = False) -> None:  # noqa: ANN401 # as a list's
        """Order the rows in place."""
        self._reordered().sort(key=key, reverse=reverse)

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

    def note_change(self, at: int, row: dict[str, Any]) -> None:
        """Keep a row that was changed, so that whoever comes next sees it."""
        self._changed[at] = row
        if self._list is not None and not self._is_reordered:
            self._list[at] = row

    def _reordered(self) -> list[dict[str, Any]]:
        """All rows, whose places may change: they are found by their place no more."""
        rows = self._all()
        self._is_reordered = True
        return rows

    def _all(self) -> list[dict[str, Any]]:
        """All rows, made once: whoever asks by index may ask again."""
        if self._list is None:
            self._list = list(self._made())
        return self._list

    def _made_when_asked(self) -> Iterator[Iterator[dict[str, Any]]]:
        """Make rows for the comprehension that asks for the first one: it is known only then."""
        yield self._made_for(generator_reads(sys._getframe(1)))

    def _made(self) -> Iterator[dict[str, Any]]:
        """Make each row in turn."""
        table = self.to_arrow()
        names = table.column_names
        rows = each_traced(self, names, map(self.column, names))
        nullable = [name for name in names if table.column(name).null_count]
        rows = _without_nulls(rows, nullable) if nullable else rows
        return self._with_changes(rows) if self._changed else rows

    def _with_changes(self, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Give those that were changed in the place of those that were written."""
        for at, row in enumerate(rows):
            yield self._changed.get(at, row)

    def _made_for(self, reads: Reads | None) -> Iterator[dict[str, Any]]:
        """Make what a loop reads of each row, in one dict that has the values of each in turn."""
        if reads is None or len(reads.items | reads.lookups) > COMPILED_COLUMNS_MAX:
            return self._made()
        table = self.to_arrow()
        every = table.column_names
        names = [name for name in every if name in reads.items or name in reads.lookups]
        names = names or every[:1]  # the loop must turn, whatever it reads
        # To a loop that only reads `row[...]`, a value that is `None` is the same as an absent one.
        nullable = [n for n in names if n in reads.lookups and table.column(n).null_count]
        row = reused_row_class(tuple(every))() if nullable else {}
        rows = one_row(row, names, map(self.column, names))
        return _without_nulls(rows, nullable) if nullable else rows


def _without_nulls(rows: Iterator[dict[str, Any]], nullable: list[str]) -> Iterator[dict[str, Any]]:
    """Take the keys out that a row has no value for."""
    for row in rows:
        for name in nullable:
            if row[name] is None:
                dict.__delitem__(row, name)  # a change that is none of the plugin's
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
    return list(each_row(QueryRow, names, map(to_list, table.itercolumns())))
