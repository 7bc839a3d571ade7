"""Everything that is particular to Hypercorn: its settings, its sockets, its gaps.

HTTP is answered by `wire`; Hypercorn answers what begins as HTTP/1.1 and asks for another protocol.
Three of its defaults would hurt: it closes a connection after 1,000 requests, after 5 seconds of
rest, and refuses long headers. One gap is filled: it has no way to break off an HTTP/2 answer.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.protocol.h2 import H2Protocol
from hypercorn.protocol.http_stream import HTTPStream
from starlette.types import ASGIApp, Scope, Send

from influxpe.clock import Clock
from influxpe.config import ServerConfig
from influxpe.errors import StartFailed
from influxpe.http.wire.limits import HEAD_BYTES_MAX, Timeouts
from influxpe.http.wire.listener import Binding, HttpListener

KEEP_ALIVE_REQUESTS_MAX = 10**9
BACKLOG = 1024
H2_CONCURRENT_STREAMS_MAX = 1000
H2_INTERNAL_ERROR = 2
TLS_VERSIONS = {"tls-1.2": ssl.TLSVersion.TLSv1_2, "tls-1.3": ssl.TLSVersion.TLSv1_3}


class HypercornConfig(Config):
    """Hypercorn's settings for one server."""

    def __init__(self, config: ServerConfig, listener: socket.socket, drain_s: float) -> None:
        self._tls_minimum = TLS_VERSIONS[config.tls_minimum_version]
        self.bind = f"fd://{listener.detach()}"
        self.certfile = None if config.tls_cert is None else str(config.tls_cert)
        self.keyfile = None if config.tls_key is None else str(config.tls_key)
        self.keep_alive_max_requests = KEEP_ALIVE_REQUESTS_MAX
        self.keep_alive_timeout = Timeouts().keep_alive_s
        self.h11_max_incomplete_size = HEAD_BYTES_MAX
        self.h2_max_header_list_size = HEAD_BYTES_MAX
        self.h2_max_concurrent_streams = H2_CONCURRENT_STREAMS_MAX
        self.backlog = BACKLOG
        self.graceful_timeout = drain_s
        self.include_server_header = False
        self.accesslog = None
        self.errorlog = logging.getLogger("hypercorn.error")

    def create_ssl_context(self) -> ssl.SSLContext | None:
        """Give what Hypercorn gives, with the minimum version that was asked for."""
        context = super().create_ssl_context()
        if context is not None:
            context.minimum_version = self._tls_minimum
        return context


def bind(config: ServerConfig) -> socket.socket:
    """Bind the address; nothing listens yet. Raises `StartFailed`."""
    address = f"{config.http_host}:{config.http_port}"
    try:
        found = socket.getaddrinfo(
            config.http_host, config.http_port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, resolved = found[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise StartFailed(f"Failed to bind address {address}: {_reason(error)}") from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind(resolved)
    except OSError as error:
        listener.close()
        raise StartFailed(f"Failed to bind address {address}: {_reason(error)}") from error
    return listener


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def check_tls(config: ServerConfig) -> None:
    """Raise `StartFailed` where the certificate and the key are not a usable pair."""
    if config.tls_cert is None and config.tls_key is None:
        return
    if config.tls_cert is None or config.tls_key is None:
        raise StartFailed("tls requires both a cert and a key file to be passed in to work")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(config.tls_cert, config.tls_key)
    except (OSError, ssl.SSLError) as error:
        files = f"{config.tls_cert} and {config.tls_key}"
        raise StartFailed(f"cannot use the TLS files {files}: {_reason(error)}") from error


class HypercornGuest:
    """Serves connections that were accepted by `wire` and speak another protocol."""

    def __init__(self, app: ASGIApp, config: Config) -> None:
        self._app = ASGIWrapper(app)  # type: ignore[arg-type]  # Starlette's ASGI types and Hypercorn's name the same thing
        self._config = config
        self._context = WorkerContext(None)
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, transport: asyncio.Transport, unread: bytes) -> None:
        """Serve a connection from these bytes on."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        reader.feed_data(unread)
        task = loop.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        await TCPServer(self._app, loop, self._config, self._context, {}, reader, writer)

    async def stop(self, grace_s: float) -> None:
        """Ask all connections to end, and cut off those that have not after the grace."""
        await self._context.terminated.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_s)
        for task in list(self._tasks):
            task.cancel()


async def serve(
    app: ASGIApp, config: Config, clock: Clock, *, until: Callable[[], Awaitable[None]]
) -> None:
    """Serve until `until` returns; it is called once connections are accepted."""
    listener = HttpListener(app, HypercornGuest(app, config), clock)
    try:
        await listener.serve(_binding(config), until)
    finally:
        await listener.stop(config.graceful_timeout)


def _binding(config: Config) -> Binding:
    sockets = config.create_sockets()
    context = config.create_ssl_context() if config.ssl_enabled else None
    if context is None:
        return Binding(sockets.insecure_sockets[0], config.backlog)
    seconds = config.ssl_handshake_timeout
    return Binding(sockets.secure_sockets[0], config.backlog, context, seconds)


async def abort(scope: Scope, send: Send) -> None:
    """Break off an answer that has begun.

    HTTP/1.1 needs no help: the connection of an unfinished answer is cut. For HTTP/2 Hypercorn
    forgets the stream, and the client would wait for ever; so the stream is reset here.
    """
    stream = getattr(send, "__self__", None)
    if scope["http_version"] != "2" or not isinstance(stream, HTTPStream):
        return
    protocol = getattr(stream.send, "__self__", None)
    if isinstance(protocol, H2Protocol):
        protocol.connection.reset_stream(stream.stream_id, H2_INTERNAL_ERROR)
        await protocol._flush()


def address_text(listener: socket.socket) -> str:
    """Give `ip:port` of a bound socket, IPv6 in brackets."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def write_listener_file(path: Path, address: str) -> None:
    """Tell other programs the address; they see all of it or no file."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(address)
    draft.replace(path)
