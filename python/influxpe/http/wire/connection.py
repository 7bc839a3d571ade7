"""One connection: HTTP/1.1 is answered here, every other protocol is handed on.

Requests are answered one at a time, in order. Reading pauses while a request waits for the answer
before it, or while the application is slow to take a body; the next request waits while the client
is slow to take answers. A connection is handed on whole where it begins as HTTP/2 (or TLS agreed
on it) and where a request asks for another protocol: the other side sees it from that request on.
No input raises or ends the server.
"""

import asyncio
import socket
import ssl
import struct
from collections import deque
from typing import Protocol, cast

from starlette.types import ASGIApp

from influxpe.http.wire.answers import refusal
from influxpe.http.wire.exchange import Exchange
from influxpe.http.wire.limits import BODY_BYTES_BUFFERED_MAX, PARSED_AHEAD_BYTES_MAX, Timeouts
from influxpe.http.wire.requests import Head, Malformed, RequestReader
from influxpe.http.wire.runner import Runner
from influxpe.http.wire.scopes import connection_scope, request_scope

HTTP_2_PREFACE = b"PRI * HTTP/2.0\r\n\r\n"
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
REQUEST_TIMEOUT, INTERNAL_SERVER_ERROR = 408, 500


class Listener(Protocol):
    """What connections share."""

    app: ASGIApp
    loop: asyncio.AbstractEventLoop
    timeouts: Timeouts
    is_stopping: bool
    date_line: bytes
    """The `date` header of now."""

    def join(self, connection: "Http1Connection") -> None:
        """Learn of a connection."""

    def hand_over(self, transport: asyncio.Transport, unread: bytes) -> None:
        """Let another protocol serve a connection, from these bytes on."""

    def forget(self, connection: "Http1Connection") -> None:
        """Learn that a connection is lost or another's."""

    def left_behind(self, task: asyncio.Task[None]) -> None:
        """Keep a task of the application whose client has gone."""


