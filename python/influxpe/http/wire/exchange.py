"""One HTTP/1.1 request and its answer, as an ASGI application sees them.

Pieces of the body come from the connection, messages of the answer from the application. An answer
is framed by its length, in chunks, or by the end of the connection.
"""

import asyncio
from typing import Protocol

from starlette.types import Message, Scope

from influxpe.http.wire.answers import (
    CONTINUE,
    LAST_CHUNK,
    UNKNOWN_LENGTH,
    AnswerRefused,
    head_lines,
)
from influxpe.http.wire.limits import COPIED_BYTES_MAX
from influxpe.http.wire.requests import Head

BODILESS = {204, 304}
DISCONNECT: Message = {"type": "http.disconnect"}


class Wire(Protocol):
    """The connection, as an exchange sees it."""

    is_behind: bool
    """The client is slow to take what was written."""

    @property
    def is_ending(self) -> bool:
        """Whether the answer that begins now is the last one."""

    def write(self, data: bytes) -> None:
        """Queue bytes for the client."""

    async def drained(self) -> None:
        """Return once the client has taken enough of them."""

    def head_end(self, *, keep_alive: bool) -> bytes:
        """Give the lines with which a head ends."""

    def body_taken(self) -> None:
        """Learn that the application has taken what was buffered."""

    def answered(self, exchange: "Exchange") -> None:
        """Learn that an answer is whole."""


class Exchange:
    """A request whose body may still come, and the state of its answer."""

    __slots__ = (
        "_changed",
        "_end_told",
        "_expects_continue",
        "_head",
        "_is_bodiless",
        "_is_chunked",
        "_left",
        "_pieces",
        "_version",
        "_wire",
        "body_ended",
        "buffered_bytes",
        "client_is_gone",
        "has_sent",
        "is_done",
        "is_framed",
        "keep_alive",
        "scope",
    )

    def __init__(self, wire: Wire, scope: Scope, request: Head) -> None:
        self._wire = wire
        self._version = request.version
        self._pieces: list[bytes] = []
        self._end_told = False
        self._changed: asyncio.Event | None = None
        self._expects_continue = request.expects_continue
        self._head: bytes | None = None
        self._is_bodiless = request.method == "HEAD"
        self._is_chunked = False
        self._left = UNKNOWN_LENGTH
        self.scope = scope
        self.keep_alive = request.keep_alive
        self.buffered_bytes = 0
        self.body_ended = False
        self.client_is_gone = False
        # Bytes of the answer have been written; all of them have.
        self.has_sent = False
        self.is_done = False
        # The client can tell whether the answer is whole.
        self.is_framed = True

    # What the connection tells.

    def body_came(self, piece: bytes) -> None:
        """Buffer bytes of the body until the application takes them."""
        self._expects_continue = False
        if not self.is_done:
            self._pieces.append(piece)
            self.buffered_bytes += len(piece)
            self._wake()

    def end_body(self) -> None:
        """Learn that the body is whole."""
        self._expects_continue = False
        self.body_ended = True
        self._wake()

    def client_went(self) -> None:
        """Tell the application, once it has taken what came before."""
        self.client_is_gone = True
        self._wake()

    def _wake(self) -> None:
        if self._changed is not None:
            self._changed.set()

    # What the application calls.

    async def receive(self) -> Message:
        """Give the next message: what has gathered of the body, then the disconnect."""
        while not self._pieces and not self._has_news():
            self._ask_for_body()
            self._changed = asyncio.Event()
            await self._changed.wait()
        if self.is_done or (not self._pieces and (self._end_told or not self.body_ended)):
            return DISCONNECT
        body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces = []
        self.buffered_bytes = 0
        self._end_told = self.body_ended
        message = {"type": "http.request", "body": body, "more_body": not self.body_ended}
        # Last: it may bring the next pieces at once.
        if not self.body_ended:
            self._wire.body_taken()
        return message

    def _has_news(self) -> bool:
        return self.client_is_gone or self.is_done or (self.body_ended and not self._end_told)

    def _ask_for_body(self) -> None:
        if self._expects_continue and self._head is None:
            self._expects_continue = False
            self._wire.write(CONTINUE)

    async def send(self, message: Message) -> None:
        """Take a message of the answer; returns once the client is not far behind.

        After the client has gone it does nothing. Raises `AnswerRefused`.
        """
        kind = message["type"]
        if kind == "http.response.start" and self._head is None:
            self._start(message)
        elif kind == "http.response.body" and self._head is not None and not self.is_done:
            self._send_body(message.get("body", b""), more=message.get("more_body", False))
            if self._wire.is_behind and not self.is_done:
                await self._wire.drained()
        else:
            raise AnswerRefused(f"an answer has {kind} where it cannot be")

    def _start(self, message: Message) -> None:
        """Make the head; it is sent with the first bytes of the body."""
        status = message["status"]
        block, length, closes = head_lines(status, tuple(message.get("headers", ())))
        framing = b""
        if status in BODILESS:
            self._is_bodiless = True
        elif length == UNKNOWN_LENGTH and self._version == "1.1":
            framing, self._is_chunked = b"transfer-encoding: chunked\r\n", True
        elif length == UNKNOWN_LENGTH:
            self.is_framed = self.keep_alive = False
        self._left = length
        ends = closes or not self.body_ended or self._wire.is_ending
        self.keep_alive = self.keep_alive and not ends
        self._head = block + framing + self._wire.head_end(keep_alive=self.keep_alive)

    def _send_body(self, data: bytes, *, more: bool) -> None:
        if self._is_bodiless:
            data = b""
        elif self._is_chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
            data = data if more else data + LAST_CHUNK
        elif self._left != UNKNOWN_LENGTH:
            self._left -= len(data)
            if self._left < 0 or (self._left and not more):
                raise AnswerRefused("an answer is not as long as its content-length says")
        self._write(data)
        if not more:
            self.is_done = True
            self._wake()
            self._wire.answered(self)

    def _write(self, data: bytes) -> None:
        if self.has_sent:
            if data:
                self._wire.write(data)
            return
        self.has_sent = True
        head = self._head or b""
        if len(data) > COPIED_BYTES_MAX:
            self._wire.write(head)
            self._wire.write(data)
        else:
            self._wire.write(head + data)
