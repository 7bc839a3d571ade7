"""Where the rows of DoPut go: what a descriptor names.

A path is `[database, table]`, or `[table]` with a header that names the database. A command is a
JSON object with the parameters of `/api/v3/write_arrow`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from influxpe.http.flight.json_text import BadJson, from_json
from influxpe.http.flight.messages import COMMAND, PATH, Descriptor
from influxpe.http.flight.metadata import database_header
from influxpe.http.flight.status import invalid
from influxpe.http.names import check_database_name
from influxpe.http.parameters import ParameterError
from influxpe.http.write import precision_named
from influxpe.http.write_arrow import ArrowTarget

if TYPE_CHECKING:
    from starlette.types import Scope


class _Command(msgspec.Struct):
    table: str
    db: str | None = None
    database: str | None = None
    tags: list[str] | None = None
    time: str = "time"
    precision: str = "nanosecond"
    accept_partial: bool = True
    no_sync: bool = False


def put_target(descriptor: Descriptor, scope: Scope) -> ArrowTarget:
    """Give the table that a descriptor names. Raises `CallFailed`, `Refusal`."""
    command = _command(descriptor)
    database = command.db or command.database or database_header(scope)
    if not database:
        raise invalid("neither the descriptor nor a header names a database")
    if not command.table:
        raise invalid("the descriptor names no table")
    check_database_name(database)
    try:
        precision = precision_named(command.precision, auto=True)
    except ParameterError as error:
        raise invalid(f"bad command: {error}") from error
    return ArrowTarget(
        database,
        command.table,
        None if command.tags is None else tuple(command.tags),
        command.time,
        precision,
        command.accept_partial,
        command.no_sync,
    )


def _command(descriptor: Descriptor) -> _Command:
    if descriptor.kind == PATH:
        return _named_by_path(descriptor.path)
    if descriptor.kind != COMMAND:
        raise invalid("a descriptor is a path or a command")
    try:
        return from_json(descriptor.command, _Command)
    except BadJson as error:
        raise invalid(f"bad command: {error}") from error


def _named_by_path(path: tuple[str, ...]) -> _Command:
    if len(path) == 1:
        return _Command(table=path[0])
    if len(path) == 2:
        return _Command(db=path[0], table=path[1])
    raise invalid(f"a path is [database, table] or [table], not {len(path)} names")
