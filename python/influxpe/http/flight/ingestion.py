"""CommandStatementIngest: rows for a table, as ADBC writes them (`adbc_ingest`).

They are written as other streams of DoPut are. Tags are what the stream and the table say: columns
with a dictionary, in a table that is new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from influxpe.http.flight.catalogue import CATALOG
from influxpe.http.flight.protobuf import Fields
from influxpe.http.flight.reading import table_exists
from influxpe.http.flight.status import CallFailed, Code, invalid
from influxpe.http.names import check_database_name
from influxpe.http.write_arrow import ArrowTarget

if TYPE_CHECKING:
    from influxpe._engine import Engine
    from influxpe.http.flight.messages import Wrapped

INGEST = "CommandStatementIngest"
# Fields of the command, and of its options for the definition of the table.
DEFINITION, TABLE, SCHEMA, CATALOG_NAME, TEMPORARY, TRANSACTION, OPTIONS = 1, 2, 3, 4, 5, 6, 1000
IF_NOT_EXIST, IF_EXISTS = 1, 2
CREATE, FAIL_IF_MISSING = 1, 2
FAIL_IF_THERE, APPEND, REPLACE = 1, 2, 3
USER_SCHEMA = "iox"


def ingestion_target(engine: Engine, database: str, command: Wrapped) -> ArrowTarget:
    """Give the table of a command. Raises `CallFailed`, `Refusal`. It belongs into a thread."""
    fields = Fields(command.body)
    table = fields.text(TABLE)
    if not table:
        raise invalid("the command names no table")
    _check_place(fields)
    check_database_name(database)
    _check_existence(engine, database, table, Fields(fields.bytes_of(DEFINITION)))
    return ArrowTarget(
        database, table, None, "time", "nanosecond", accept_partial=True, no_sync=False
    )


def _check_place(fields: Fields) -> None:
    schema, catalog = fields.text(SCHEMA), fields.text(CATALOG_NAME)
    if schema not in {"", USER_SCHEMA} or catalog not in {"", CATALOG}:
        raise invalid(f"rows are written to {CATALOG}.{USER_SCHEMA}, not to {catalog}.{schema}")
    if fields.integer(TEMPORARY):
        raise invalid("temporary tables are not supported")
    if len(fields.bytes_of(TRANSACTION)):
        raise invalid("transactions are not supported")
    if OPTIONS in fields.numbers():
        option = Fields(fields.bytes_of(OPTIONS)).text(1)
        raise invalid(f"unknown option of an ingestion: {option}")


def _check_existence(engine: Engine, database: str, table: str, definition: Fields) -> None:
    if definition.integer(IF_EXISTS) == REPLACE:
        raise invalid("a table cannot be replaced: delete it first")
    exists = table_exists(engine, database, table)
    if exists and definition.integer(IF_EXISTS) != APPEND:
        raise CallFailed(Code.ALREADY_EXISTS, f"the table '{table}' exists already")
    if not exists and definition.integer(IF_NOT_EXIST) == FAIL_IF_MISSING:
        raise CallFailed(Code.NOT_FOUND, f"the table '{table}' does not exist")
