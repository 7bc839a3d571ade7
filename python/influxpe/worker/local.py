"""`influxdb3_local`: what a plugin may ask of the server during its run."""

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any, Final

from influxdb3.errors import QueryError
from influxpe.worker import wire
from influxpe.worker.arrow_write import (
    arrow_table,
    as_lines,
    checked_tags,
    ipc_stream,
    is_arrow,
)
from influxpe.worker.cache import Cache, LocalStore
from influxpe.worker.columns import open_table
from influxpe.worker.connection import Answer
from influxpe.worker.lines import line_text
from influxpe.worker.rows import query_rows
from influxpe.worker.run import Run
from influxpe.worker.state import State

# A line of the log is shown and kept; what is longer is data.
LOG_CHARACTERS_MAX: Final = 65_536
_INTERNAL: Final = "_internal"
_FORMATS: Final = ("rows", "arrow")
_STRING_LITERAL: Final = re.compile(r"'(?:[^']|'')*'")


class InfluxDB3Local:
    """The object itself: its public names are those of the reference, and `state`."""

    __slots__ = ("_cache", "_run", "_store")

    def __init__(self, run: Run, store: LocalStore) -> None:
        self._run = run
        self._store = store
        self._cache = Cache(store, run.connection, run.start.cache_name)

    @property
    def cache(self) -> Cache:
        """Values that outlive a run."""
        self._store.sweep()
        return self._cache

    @property
    def state(self) -> State:
        """Values that are stored with what the run writes, and survive everything."""
        return State(self._run)

    def info(self, *args: object) -> None:
        """Log the arguments, joined by blanks."""
        self._log("INFO", args)

    def warn(self, *args: object) -> None:
        """Log the arguments as a warning."""
        self._log("WARN", args)

    def error(self, *args: object) -> None:
        """Log the arguments as an error."""
        self._log("ERROR", args)

    def write(
        self, line_builder: object, table: str | None = None, tags: Iterable[str] | None = None
    ) -> None:
        """Queue lines, or Arrow data for a table, written together when the run ends well.

        Of Arrow data `tags` are the tag columns; without them the schema says, or the table that
        exists. A dry run shows it as lines.
        """
        self._queue(self._run.start.database, line_builder, table, tags)

    def write_to_db(
        self,
        db_name: str,
        line_builder: object,
        table: str | None = None,
        tags: Iterable[str] | None = None,
    ) -> None:
        """Queue lines or Arrow data for another database."""
        _check_database(db_name)
        self._queue(db_name, line_builder, table, tags)

    def write_sync(self, line_builder: object, no_sync: bool = False) -> None:
        """Write lines now. Raises `Exception` with the server's reason."""
        self._write_now(self._run.start.database, line_builder, no_sync)

    def write_sync_to_db(self, db_name: str, line_builder: object, no_sync: bool = False) -> None:
        """Write lines to another database now. Raises `Exception` with the server's reason."""
        self._write_now(db_name, line_builder, no_sync)

    def query(
        self,
        query: str,
        args: Mapping[str, object] | None = None,
        database: str | None = None,
        format: str = "rows",
    ) -> Any:  # noqa: ANN401 # as the format says
        """Run SQL and give all rows: dicts, or with `format="arrow"` a `pyarrow.Table`.

        Raises `QueryError`, `TypeError` for a bad parameter, `ValueError` for another format.
        """
        _check_text("a query", query)
        if format not in _FORMATS:
            raise ValueError(f"the format of a query is 'rows' or 'arrow', not {format!r}")
        params = _scalars(args)
        target = self._run.start.database if database is None else database
        _check_text("a database name", target)
        for name in quoted_parameters(query, params):
            self.warn(
                f"query parameter {name} is unused: ${name} stands inside a string literal, "
                "where nothing is filled in; drop the quotes"
            )
        reply, stream = self._call(
            lambda call: wire.Query(self._run.start.run, call, target, query, params)
        )
        if reply.error is not None:
            raise QueryError(f"error: {reply.error} executing query on {target}: {query}")
        return query_rows(stream) if format == "rows" else open_table(stream)

    def _call(self, make: Callable[[int], wire.Call]) -> Answer:
        return self._run.connection.call(make)

    def _log(self, level: wire.Level, args: tuple[object, ...]) -> None:
        text = " ".join(map(str, args))
        if len(text) > LOG_CHARACTERS_MAX:
            cut = len(text) - LOG_CHARACTERS_MAX
            text = f"{text[:LOG_CHARACTERS_MAX]}... ({cut} characters cut)"
        # Half of a surrogate pair is no text for anyone else; show it as `?`.
        shown = text if text.isascii() else text.encode("utf-8", "replace").decode()
        self._run.connection.send(wire.Log(self._run.start.run, level, shown))

    def _queue(
        self, database: str, data: object, table: str | None, tags: Iterable[str] | None
    ) -> None:
        """Queue lines; or a table, which is packed now: it may be changed afterwards."""
        if not is_arrow(data):
            if table is not None or tags is not None:
                raise TypeError(
                    "table and tags are for Arrow data; lines and builders have them in themselves"
                )
            self._run.queue(database, line_text(data))
            return
        if not isinstance(table, str) or not table:
            raise TypeError('Arrow data needs the name of its table: write(data, table="name")')
        rows, names = arrow_table(data), checked_tags(tags)
        if self._run.start.collect_sync_writes:
            self._run.queue(database, as_lines(rows, table, names))
        elif rows.num_rows:
            self._run.queue_table(database, table, names, ipc_stream(rows))

    def _write_now(self, database: str, lines: object, no_sync: bool) -> None:
        _check_database(database)
        if is_arrow(lines):
            raise TypeError("Arrow data cannot be written at once; use write or write_to_db")
        text = line_text(lines)
        start = self._run.start
        if start.collect_sync_writes:
            self._run.collect(database, text)
            return
        reply, _ = self._call(
            lambda call: wire.WriteSync(start.run, call, database, text, bool(no_sync))
        )
        if reply.error is not None:
            message = f"error writing line protocol to {database}: {reply.error}"
            raise Exception(message)  # noqa: TRY002 # the reference's type, which plugins see


