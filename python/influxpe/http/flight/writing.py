"""DoPut: batches of rows, written as `/api/v3/write_arrow` writes them, one by one.

Each batch is atomic and durable by itself. Results tell how far the stream is durable: they count
from its start, so that those which a client has no room for are told by the next one. While some
batches wait for the disk, the next are taken.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from influxpe.http.flight.intake import Intake
from influxpe.http.flight.messages import FlightData, framed
from influxpe.http.flight.protobuf import message
from influxpe.http.flight.status import CallFailed, Code, invalid
from influxpe.http.messages import Disconnected, json_bytes
from influxpe.http.write import LIMIT_MESSAGES
from influxpe.http.write_arrow import take_rows

if TYPE_CHECKING:
    from influxpe._engine import WriteTicket
    from influxpe.http.flight.exchange import Exchange
    from influxpe.http.flight.framing import MessageReader
    from influxpe.http.flight.intake import Pieces
    from influxpe.http.flight.protobuf import Buffer
    from influxpe.http.services import Services
    from influxpe.http.write_arrow import ArrowTarget

logger = logging.getLogger(__name__)

# Batches that wait for the disk while the next is taken: one commit takes them together.
BATCHES_AHEAD_MAX = 4
# Refused ranges that are listed for one stream; the rest is counted.
REFUSED_RANGES_MAX = 1000


@dataclass(slots=True)
class Progress:
    """How far a stream has come, from its start; what is refused is told once."""

    batches: int = 0
    rows: int = 0
    rows_refused: int = 0
    refused: list[dict[str, object]] = field(default_factory=list)
    listed: int = 0
    first: str = ""
    is_limit: bool = False

    def add(self, ticket: WriteTicket) -> None:
        """Count a batch that is durable."""
        self.batches += 1
        self.rows += ticket.rows
        self.rows_refused += ticket.rows_refused
        for error in ticket.errors:
            self._list(error.message, error.line_number, error.original_line)

    def _list(self, reason: str, line: int, rows: str) -> None:
        self.first = self.first or f"batch {self.batches}: {reason}"
        self.is_limit = self.is_limit or any(known in reason for known in LIMIT_MESSAGES)
        self.listed += 1
        if self.listed <= REFUSED_RANGES_MAX:
            place = {"batch": self.batches, "line_number": line, "original_line": rows}
            self.refused.append({"error_message": reason, **place})

    def result(self) -> bytes:
        """Spell a PutResult with what is new."""
        told = {"batches": self.batches, "rows": self.rows, "rows_refused": self.rows_refused}
        refused, self.refused = self.refused, []
        return framed(message({1: json_bytes({**told, "errors": refused})}))

    def count(self) -> bytes:
        """Spell a PutResult with the number of rows that were taken."""
        return framed(message({1: message({1: self.rows})}))

    def check(self, *, partial: bool) -> None:
        """Raise `CallFailed` where rows were refused."""
        if not self.first:
            return
        code = Code.RESOURCE_EXHAUSTED if self.is_limit else Code.INVALID_ARGUMENT
        if not partial:
            raise CallFailed(code, f"line protocol parsing error: {self.first}")
        count = f"{self.rows_refused} rows refused"
        raise CallFailed(code, f"partial write of line protocol occurred: {count}: {self.first}")


class RowTaker:
    """Writes the batches of one stream to one table.

    With `at_end` one result follows the last batch: the number of rows, as Flight SQL tells it.
    """

    def __init__(
        self, services: Services, target: ArrowTarget, exchange: Exchange, *, at_end: bool = False
    ) -> None:
        self._at_end = at_end
        self._services = services
        self._target = target
        self._exchange = exchange
        self._intake = Intake(services.config.max_http_request_size)
        self._progress = Progress()
        self._waiting: deque[asyncio.Task[None]] = deque()
        self._is_over = False
        self._news = asyncio.Event()

    async def take_all(self, first: FlightData, messages: MessageReader) -> None:
        """Write all batches. Raises what a batch raises; those before it are durable."""
        telling = asyncio.ensure_future(self._tell())
        try:
            await self._take_batches(first, messages)
            await self._settle(0)
        except Disconnected:
            self._leave(telling)
            raise
        finally:
            await self._end(telling)
        self._progress.check(partial=self._target.accept_partial)

    async def _take_batches(self, first: FlightData, messages: MessageReader) -> None:
        data: FlightData | None = first
        while data is not None:
            if (pieces := self._intake.take(data)) is not None:
                await self._write(pieces)
            following = await messages.next()
            data = None if following is None else FlightData.parse(following)

    async def _write(self, pieces: Pieces) -> None:
        ticket, size = await self._services.threads.write(lambda: self._submit(pieces))
        self._waiting.append(asyncio.ensure_future(self._wait(ticket, size)))
        if ticket.errors and not self._target.accept_partial:
            await self._settle(0)
            self._progress.check(partial=False)
        await self._settle(BATCHES_AHEAD_MAX)

    def _submit(self, pieces: Pieces) -> tuple[WriteTicket, int]:
        body = b"".join(pieces)
        return take_rows(self._services, body, self._target), len(body)

    async def _wait(self, ticket: WriteTicket, size: int) -> None:
        await self._services.commits.wait(ticket)
        rows, refused = ticket.rows, ticket.rows_refused
        self._services.metrics.write(self._target.database, lines=rows, rejected=refused, size=size)
        self._progress.add(ticket)
        self._news.set()

    async def _settle(self, left: int) -> None:
        """Wait until no more batches than that wait for the disk. Raises `ClosedError`."""
        while len(self._waiting) > left:
            await self._waiting.popleft()

    async def _tell(self) -> None:
        """Send a result whenever there is something new."""
        told = 0
        while not self._is_over or self._news.is_set():
            await self._news.wait()
            self._news.clear()
            if not self._at_end and self._progress.batches > told:
                told = self._progress.batches
                await self._exchange.message(self._progress.result())
        if self._at_end:
            await self._exchange.message(self._progress.count())

    def _leave(self, telling: asyncio.Future[None]) -> None:
        """Let the engine end what it has been given, with nobody to be told."""
        telling.cancel()
        for task in self._waiting:
            task.cancel()

    async def _end(self, telling: asyncio.Future[None]) -> None:
        """Tell what has become durable, also where the stream has failed."""
        self._is_over = True
        for outcome in await asyncio.gather(*self._waiting, return_exceptions=True):
            if isinstance(outcome, Exception):
                logger.warning("a batch did not become durable: %s", outcome)
        self._news.set()
        await asyncio.gather(telling, return_exceptions=True)


def first_data(data: Buffer | None) -> FlightData:
    """Parse the message that begins a stream and names its target. Raises `CallFailed`."""
    if data is None:
        raise invalid("the stream has no message")
    first = FlightData.parse(data)
    if first.descriptor is None:
        raise invalid("the first message has no descriptor")
    return first
