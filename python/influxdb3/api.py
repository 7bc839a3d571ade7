"""Types of the plugin API, for plugins that are checked with mypy or pyright.

from influxdb3 import InfluxDB3Local, TableBatch

def process_writes(
    influxdb3_local: InfluxDB3Local, table_batches: list[TableBatch], args: dict[str, str] | None
) -> None: ...
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias, overload

Scalar: TypeAlias = bool | int | float | str | None
StateValue: TypeAlias = Scalar | bytes | datetime | list[Any] | dict[str, Any]


class Buildable(Protocol):
    """Anything that gives line protocol when asked, such as a `LineBuilder`."""

    def build(self) -> str:
        """One or more lines of line protocol."""


Lines: TypeAlias = Buildable | str | bytes | Iterable["Lines"]


class ArrowData(Protocol):
    """Rows of anything that hands out Arrow data: pyarrow, polars, pandas, the rows of a batch."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...


class Rows(Protocol):
    """The rows of one table: a list of dicts, made from Arrow columns when they are read."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Any: ...  # noqa: ANN401 # an iterator of rows
    def __getitem__(self, index: int) -> dict[str, Any]: ...

    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...

    def column(self, name: str) -> list[Any]:
        """One column as a list, `None` where a row lacks it; no rows are made for this."""

    def to_arrow(self) -> Any:  # noqa: ANN401 # a pyarrow.Table, which plugins need not have
        """The rows as a `pyarrow.Table`, without a copy."""


class TableBatch(Protocol):
    """What was written to one table."""

    @overload
    def __getitem__(self, key: Literal["table_name"]) -> str: ...
    @overload
    def __getitem__(self, key: Literal["rows"]) -> Rows: ...

    def to_arrow(self) -> Any:  # noqa: ANN401 # a pyarrow.Table, which plugins need not have
        """The rows as a `pyarrow.Table`, without a copy."""


class Cache(Protocol):
    """Values that outlive a run: of this trigger, or of all triggers with `use_global=True`.

    The trigger's own cache hands back the identical object for as long as its process lives. The
    global one hands back a copy, so its values must be picklable.
    """

    def put(
        self, key: str, value: object, ttl: float | None = None, use_global: bool | None = None
    ) -> None:
        """Keep a value, for `ttl` seconds or until it is deleted."""

    def get(
        self,
        key: str,
        default: Any = None,  # noqa: ANN401 # any value may be cached
        use_global: bool | None = None,
    ) -> Any:  # noqa: ANN401 # as above
        """The value of a key, or `default`."""

    def delete(self, key: str, use_global: bool | None = None) -> bool:
        """Forget a key; true if there was one."""


class State(Protocol):
    """Values of the trigger that survive restarts and failures, for positions, counts and the like.

    What a run changes here is stored in one piece with the lines that it writes and with its place
    in the log, when it ends well: all of it or nothing. The run sees its own changes at once. Where
    runs overlap, the one that ends last wins, key by key. A key has up to 256 characters, a value
    up to 64 KiB. A test run begins with an empty state, and keeps none.
    """

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 # any value may be kept
        """A copy of the value of a key, or `default`."""

    def put(self, key: str, value: StateValue) -> None:
        """Keep a value. Raises `TypeError` for other types, `ValueError` if it is too large.

        A list or a dict that is changed afterwards has to be put again. A `datetime` keeps its
        offset from UTC, or that it has none.
        """

    def delete(self, key: str) -> bool:
        """Forget a key; true if it had a value."""

    def keys(self) -> list[str]:
        """All keys, sorted."""


class InfluxDB3Local(Protocol):
    """What a plugin may ask of the server it runs in: its first argument."""

    @property
    def cache(self) -> Cache:
        """Values that outlive a run, in memory: connections, models, whatever can be made anew."""

    @property
    def state(self) -> State:
        """Values that are stored with what the run writes, and survive everything."""

    def info(self, *args: object) -> None:
        """Log the arguments, joined by blanks."""

    def warn(self, *args: object) -> None:
        """Log the arguments as a warning."""

    def error(self, *args: object) -> None:
        """Log the arguments as an error."""

    @overload
    def write(self, line_builder: Lines) -> None: ...
    @overload
    def write(
        self, line_builder: ArrowData, table: str, tags: Iterable[str] | None = None
    ) -> None: ...
    def write(self, line_builder: Any, table: Any = None, tags: Any = None) -> None:
        """Queue lines, or Arrow data for a table; all is written together when the run ends well.

        Of Arrow data `tags` are the tag columns; without them its schema says (metadata, then
        dictionaries), or the table that exists. `time` is the time column. A bad row fails the run.
        A dry run shows it as lines, without a look at the table.
        """

    @overload
    def write_to_db(self, db_name: str, line_builder: Lines) -> None: ...
    @overload
    def write_to_db(
        self, db_name: str, line_builder: ArrowData, table: str, tags: Iterable[str] | None = None
    ) -> None: ...
    def write_to_db(
        self, db_name: str, line_builder: Any, table: Any = None, tags: Any = None
    ) -> None:
        """Queue lines or Arrow data for another database."""

    def write_sync(self, line_builder: Lines, no_sync: bool = False) -> None:
        """Write lines now, durably unless `no_sync`; they stay even if the run fails."""

    def write_sync_to_db(self, db_name: str, line_builder: Lines, no_sync: bool = False) -> None:
        """Write lines to another database now."""

    @overload
    def query(
        self,
        query: str,
        args: Mapping[str, Scalar] | None = None,
        database: str | None = None,
        format: Literal["rows"] = "rows",
    ) -> list[dict[str, Any]]: ...
    @overload
    def query(
        self,
        query: str,
        args: Mapping[str, Scalar] | None = None,
        database: str | None = None,
        *,
        format: Literal["arrow"],
    ) -> Any: ...  # noqa: ANN401 # a pyarrow.Table, which plugins need not have
    def query(
        self, query: Any, args: Any = None, database: Any = None, format: Any = "rows"
    ) -> Any:
        """Run SQL; `args` fill its `$name` placeholders. Raises `influxdb3.QueryError`.

        The rows are dicts; with `format="arrow"` they are a `pyarrow.Table`, without a copy.
        """