def quoted_parameters(sql: str, params: Mapping[str, object]) -> list[str]:
    """Names of parameters that stand in string literals of the SQL, and nowhere else."""
    if "$" not in sql or "'" not in sql:
        return []
    literals = " ".join(_STRING_LITERAL.findall(sql))
    outside = _STRING_LITERAL.sub("''", sql)
    return [name for name in params if _names(name, literals) and not _names(name, outside)]


def _names(name: str, text: str) -> bool:
    return re.search(rf"\${re.escape(name)}\b", text) is not None


def _check_database(name: object) -> None:
    """Refuse what is no name, and the server's own database."""
    _check_text("a database name", name)
    if name == _INTERNAL:
        raise ValueError(f"cannot write to {_INTERNAL}: it is the server's own database")


def _check_text(what: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, not {type(value).__name__}")


def _scalars(args: Mapping[str, object] | None) -> dict[str, wire.Scalar]:
    """The parameters of a query. Raises `TypeError` for what is no name or no scalar."""
    if args is None:
        return {}
    if not isinstance(args, Mapping):
        raise TypeError(f"query args must be a dict, not {type(args).__name__}")
    for name in args:
        if not isinstance(name, str):
            raise TypeError(f"a query parameter's name must be a str, not {type(name).__name__}")
    return {name: _scalar(name, value) for name, value in args.items()}


def _scalar(name: str, value: Any) -> wire.Scalar:  # noqa: ANN401 # what a plugin passes
    """One parameter; dates and decimals as SQL reads them, numpy's numbers as Python's."""
    if value is None or type(value) in {bool, int, float, str}:
        return _in_range(name, value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if type(value).__name__ in {"bool_", "bool"}:  # numpy's
        return bool(value)
    if hasattr(value, "__index__"):
        return _in_range(name, operator.index(value))
    if isinstance(value, Decimal) or hasattr(value, "__float__"):
        return float(value)
    raise TypeError(
        f"query parameter '{name}' must be a str, int, float, bool or None, "
        f"not {type(value).__name__}"
    )


def _in_range(name: str, value: wire.Scalar) -> wire.Scalar:
    """Refuse an integer that no column can hold, and what is no number to SQL."""
    if type(value) is int and not -(2**63) <= value < 2**64:
        raise ValueError(f"query parameter '{name}' is out of range for 64 bits: {value}")
    if type(value) is float and not math.isfinite(value):
        raise ValueError(f"query parameter '{name}' must be finite, not {value}")
    return value
