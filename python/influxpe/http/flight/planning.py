"""The schema of a statement before it runs, as GetFlightInfo tells it.

A query is asked for none of its rows. Statements that cannot stand inside another (`SHOW`,
`EXPLAIN`) are run until their schema comes, which is at once: their answers are short.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from influxpe import errors
from influxpe.http.flight import ipc
from influxpe.http.flight.reading import unknown_database
from influxpe.http.flight.statements import Statement, run
from influxpe.http.flight.status import CallFailed, Code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from influxpe._engine import Engine

QUERY = re.compile(r"\s*(select|with)\b", re.IGNORECASE)


def planned_schema(engine: Engine, database: str, statement: Statement) -> bytes:
    """Give the schema as a message of an Arrow stream. Raises `CallFailed`."""
    with _failures():
        if statement.language == "sql" and QUERY.match(statement.text):
            return _without_rows(engine, database, statement)
        return _first_message(engine, database, statement)


def parameter_schema(engine: Engine, database: str, statement: Statement) -> bytes:
    """Give the schema of the values for a statement in SQL, likewise. Raises `CallFailed`."""
    with _failures():
        return engine.parameters(database, statement.text)


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except errors.NotFoundError as error:
        raise unknown_database(error) from error
    except (errors.InvalidError, errors.UnsupportedError) as error:
        message = f"Error while planning query: {error}"
        raise CallFailed(Code.INVALID_ARGUMENT, message) from error


def _without_rows(engine: Engine, database: str, statement: Statement) -> bytes:
    inner = statement.text.rstrip().removesuffix(";")
    # A comment at its end must not take in what follows.
    sql = f"SELECT * FROM ({inner}\n) LIMIT 0"  # noqa: S608 - the client's own statement
    try:
        return _first_message(engine, database, replace(statement, text=sql))
    except (errors.InvalidError, errors.UnsupportedError):
        # It says what is wrong in the client's words, or it is right after all.
        return _first_message(engine, database, statement)


def _first_message(engine: Engine, database: str, statement: Statement) -> bytes:
    stream = run(engine, database, statement)
    splitter = ipc.Splitter()
    while (piece := stream.next_chunk()) is not None:
        for message in splitter.feed(piece):
            return b"".join(ipc.encapsulated(message.header, message.body))
    raise CallFailed(Code.INTERNAL, "the query ended without a schema")
