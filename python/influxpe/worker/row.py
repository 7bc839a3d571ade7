"""One row: the classes of its dict, and the making of many.

Columns come in as lists of one length, dicts in the order of the names come out. Where the number
of columns allows, the dicts are filled by a loop that is compiled for this number:
`for row[k0], row[k1] in values: yield make(row)` takes two thirds of the time of `make(zip(...))`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any, ClassVar, Final, Protocol, Self
from weakref import ReferenceType, ref

# Compiling takes 15 us per column and is done once; wider tables are rare, and their rows slow.
COMPILED_COLUMNS_MAX: Final = 256
# The body of a loop that makes rows which can be traced.
TRACED: Final = "made = make(row); made.of = of; made.at = at; at += 1; yield made"
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
    known: ClassVar[Mapping[str, None]] = {}

    def __repr__(self) -> str:
        """Show all columns of the batch, absent ones as `None`, as InfluxDB 3.11 has them."""
        return repr({**self.known, **self})

    def __missing__(self, key: str) -> None:
        if key not in self.known:
            raise KeyError(key)


class Origin(Protocol):
    """Where a row was made: it has to give the row again once that was changed."""

    def note_change(self, at: int, row: dict[str, Any]) -> None:
        """Keep a row that was changed."""


class TracedRow(BatchRow):
    """A row that its batch can let go of: when it is changed, it says so where it was made.

    It does not hold its batch: a plugin that keeps one row keeps no more than that.
    """

    __slots__ = ("at", "of")
    of: "ReferenceType[Origin]"
    at: int

    def _note(self) -> None:
        origin = self.of()
        if origin is not None:
            origin.note_change(self.at, self)

    def __setitem__(self, key: str, value: Any) -> None:  # noqa: ANN401 # any value
        self._note()
        super().__setitem__(key, value)

    def __delitem__(self, key: str) -> None:
        self._note()
        super().__delitem__(key)

    def __ior__(self, other: Any) -> Self:  # type: ignore[override,misc] # noqa: ANN401 # as a dict's
        self._note()
        return super().__ior__(other)

    def clear(self) -> None:
        """As a dict's, like all below."""
        self._note()
        super().clear()

    def pop(self, *args: Any) -> Any:  # noqa: ANN401, D102 # as a dict's
        self._note()
        return super().pop(*args)

    def popitem(self) -> tuple[str, Any]:  # noqa: D102 # as a dict's
        self._note()
        return super().popitem()

    def setdefault(self, *args: Any) -> Any:  # noqa: ANN401, D102 # as a dict's
        self._note()
        return super().setdefault(*args)

    def update(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401, D102 # as a dict's
        self._note()
        super().update(*args, **kwargs)


class QueryRow(Row):
    """A row of a query: `row["now"]` finds the column `now()`, PostgreSQL's name for it."""

    __slots__ = ()

    def __missing__(self, key: str) -> Any:  # noqa: ANN401 # any value
        names = [name for name in self if name.endswith(")") and name.split("(")[0] == key]
        if len(names) != 1:
            raise KeyError(key)
        return self[names[0]]


@lru_cache(maxsize=KINDS_KEPT_MAX)
def row_class(names: tuple[str, ...]) -> type[TracedRow]:
    """The class of the rows of a table: its known columns cost no room in a row."""
    return type("Row", (TracedRow,), {"__slots__": (), "known": dict.fromkeys(names)})


@lru_cache(maxsize=KINDS_KEPT_MAX)
def reused_row_class(names: tuple[str, ...]) -> type[BatchRow]:
    """The class of the one row that a loop which only reads is given again and again."""
    return type("Row", (BatchRow,), {"__slots__": (), "known": dict.fromkeys(names)})


def each_row(
    make: Callable[[Any], dict[str, Any]], names: Sequence[str], columns: Iterable[list[Any]]
) -> Iterator[dict[str, Any]]:
    """Give each row as a dict of its own; of equal names the last one wins."""
    values = zip(*columns, strict=True)
    if not 0 < len(names) <= COMPILED_COLUMNS_MAX:
        return map(make, map(zip, repeat(names), values))
    return _loop(len(names), "yield make(row)")(values, dict.fromkeys(names), make, None, *names)


def each_traced(
    origin: Origin, names: Sequence[str], columns: Iterable[list[Any]]
) -> Iterator[dict[str, Any]]:
    """Give each row as a dict of its own that tells `origin` when it is changed."""
    values, make, of = zip(*columns, strict=True), row_class(tuple(names)), ref(origin)
    if 0 < len(names) <= COMPILED_COLUMNS_MAX:
        yield from _loop(len(names), TRACED)(values, dict.fromkeys(names), make, of, *names)
        return
    for at, row in enumerate(map(make, map(zip, repeat(names), values))):
        row.of, row.at = of, at
        yield row


def one_row(
    row: dict[str, Any], names: Sequence[str], columns: Iterable[list[Any]]
) -> Iterator[dict[str, Any]]:
    """Give one and the same dict for each row, for a loop that keeps none of them."""
    if not names:
        return iter(())
    return _loop(len(names), "yield row")(zip(*columns, strict=True), row, None, None, *names)


@lru_cache(maxsize=KINDS_KEPT_MAX)
def _loop(count: int, body: str) -> Callable[..., Iterator[dict[str, Any]]]:
    """Compile the loop for so many columns. Their names are arguments: none is in the text."""
    keys = [f"k{n}" for n in range(count)]
    targets = ", ".join(f"row[{key}]" for key in keys)
    text = (
        f"def loop(values, row, make, of, {', '.join(keys)}):\n"
        f"    at = 0\n"
        f"    for {targets}, in values:\n"
        f"        {body}\n"
    )
    made: dict[str, Any] = {}
    exec(text, made)  # noqa: S102 # nothing in it comes from outside
    loop: Callable[..., Iterator[dict[str, Any]]] = made["loop"]
    return loop
