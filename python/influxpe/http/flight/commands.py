"""The commands of Flight SQL, as far as they are answered: an Any with a message of its own.

Numbers of fields are those of `FlightSql.proto`.
"""

from __future__ import annotations

import msgspec

from influxpe.http.flight.json_text import BadJson, from_json
from influxpe.http.flight.messages import TYPE_URL, Wrapped, wrapped
from influxpe.http.flight.protobuf import Buffer, Fields, ProtobufError, message
from influxpe.http.flight.statements import Statement
from influxpe.http.flight.status import invalid

PACKAGE = "arrow.flight.protocol.sql."
STATEMENT = "CommandStatementQuery"
PREPARED_STATEMENT = "CommandPreparedStatementQuery"
CREATE_PREPARED = "ActionCreatePreparedStatementRequest"
CLOSE_PREPARED = "ActionClosePreparedStatementRequest"
# Ours alone: clients hand it back as they got it.
HANDLE = "FlightSqlPreparedStatementHandle"
UNSUPPORTED = f"Unsupported FlightSQL message type: {TYPE_URL}"


def parse_command(data: Buffer) -> Wrapped:
    """Give the name of a command without its package, and its fields. Raises `CallFailed`."""
    found = Wrapped.parse(data)
    if found is None:
        raise invalid("the command is not an Any with a message of Flight SQL")
    if not found.name.startswith(PACKAGE):
        raise invalid(f"{UNSUPPORTED}{found.name}")
    return Wrapped(found.name.removeprefix(PACKAGE), found.body)


def unsupported(command: Wrapped) -> Exception:
    """Refuse a command that we do not answer."""
    return invalid(f"{UNSUPPORTED}{PACKAGE}{command.name}")


def handle_of(statement: Statement) -> bytes:
    """Spell a statement as a handle: it is all that a client must keep."""
    params = msgspec.json.encode(dict(statement.params)) if statement.params else None
    return wrapped(PACKAGE + HANDLE, message({1: statement.text, 2: params}))


def parse_handle(data: memoryview) -> Statement:
    """Parse a handle: ours, or the text of a statement. Raises `CallFailed`."""
    try:
        found = Wrapped.parse(data)
    except ProtobufError:
        found = None
    if found is None or found.name != PACKAGE + HANDLE:
        return _bare(data)
    fields = Fields(found.body)
    try:
        params = from_json(bytes(fields.bytes_of(2)) or b"{}", dict[str, _Scalar])
    except BadJson as error:
        raise invalid(f"bad handle of a prepared statement: {error}") from error
    return Statement(fields.text(1), params)


_Scalar = bool | int | float | str | None


def _bare(data: memoryview) -> Statement:
    try:
        return Statement(str(data, "utf-8"))
    except UnicodeDecodeError as error:
        raise invalid("bad handle of a prepared statement") from error


def statement_of(command: Wrapped) -> Statement | None:
    """Give the statement of a command, where it has one."""
    if command.name == STATEMENT:
        return Statement(Fields(command.body).text(1))
    if command.name == PREPARED_STATEMENT:
        return parse_handle(Fields(command.body).bytes_of(1))
    return None
