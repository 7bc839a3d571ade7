"""Flight SQL: which command has which schema, which rows, and what becomes of statements.

A ticket holds the whole command and a handle the whole statement: the server keeps nothing between
two calls, so that nothing has to be closed, and a restart is not noticed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from influxpe.engine_types import Language
from influxpe.http.flight import tickets
from influxpe.http.flight.binding import bound_values
from influxpe.http.flight.catalogue import SCHEMA_OF, Catalogue, check_base_table_type
from influxpe.http.flight.commands import (
    CLOSE_PREPARED,
    CREATE_PREPARED,
    PACKAGE,
    PREPARED_STATEMENT,
    STATEMENT,
    handle_of,
    parse_command,
    parse_handle,
    statement_of,
    unsupported,
)
from influxpe.http.flight.ingestion import INGEST, ingestion_target
from influxpe.http.flight.messages import COMMAND, Descriptor, flight_info, framed, wrapped
from influxpe.http.flight.metadata import required_database, text_header
from influxpe.http.flight.planning import parameter_schema, planned_schema
from influxpe.http.flight.protobuf import Fields, message
from influxpe.http.flight.reading import send_table
from influxpe.http.flight.statements import Statement
from influxpe.http.flight.status import CallFailed, Code, invalid

if TYPE_CHECKING:
    from starlette.types import Scope

    from influxpe.http.flight.exchange import Exchange
    from influxpe.http.flight.framing import MessageReader
    from influxpe.http.flight.messages import FlightData, Wrapped
    from influxpe.http.services import Services
    from influxpe.http.write_arrow import ArrowTarget

LANGUAGE_HEADER = "x-influxdata-query-language"
BASE_TABLE_HEADER = "x-influxdata-base-table-type"


class FlightSql:
    """The commands of Flight SQL over one engine."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def info(self, descriptor: Descriptor, scope: Scope) -> bytes:
        """Give the FlightInfo of a command. Raises `CallFailed`."""
        database = required_database(scope)
        command = _command(descriptor)
        schema = await self._schema(command, database, scope)
        statement = self.statement(command, scope)
        if statement is not None and statement.language != "sql":
            ticket = tickets.query_ticket(database, statement)
        else:
            ticket = tickets.command_ticket(database, bytes(descriptor.command))
        return flight_info(schema, descriptor, ticket)

    async def schema_result(self, descriptor: Descriptor, scope: Scope) -> bytes:
        """Give the SchemaResult of a command. Raises `CallFailed`."""
        database = required_database(scope)
        return message({1: await self._schema(_command(descriptor), database, scope)})

    async def _schema(self, command: Wrapped, database: str, scope: Scope) -> bytes:
        statement = self.statement(command, scope)
        if statement is not None:
            return await self._planned(database, statement)
        if command.name not in SCHEMA_OF:
            raise unsupported(command)
        catalogue = self._catalogue(database, scope)
        schema = catalogue.schema(command.name, Fields(command.body))
        return schema.serialize().to_pybytes()

    async def _planned(self, database: str, statement: Statement) -> bytes:
        engine = self._services.engine
        return await self._services.threads.query(
            lambda: planned_schema(engine, database, statement)
        )

    def _catalogue(self, database: str, scope: Scope) -> Catalogue:
        base_table = check_base_table_type(text_header(scope, BASE_TABLE_HEADER))
        return Catalogue(self._services.engine, database, base_table)

    def statement(self, command: Wrapped, scope: Scope) -> Statement | None:
        """Give the statement whose rows a command asks for, if it does. Raises `CallFailed`."""
        statement = statement_of(command)
        if statement is None or command.name != STATEMENT:
            return statement
        return replace(statement, language=_language(scope))

    async def send_catalogue(
        self, command: Wrapped, database: str, scope: Scope, exchange: Exchange
    ) -> None:
        """Send the rows of any other command. Raises `CallFailed`."""
        if command.name not in SCHEMA_OF:
            raise unsupported(command)
        catalogue = self._catalogue(database, scope)
        fields = Fields(command.body)
        table = await self._services.threads.query(lambda: catalogue.table(command.name, fields))
        await send_table(exchange, table)

    async def act(self, action: Fields, scope: Scope) -> bytes:
        """Answer an Action; what it is, its body says. Raises `CallFailed`."""
        database = required_database(scope)
        command = parse_command(action.bytes_of(2))
        if command.name == CLOSE_PREPARED:
            return b""
        if command.name != CREATE_PREPARED:
            raise unsupported(command)
        result = await self._prepared(database, Statement(Fields(command.body).text(1)))
        return message({1: wrapped(f"{PACKAGE}ActionCreatePreparedStatementResult", result)})

    async def _prepared(self, database: str, statement: Statement) -> bytes:
        """Give a handle with the schemas of the rows and of the values that are to be bound."""
        engine = self._services.engine
        parameters = await self._services.threads.query(
            lambda: parameter_schema(engine, database, statement)
        )
        names = pa.ipc.read_schema(pa.py_buffer(parameters)).names
        schema = await self._planned(database, statement.with_nulls(names))
        return message({1: handle_of(statement), 2: schema, 3: parameters})

    async def ingestion_target(self, command: Wrapped, scope: Scope) -> ArrowTarget:
        """Give the table of a CommandStatementIngest. Raises `CallFailed`, `Refusal`."""
        database, engine = required_database(scope), self._services.engine
        return await self._services.threads.query(
            lambda: ingestion_target(engine, database, command)
        )

    async def bind(
        self, command: Wrapped, first: FlightData, messages: MessageReader, exchange: Exchange
    ) -> None:
        """Answer a DoPut with values for a prepared statement by its new handle."""
        statement = parse_handle(Fields(command.body).bytes_of(1))
        bytes_max = self._services.config.max_http_request_size
        values = await bound_values(first, messages, bytes_max)
        handle = handle_of(Statement(statement.text, dict(statement.params) | values))
        await exchange.message(framed(message({1: message({1: handle})})))


def _command(descriptor: Descriptor) -> Wrapped:
    if descriptor.kind != COMMAND:
        raise CallFailed(Code.UNIMPLEMENTED, "descriptors with a path are not supported")
    return parse_command(descriptor.command)


def put_command(descriptor: Descriptor) -> Wrapped | None:
    """Give the command of a descriptor for DoPut; nothing where it names a table in our form."""
    if descriptor.kind != COMMAND or not bytes(descriptor.command[:1]) == b"\x0a":
        return None
    command = parse_command(descriptor.command)
    if command.name not in {PREPARED_STATEMENT, INGEST}:
        raise unsupported(command)
    return command


def _language(scope: Scope) -> Language:
    name = (text_header(scope, LANGUAGE_HEADER) or "sql").lower()
    if name == "influxql":
        return "influxql"
    if name == "sql":
        return "sql"
    raise invalid(f"bad {LANGUAGE_HEADER}: {name}")
