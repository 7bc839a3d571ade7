"""The Flight service: which call is which function, who may make it, and how it ends.

A call goes: path, token, messages, answer, status. Every call ends with a status of gRPC, be it
that of a fault of this server; a client that has gone gets none.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import TYPE_CHECKING

from influxpe._engine import Cancellation
from influxpe.http.flight.commands import parse_command
from influxpe.http.flight.exchange import Exchange
from influxpe.http.flight.framing import MessageReader
from influxpe.http.flight.ingestion import INGEST
from influxpe.http.flight.messages import Descriptor, framed, handshake_answer
from influxpe.http.flight.metadata import bearer, check_token, database_header, timeout_s
from influxpe.http.flight.patience import Patience
from influxpe.http.flight.protobuf import Fields
from influxpe.http.flight.reading import RowSender, start_query
from influxpe.http.flight.sql import FlightSql, put_command
from influxpe.http.flight.statements import Statement
from influxpe.http.flight.status import CallFailed, Code, failure, invalid
from influxpe.http.flight.targets import put_target
from influxpe.http.flight.tickets import Ticket, parse_ticket
from influxpe.http.flight.writing import RowTaker, first_data
from influxpe.http.messages import Disconnected, header

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from influxpe.http.services import Services

logger = logging.getLogger(__name__)

GRPC = b"application/grpc"
SERVICE = "/arrow.flight.protocol.FlightService/"
UNKNOWN_PATH = "(none)"


def is_call(scope: Scope) -> bool:
    """Tell whether a request is one of gRPC."""
    if scope["http_version"] != "2" or scope["method"] != "POST":
        return False
    return (header(scope, b"content-type") or b"").startswith(GRPC)


class Call:
    """One call while it is answered."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, bytes_max: int) -> None:
        self.scope = scope
        self.receive = receive
        self.messages = MessageReader(receive, bytes_max)
        self.exchange = Exchange(send)


Method = Callable[[Call], Awaitable[None]]


class FlightService:
    """All calls over one engine."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._sql = FlightSql(services)
        self._methods: dict[str, Method] = {
            f"{SERVICE}Handshake": self._handshake,
            f"{SERVICE}DoGet": self._do_get,
            f"{SERVICE}DoPut": self._do_put,
            f"{SERVICE}GetFlightInfo": self._info,
            f"{SERVICE}GetSchema": self._schema,
            f"{SERVICE}DoAction": self._act,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        started_s = perf_counter()
        call = Call(scope, receive, send, self._services.config.max_http_request_size)
        path: str = scope["path"]
        method = self._methods.get(path)
        try:
            await self._answer(call, method)
        except Disconnected:
            return
        seconds, exchange = perf_counter() - started_s, call.exchange
        name = UNKNOWN_PATH if method is None else path
        self._services.metrics.call(name, exchange.code.name, seconds, exchange.sent_bytes)

    async def _answer(self, call: Call, method: Method | None) -> None:
        try:
            await self._run(call, method)
        except Disconnected:
            raise
        except Exception as error:
            await self._fail(call, failure(error))
        else:
            await call.exchange.end()

    async def _run(self, call: Call, method: Method | None) -> None:
        if method is None:
            message = f"{call.scope['path']} is not supported"
            raise CallFailed(Code.UNIMPLEMENTED, message)
        if method != self._handshake:
            without_auth = self._services.config.without_auth
            check_token(call.scope, self._services.tokens, without_auth=without_auth)
        await method(call)

    async def _fail(self, call: Call, error: CallFailed) -> None:
        """Say why, also where the client has not sent all."""
        fields = {"path": call.scope["path"], "code": error.code.name}
        logger.debug("call refused: %s", error.message, extra={"fields": fields})
        await call.exchange.fail(error)

    async def _handshake(self, call: Call) -> None:
        """Answer what was asked, and spell the token as the header of the calls to come."""
        token = bearer(call.scope)
        await call.exchange.begin([] if token is None else [(b"authorization", token)])
        while (message := await call.messages.next()) is not None:
            await call.exchange.message(framed(handshake_answer(message)))

    async def _do_get(self, call: Call) -> None:
        ticket = parse_ticket(Fields(await call.messages.only()).bytes_of(1))
        patience = Patience(call.receive, timeout_s(call.scope))
        try:
            await self._send_rows(call, ticket, patience)
        finally:
            patience.end()

    async def _send_rows(self, call: Call, ticket: Ticket, patience: Patience) -> None:
        database = ticket.database or database_header(call.scope)
        if database is None:
            raise invalid("Invalid ticket. Error: no database is named")
        if ticket.language != "flightsql":
            statement = Statement(ticket.text, ticket.params, ticket.language)
            await self._run_statement(call, database, statement, patience)
            return
        command = parse_command(ticket.command)
        asked = self._sql.statement(command, call.scope)
        if asked is None:
            await self._sql.send_catalogue(command, database, call.scope, call.exchange)
        else:
            await self._run_statement(call, database, asked, patience)

    async def _run_statement(
        self, call: Call, database: str, statement: Statement, patience: Patience
    ) -> None:
        engine, queries = self._services.engine, self._services.queries
        cancellation = Cancellation()
        try:
            query = start_query(queries, engine, database, statement, cancellation)
            await RowSender(call.exchange, patience).send(query)
        finally:
            cancellation.cancel()

    async def _do_put(self, call: Call) -> None:
        first = first_data(await call.messages.next())
        descriptor = Descriptor.parse(first.descriptor or b"")
        command = put_command(descriptor)
        if command is None:
            target = put_target(descriptor, call.scope)
            taker = RowTaker(self._services, target, call.exchange)
        elif command.name == INGEST:
            target = await self._sql.ingestion_target(command, call.scope)
            taker = RowTaker(self._services, target, call.exchange, at_end=True)
        else:
            await self._sql.bind(command, first, call.messages, call.exchange)
            return
        await taker.take_all(first, call.messages)

    async def _info(self, call: Call) -> None:
        descriptor = Descriptor.parse(await call.messages.only())
        info = await self._sql.info(descriptor, call.scope)
        await call.exchange.message(framed(info))

    async def _schema(self, call: Call) -> None:
        descriptor = Descriptor.parse(await call.messages.only())
        result = await self._sql.schema_result(descriptor, call.scope)
        await call.exchange.message(framed(result))

    async def _act(self, call: Call) -> None:
        action = Fields(await call.messages.only())
        await call.exchange.message(framed(await self._sql.act(action, call.scope)))
