"""The listener: connections in; HTTP/1.1 to `connection`, HTTP/2 to `h2_connection`, others away.

On a stop no connection is accepted any more, resting ones are closed, and the others get a grace
to finish; then all are cut.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Protocol

from starlette.types import ASGIApp

from influxpe.clock import Clock
from influxpe.http.wire.connection import HTTP_2_PREFACE, Http1Connection
from influxpe.http.wire.h2_connection import Http2Connection
from influxpe.http.wire.limits import Timeouts

SECOND_NS = 1_000_000_000


class Guest(Protocol):
    """Who serves connections that speak neither HTTP/1.1 nor HTTP/2 from their start."""

    def take(self, transport: asyncio.Transport, unread: bytes) -> None:
        """Serve a connection from these bytes on."""

    async def stop(self, grace_s: float) -> None:
        """End all of them: politely at first, within the grace."""


@dataclass(frozen=True, slots=True)
class Binding:
    """A bound socket, and how it is listened on."""

    socket: socket.socket
    backlog: int
    tls: ssl.SSLContext | None = None
    handshake_s: float | None = None


class HttpListener:
    """What all connections of one listening socket share."""

    def __init__(
        self, app: ASGIApp, guest: Guest, clock: Clock, timeouts: Timeouts | None = None
    ) -> None:
        self.app = app
        self.loop = asyncio.get_running_loop()
        self.timeouts = timeouts or Timeouts()
        self.is_stopping = False
        self.connections: set[Http1Connection] = set()
        self.h2_connections: set[Http2Connection] = set()
        self.date_line = b""
        self._guest = guest
        self._clock = clock
        self._left_behind: set[asyncio.Task[None]] = set()
        self._all_ended = asyncio.Event()
        self._sweep: asyncio.TimerHandle
        self._keep_time()

    def _keep_time(self) -> None:
        """Spell the time for the answers to come, and end what takes too long."""
        self._sweep = self.loop.call_later(self.timeouts.sweep_s, self._keep_time)
        date = formatdate(self._clock.now_ns() // SECOND_NS, usegmt=True)
        self.date_line = f"date: {date}\r\n".encode()
        now_s = self.loop.time()
        for connection in self._all():
            connection.check_time(now_s)

    def hand_over(self, transport: asyncio.Transport, unread: bytes) -> None:
        """Serve a connection as HTTP/2, or let the guest do what else it wants."""
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        agreed = tls is not None and tls.selected_alpn_protocol() == "h2"
        if agreed or unread.startswith(HTTP_2_PREFACE):
            Http2Connection(self, transport).data_received(unread)
        else:
            self._guest.take(transport, unread)

    def join(self, connection: Http1Connection | Http2Connection) -> None:
        """Learn of a connection."""
        if isinstance(connection, Http1Connection):
            self.connections.add(connection)
        else:
            self.h2_connections.add(connection)

    def _all(self) -> list[Http1Connection | Http2Connection]:
        return [*self.connections, *self.h2_connections]

    def left_behind(self, task: asyncio.Task[None]) -> None:
        """Keep a task whose client has gone until it ends."""
        self._left_behind.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._left_behind.discard(task)
        self._look_for_end()

    def forget(self, connection: Http1Connection | Http2Connection) -> None:
        """Learn that a connection is lost or another's."""
        if isinstance(connection, Http1Connection):
            self.connections.discard(connection)
        else:
            self.h2_connections.discard(connection)
        self._look_for_end()

    async def serve(self, binding: Binding, until: Callable[[], Awaitable[None]]) -> None:
        """Accept connections until `until` returns, then end them."""
        server = await self.loop.create_server(
            lambda: Http1Connection(self),
            sock=binding.socket,
            backlog=binding.backlog,
            ssl=binding.tls,
            ssl_handshake_timeout=binding.handshake_s,
        )
        try:
            await until()
        finally:
            server.close()

    async def stop(self, grace_s: float) -> None:
        """End all connections, with a grace for those whose answer is being made."""
        self.is_stopping = True
        for connection in self._all():
            connection.stop()
        await asyncio.gather(self._guest.stop(grace_s), self._finish(grace_s))
        for connection in self._all():
            connection.abort()
        for task in list(self._left_behind):
            task.cancel()
        self._sweep.cancel()

    async def _finish(self, grace_s: float) -> None:
        self._look_for_end()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._all_ended.wait(), grace_s)

    def _look_for_end(self) -> None:
        if self.is_stopping and not self._all() and not self._left_behind:
            self._all_ended.set()
