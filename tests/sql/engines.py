"""Engines that hold the same rows in different places: in memory, in files, in merged files."""

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from influxpe._engine import Engine
from influxpe.engine_types import Format, Language, Scalar

DATABASE = "sensors"
# So many layers of like size are merged by `compact`: the last part is stored so often.
LAYERS_MERGED = 4


def open_engine(folder: Path | None) -> Engine:
    """Open a data directory, or all in memory."""
    return Engine.open(
        None if folder is None else str(folder),
        buffer_bytes_max=2**26,
        query_bytes_max=2**28,
        query_threads=2,
    )


def write(engine: Engine, lines: str, database: str = DATABASE) -> None:
    """Write lines whose times are nanoseconds; all of them are taken, and visible on return."""
    ticket = engine.write(
        database,
        lines.encode(),
        precision="nanosecond",
        accept_partial=False,
        no_sync=False,
        now_ns=0,
    )
    assert [error.message for error in ticket.errors] == []
    engine.wait(ticket.sequence)


def answer(
    engine: Engine,
    text: str,
    *,
    database: str = DATABASE,
    params: Mapping[str, Scalar] | None = None,
    format: Format = "pretty",
    language: Language = "sql",
) -> bytes:
    """Give the whole answer of a query."""
    stream = engine.query(database, text, params=params, format=format, language=language)
    return b"".join(iter(stream.next_chunk, None))


def spread(engine: Engine, parts: Sequence[str]) -> None:
    """Write each part, and store all but the last: files that overlap, and a buffer."""
    for part in parts[:-1]:
        write(engine, part)
        engine.persist()
    write(engine, parts[-1])


def merge(engine: Engine, parts: Sequence[str]) -> None:
    """Store all parts and merge their files; what is written again leaves the rows as they are."""
    for part in [*parts, *[parts[-1]] * (LAYERS_MERGED - 1)]:
        write(engine, part)
        engine.persist()
    engine.compact()
    assert files_of_a_table(engine) <= len(parts), "nothing was merged"


def files_of_a_table(engine: Engine) -> int:
    """Count the files of the table that has most."""
    each = "SELECT count(*) AS files FROM system.parquet_files GROUP BY table_name"
    sql = f"SELECT max(files) AS files FROM ({each})"  # noqa: S608 - of the line before
    return int(json.loads(answer(engine, sql, format="json"))[0]["files"])


def make_cache(engine: Engine, text: str) -> None:
    """Make a cache as a file of statements says it: `last` or `distinct` has its name."""
    said, now_ns = json.loads(text), time.time_ns()
    if "last" in said:
        name = said.pop("last")
        defaults = {"key_columns": None, "value_columns": None, "count": 1, "ttl_s": 14_400}
        engine.create_last_cache(DATABASE, name=name, now_ns=now_ns, **(defaults | said))
    else:
        name = said.pop("distinct")
        limits = {"max_cardinality": 100_000, "max_age_s": 86_400}
        engine.create_distinct_cache(DATABASE, name=name, now_ns=now_ns, **(limits | said))


class Places:
    """The same rows in three engines: a buffer, files with a buffer, merged files opened again."""

    def __init__(self, parts: Sequence[str], folder: Path, caches: Sequence[str] = ()) -> None:
        self._opened = ExitStack()
        self.engines = {
            "buffer": self._open(None),
            "files and buffer": self._open(None),
            "merged files": self._reopened(parts, folder, caches),
        }
        for part in parts:
            write(self.engines["buffer"], part)
        spread(self.engines["files and buffer"], parts)
        for cache in caches:
            make_cache(self.engines["buffer"], cache)
            make_cache(self.engines["files and buffer"], cache)

    def close(self) -> None:
        """End all three."""
        self._opened.close()

    def _open(self, folder: Path | None) -> Engine:
        engine = open_engine(folder)
        self._opened.callback(engine.close)
        return engine

    def _reopened(self, parts: Sequence[str], folder: Path, caches: Sequence[str]) -> Engine:
        engine = open_engine(folder)
        merge(engine, parts)
        for cache in caches:
            make_cache(engine, cache)
        engine.close()
        return self._open(folder)
