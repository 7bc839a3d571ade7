"""One row: the classes of its dict, and the making of many.

Columns come in as lists of one length, dicts in the order of the names come out. Where the number
of columns allows, the dicts are filled by a loop that is compiled for this number:
`for row[k0], row[k1] in values: yield make(row)` takes two thirds of the time of `make(zip(...))`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any, ClassVar, Final

# Compiling takes 15 us per column and is done once; wider tables are rare, and their rows slow.
COMPILED_COLUMNS_MAX: Final = 256
# Different tables that a worker has at once; more only cost the making of a class or of a loop.
KINDS_KEPT_MAX: Final = 64


class Row(dict[str, Any]):
    """A dict that pickles, copies and prints as one."""

    __slots__ = ()

    def __reduce__(self) -> Any:  # noqa: ANN401 # as object.__reduce__
        return (dict, (dict(self),))


class BatchRow(Row):
    """A row of a batch: absent where null, but a column that the batch has reads as `None`."""

    __slots__ = ()
    known: ClassVar[frozenset[str]] = frozenset()

    def __missing__(self, key: str) -> None:
        if key not in self.known:
            raise KeyError(key)


class QueryRow(Row):
    """A row of a query: `row["now"]` finds the column `now()`, PostgreSQL's name for it."""

    __slots__ = ()

    def __missing__(self, key: str) -> Any:  # noqa: ANN401 # any value
        names = [name for name in self if name.endswith(")") and name.split("(")[0] == key]
        if len(names) != 1:
            raise KeyError(key)
        return self[names[0]]


@lru_cache(maxsize=KINDS_KEPT_MAX)
def row_class(names: tuple[str, ...]) -> type[BatchRow]:
    """The class of the rows of a table: its known columns cost no room in a row."""
    return type("Row", (BatchRow,), {"__slots__": (), "known": frozenset(names)})


def each_row(
    make: Callable[[Any], dict[str, Any]], names: Sequence[str], columns: Iterable[list[Any]]
) -> Iterator[dict[str, Any]]:
    """Give each row as a dict of its own; of equal names the last one wins."""
    values = zip(*columns, strict=True)
    if not 0 < len(names) <= COMPILED_COLUMNS_MAX:
        return map(make, map(zip, repeat(names), values))
    return _loop(len(names), "make(row)")(values, dict.fromkeys(names), make, *names)


def one_row(
    row: dict[str, Any], names: Sequence[str], columns: Iterable[list[Any]]
) -> Iterator[dict[str, Any]]:
    """Give one and the same dict for each row, for a loop that keeps none of them."""
    if not names:
        return iter(())
    return _loop(len(names), "row")(zip(*columns, strict=True), row, None, *names)


@lru_cache(maxsize=KINDS_KEPT_MAX)
def _loop(count: int, given: str) -> Callable[..., Iterator[dict[str, Any]]]:
    """Compile the loop for so many columns. Their names are arguments: none is in the text."""
    keys = [f"k{n}" for n in range(count)]
    targets = ", ".join(f"row[{key}]" for key in keys)
    text = (
        f"def loop(values, row, make, {', '.join(keys)}):\n"
        f"    for {targets}, in values:\n"
        f"        yield {given}\n"
    )
    made: dict[str, Any] = {}
    exec(text, made)  # noqa: S102 # nothing in it comes from outside
    loop: Callable[..., Iterator[dict[str, Any]]] = made["loop"]
    return loop
