"""Tickets: what DoGet is asked for, as bytes that a client made itself or got from GetFlightInfo.

They are tried in this order: an Any of `ReadInfo`, a bare `ReadInfo`, JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from influxpe.engine_types import Language
from influxpe.http.flight.json_text import BadJson, from_json
from influxpe.http.flight.messages import Wrapped, wrapped
from influxpe.http.flight.protobuf import (
    Buffer,
    Fields,
    ProtobufError,
    double,
    message,
    signed,
)
from influxpe.http.flight.statements import Statement
from influxpe.http.flight.status import invalid
from influxpe.http.query import check_parameters

if TYPE_CHECKING:
    from influxpe.engine_types import Scalar

READ_INFO = "influxdata.iox.querier.v1.ReadInfo"
# Values of ReadInfo.query_type.
UNSPECIFIED, SQL, INFLUXQL, FLIGHT_SQL = range(4)
# Fields of ReadInfo: database, sql_query, query_type, flightsql_command, is_debug, params.
READ_INFO_FIELDS = {1, 2, 3, 4, 5, 6}

LANGUAGES: dict[int, Language | Literal["flightsql"]] = {
    UNSPECIFIED: "sql",
    SQL: "sql",
    INFLUXQL: "influxql",
    FLIGHT_SQL: "flightsql",
}


@dataclass(frozen=True, slots=True)
class Ticket:
    """A question; `database` is empty where only a header names it."""

    database: str
    text: str
    language: Language | Literal["flightsql"] = "sql"
    command: bytes = b""
    params: dict[str, Scalar] = field(default_factory=dict)


def parse_ticket(data: Buffer) -> Ticket:
    """Parse the bytes of a ticket. Raises `CallFailed`, `Refusal`."""
    ticket = _read_info(data) or _json(data)
    if ticket is None or not (ticket.text or ticket.command):
        raise invalid("Invalid ticket. Error: Invalid ticket")
    return ticket


def command_ticket(database: str, command: bytes) -> bytes:
    """Spell the ticket for the rows of a Flight SQL command."""
    return wrapped(READ_INFO, message({1: database, 3: FLIGHT_SQL, 4: command}))


def query_ticket(database: str, statement: Statement) -> bytes:
    """Spell the ticket for the rows of a statement without values."""
    kind = INFLUXQL if statement.language == "influxql" else SQL
    return wrapped(READ_INFO, message({1: database, 2: statement.text, 3: kind}))


def _read_info(data: Buffer) -> Ticket | None:
    try:
        found = Wrapped.parse(data)
        if found is not None and found.name == READ_INFO:
            return _from_fields(Fields(found.body))
        fields = Fields(data)
        return _from_fields(fields) if fields.numbers() <= READ_INFO_FIELDS else None
    except ProtobufError:
        return None


def _from_fields(fields: Fields) -> Ticket | None:
    language = LANGUAGES.get(fields.integer(3))
    if language is None:
        return None
    params = dict(_param(Fields(each)) for each in fields.all_bytes(6))
    return Ticket(fields.text(1), fields.text(2), language, bytes(fields.bytes_of(4)), params)


def _param(fields: Fields) -> tuple[str, Scalar]:
    present = fields.numbers()
    value: Scalar = None
    if 3 in present:
        value = bool(fields.integer(3))
    elif 4 in present:
        value = fields.integer(4)
    elif 5 in present:
        value = signed(fields.integer(5))
    elif 6 in present:
        value = double(fields.integer(6))
    elif 7 in present:
        value = fields.text(7)
    return fields.text(1), value


class _Json(msgspec.Struct):
    """A ticket as clients write it by hand; the database has four names."""

    sql_query: str
    database: str | None = None
    namespace_name: str | None = None
    bucket: str | None = None
    bucket_name: str | None = msgspec.field(default=None, name="bucket-name")
    query_type: Literal["sql", "influxql"] | None = None
    params: dict[str, Any] | None = None

    def named(self) -> str:
        """Give the database."""
        names = (self.database, self.namespace_name, self.bucket, self.bucket_name)
        return next((name for name in names if name), "")


def _json(data: Buffer) -> Ticket | None:
    try:
        given = from_json(data, _Json)
    except BadJson:
        return None
    params = check_parameters(given.params, "serde json")
    return Ticket(given.named(), given.sql_query, given.query_type or "sql", params=params or {})
