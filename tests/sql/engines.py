"""Engines that hold the same rows in different places: in memory, in files, in merged files."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from influxpe._engine import Engine
from influxpe.engine_types import Format, Language, Scalar

DATABASE = "sensors"


def open_engine(folder: Path | None) -> Engine:
    """Open a data directory, or all in memory."""
    return Engine.open(
        None if folder is None else str(folder),
        buffer_bytes_max=2**26,
        query_bytes_max=2**28,
        query_threads=2,
    )


def write(engine: Engine, lines: str) -> None:
    """Write lines whose times are nanoseconds; all of them are taken, and visible on return."""
    ticket = engine.write(
        DATABASE,
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


class Places:
    """The same rows in three engines: a buffer, files with a buffer, merged files opened again."""

    def __init__(self, parts: Sequence[str], folder: Path) -> None:
        self._opened = ExitStack()
        self.engines = {
            "buffer": self._open(None),
            "files and buffer": self._open(None),
            "merged files": self._reopened(parts, folder),
        }
        for part in parts:
            write(self.engines["buffer"], part)
        spread(self.engines["files and buffer"], parts)

    def close(self) -> None:
        """End all three."""
        self._opened.close()

    def _open(self, folder: Path | None) -> Engine:
        engine = open_engine(folder)
        self._opened.callback(engine.close)
        return engine

    def _reopened(self, parts: Sequence[str], folder: Path) -> Engine:
        engine = open_engine(folder)
        spread(engine, parts)
        engine.persist()
        engine.compact()
        engine.close()
        return self._open(folder)