class Http1Connection(asyncio.Protocol):
    """A client."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._loop = listener.loop
        self._transport: asyncio.Transport
        self._reader = RequestReader(self)
        self._begun = b""
        self._is_http_1 = False
        self._scope: dict[str, object] = {}
        # The request that is answered, the one that is read, and those between them.
        self._current: Exchange | None = None
        self._newest: Exchange | None = None
        self._waiting: deque[Exchange] = deque()
        self._runner = Runner(listener.app, self._loop, self._returned)
        # Bytes that came, and were not parsed because a request waits.
        self._unparsed = b""
        self._refused: int | None = None
        self._switch: bytes | None = None
        self._is_closing = False
        self._is_half_closed = False
        self._is_reading = True
        self.is_behind = False
        self._caught_up: asyncio.Event | None = None
        # Moments of the loop's clock.
        self._idle_since_s = self._moved_s = self._loop.time()
        self._head_since_s: float | None = None
        self._unsent_bytes = 0

    # What the transport tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; TLS may already have agreed on HTTP/2."""
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        if tls is not None and tls.selected_alpn_protocol() == "h2":
            self._leave(b"")
            return
        self._scope = connection_scope(transport, is_tls=tls is not None)
        self._listener.join(self)

    def data_received(self, data: bytes) -> None:
        """Read requests; after the last one, what comes is thrown away."""
        if self._is_closing or self._refused is not None:
            return
        if not self._is_http_1:
            data = self._begin(data)
        if not data:
            return
        self._moved_s = self._loop.time()
        self._unparsed = self._unparsed + data if self._unparsed else data
        self._parse()

    def _begin(self, data: bytes) -> bytes:
        """Tell HTTP/2 from HTTP/1.1 by the first bytes; gives what is to be read as HTTP/1.1."""
        begun = self._begun + data
        if begun.startswith(HTTP_2_PREFACE):
            self._leave(begun)
            return b""
        self._begun = begun if HTTP_2_PREFACE.startswith(begun) else b""
        self._is_http_1 = not self._begun
        return begun if self._is_http_1 else b""

    def eof_received(self) -> bool:
        """Answer what was asked for whole; such a client may still read."""
        if self._is_closing or (self._current is None and not self._waiting):
            return False
        self._is_half_closed = True
        for exchange in (self._current, self._newest):
            if exchange is not None:
                exchange.client_went()
        return self._transport.can_write_eof()

    def connection_lost(self, _: Exception | None) -> None:
        """Tell the application, which may be at work for nobody."""
        self._listener.forget(self)
        self._is_closing = True
        self._tell_disconnect()
        self._runner.end()
        self.resume_writing()

    def _tell_disconnect(self) -> None:
        self._waiting.clear()
        self._unparsed = b""
        if self._current is not None and self._runner.task is not None:
            self._current.client_went()
            self._listener.left_behind(self._runner.task)

    def pause_writing(self) -> None:
        """Let answers wait: the client is behind."""
        self.is_behind = True

    def resume_writing(self) -> None:
        """Let answers go on."""
        self.is_behind = False
        if self._caught_up is not None:
            self._caught_up.set()
            self._caught_up = None
        self._go_on()

    # What the reader of requests tells.

    def request_began(self, head: Head) -> None:
        """Start the application, or let the request wait for the answers before."""
        self._newest = exchange = Exchange(self, request_scope(self._scope, head), head)
        if self._is_free() and not self._waiting:
            self._run(exchange)
        else:
            self._waiting.append(exchange)

    def body_came(self, piece: bytes) -> None:
        """Hand on a part of the newest request's body."""
        if self._newest is not None:
            self._newest.body_came(piece)

    def request_ended(self) -> None:
        """Hand on its end."""
        if self._newest is not None:
            self._newest.end_body()
            self._newest = None

    def switch_asked(self, unread: bytes) -> None:
        """Remember to hand the connection on, once what came before is answered."""
        self._switch = unread

    # What an exchange tells.

    def write(self, data: bytes) -> None:
        """Queue bytes, unless nobody takes them."""
        if not self._is_closing and not self._transport.is_closing():
            self._transport.write(data)

    async def drained(self) -> None:
        """Wait while the client is behind."""
        while self.is_behind and not self._is_closing:
            self._caught_up = self._caught_up or asyncio.Event()
            await self._caught_up.wait()

    def head_end(self, *, keep_alive: bool) -> bytes:
        """Give the lines with which a head ends."""
        if keep_alive:
            return self._listener.date_line + b"\r\n"
        return self._listener.date_line + b"connection: close\r\n\r\n"

    @property
    def is_ending(self) -> bool:
        """Whether the answer that begins now is the last one."""
        return self._listener.is_stopping

    def body_taken(self) -> None:
        """Read on."""
        if not self._is_reading:
            self._parse()

    def answered(self, exchange: Exchange) -> None:
        """Go on with the next request, or close."""
        if exchange is not self._current or self._is_closing:
            return
        if not exchange.keep_alive or not exchange.body_ended:
            has_more = bool(self._waiting or self._unparsed)
            self._close(linger=not exchange.body_ended or has_more)
            return
        self._current = None
        self._idle_since_s = self._loop.time()
        self._go_on()

    # The order of requests.

    def _must_wait(self) -> bool:
        newest = self._newest
        return (
            bool(self._waiting)
            or self._switch is not None
            or (newest is not None and newest.buffered_bytes > BODY_BYTES_BUFFERED_MAX)
        )

    def _parse(self) -> None:
        """Parse what came, piece by piece, until a request has to wait; then pause reading."""
        data, self._unparsed = self._unparsed, b""
        try:
            self._unparsed = self._feed(data)
        except Malformed as malformed:
            self._refuse(malformed.status)
        if self._switch is not None:
            self._switch, self._unparsed = self._switch + self._unparsed, b""
            self._go_on()
        self._control_reading()

    def _feed(self, data: bytes) -> bytes:
        """Feed the reader; gives what is left over where a request has to wait."""
        for start in range(0, len(data), PARSED_AHEAD_BYTES_MAX):
            if self._must_wait():
                return data[start:]
            self._reader.feed(data[start : start + PARSED_AHEAD_BYTES_MAX])
        return b""

    def _go_on(self) -> None:
        """Do what comes after an answer, unless the client has to take that first."""
        if not self._is_free():
            return
        if self._waiting:
            self._run(self._waiting.popleft())
        if self._unparsed:
            self._parse()
        if self._is_free():
            self._rest()

    def _is_free(self) -> bool:
        return self._current is None and not self.is_behind and not self._is_closing

    def _rest(self) -> None:
        """Nothing waits for an answer: leave, close, or wait for the next request."""
        if self._switch is not None:
            self._leave(self._switch)
        elif self._refused is not None:
            self._answer_and_close(self._refused)
        elif self._is_half_closed or self._listener.is_stopping:
            self._close(linger=False)
        elif not self._is_reading:
            self._control_reading()

    def _control_reading(self) -> None:
        if self._is_closing or self._transport.is_closing():
            return
        pause = self._must_wait()
        if pause or not self._reader.in_head:
            self._head_since_s = None
        elif self._head_since_s is None:
            self._head_since_s = self._loop.time()
        if pause == self._is_reading:
            self._is_reading = not pause
            if pause:
                self._transport.pause_reading()
            else:
                self._moved_s = self._loop.time()
                self._transport.resume_reading()

    # Running the application.

    def _run(self, exchange: Exchange) -> None:
        self._current = exchange
        self._runner.run(exchange)

    def _returned(self, exchange: Exchange) -> None:
        if exchange is self._current and not exchange.is_done and not self._is_closing:
            self._end_without_answer(exchange)

    def _end_without_answer(self, exchange: Exchange) -> None:
        """Say so where nothing has been sent; else cut the answer off, so that it is not whole."""
        if exchange.has_sent:
            self._cut(exchange)
        elif exchange.client_is_gone:
            self._close(linger=False)
        else:
            self._answer_and_close(INTERNAL_SERVER_ERROR)

    def _refuse(self, status: int) -> None:
        """Answer bytes that are no request, after the requests before them."""
        self._refused = status
        self._unparsed = b""
        broken, self._newest = self._newest, None
        if broken is None:
            self._go_on()
        elif broken is not self._current:
            self._waiting.pop()
            self._go_on()
        elif broken.has_sent:
            self._cut(broken)
        else:
            self._answer_and_close(status)

    def _answer_and_close(self, status: int) -> None:
        self.write(refusal(status, self._listener.date_line))
        self._close(linger=True)

    # Closing, leaving.

    def _cut(self, exchange: Exchange) -> None:
        """Close in the middle of an answer, so that the client sees it."""
        plain_socket = self._transport.get_extra_info("socket")
        if not exchange.is_framed and plain_socket is not None:
            plain_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self._transport.abort()

    def _close(self, *, linger: bool) -> None:
        """Close after what was written; a client that still sends gets time to read it."""
        if self._is_closing:
            return
        self._is_closing = True
        self._moved_s = self._loop.time()
        self._tell_disconnect()
        if self._transport.is_closing():
            return
        if not linger:
            self._transport.close()
            return
        if not self._is_reading:
            self._transport.resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def _leave(self, unread: bytes) -> None:
        self._listener.forget(self)
        self._is_closing = True
        self._runner.end()
        if not self._is_reading:
            self._transport.resume_reading()
        self._listener.hand_over(self._transport, unread)

    def stop(self) -> None:
        """Close now, or after the answer that is being made."""
        if self._current is None:
            self._close(linger=False)

    def abort(self) -> None:
        """Close at once; the application is cancelled."""
        self._runner.cancel()
        self._transport.abort()

    def check_time(self, now_s: float) -> None:
        """End what takes too long; the listener asks again and again."""
        timeouts = self._listener.timeouts
        if self._is_closing:
            self._check_end(now_s)
        elif self._head_since_s is not None and now_s - self._head_since_s > timeouts.head_s:
            self._refuse(REQUEST_TIMEOUT)
        elif self._current is None and now_s - self._idle_since_s > timeouts.keep_alive_s:
            self._close(linger=False)
        elif self._is_waiting_for_body() and now_s - self._moved_s > timeouts.pause_s:
            self._refuse(REQUEST_TIMEOUT)

    def _is_waiting_for_body(self) -> bool:
        return self._newest is not None and self._newest is self._current and self._is_reading

    def _check_end(self, now_s: float) -> None:
        """Cut a client off that neither takes what it was sent nor goes."""
        unsent, before = self._transport.get_write_buffer_size(), self._unsent_bytes
        self._unsent_bytes = unsent
        if unsent != before:
            self._moved_s = now_s
        timeouts = self._listener.timeouts
        if now_s - self._moved_s > (timeouts.pause_s if unsent else timeouts.linger_s):
            self._transport.abort()
