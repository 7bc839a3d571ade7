"""The HTTP interface over a test's own processing engine, in the event loop of the test."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

from hypercorn.config import Config

from influxpe.clock import SystemClock
from influxpe.config import HTTP_REQUEST_BYTES_MAX, ServerConfig
from influxpe.http.app import App
from influxpe.http.auth import Tokens
from influxpe.http.hypercorn_glue import HypercornGuest
from influxpe.http.metrics import Metrics
from influxpe.http.open_backups import OpenBackups
from influxpe.http.services import Services
from influxpe.http.threads import Threads
from influxpe.http.wire.listener import Binding, HttpListener
from influxpe.queries import Queries
from tests.integration.triggers.harness import Host

GRACE_SECONDS = 1.0
REQUEST_SECONDS_MAX = 30.0


@dataclass(frozen=True)
class Answer:
    """One answer; names of headers are lower-case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> str:
        """The message of a JSON error."""
        text: str = json.loads(self.body)["error"]
        return text


class Client:
    """Opens connections to one server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.address = f"127.0.0.1:{port}"

    async def open(self, path: str, body: bytes = b"", *, method: str = "POST") -> "Connection":
        """Send a request below `/api/v3/engine/`, and do not wait."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        connection = Connection(reader, writer)
        connection.send(f"{method} /api/v3/engine/{path}", body)
        return connection

    async def ask(
        self, path: str, body: bytes = b"", *, method: str = "POST", headers: str = ""
    ) -> Answer:
        """Send a request and wait for its answer; `headers` are whole lines."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        connection = Connection(reader, writer)
        try:
            connection.send(f"{method} /api/v3/engine/{path}", body, headers)
            return await connection.answer(has_body=method != "HEAD")
        finally:
            connection.close()


class Connection:
    """One connection with one request."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, line: str, body: bytes, headers: str = "") -> None:
        """Send a request."""
        head = f"{line} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        self._writer.write(head.encode() + body)

    async def answer(self, *, has_body: bool = True) -> Answer:
        """Wait for the answer."""
        async with asyncio.timeout(REQUEST_SECONDS_MAX):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
            status, *lines = head.strip().split("\r\n")
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
            size = int(headers.get("content-length", 0)) if has_body else 0
            body = await self._reader.readexactly(size)
        return Answer(int(status.split()[1]), headers, body)

    def close(self) -> None:
        """Go away."""
        self._writer.transport.abort()


@contextlib.asynccontextmanager
async def served(host: Host, *, bytes_max: int = HTTP_REQUEST_BYTES_MAX) -> AsyncIterator[Client]:
    """Serve HTTP without authentication, with bodies up to a limit."""
    config = ServerConfig(without_auth=True, max_http_request_size=bytes_max)
    queries = Queries(host.engine, asyncio.get_running_loop())
    app, threads = _app(host, config, queries)
    listener = HttpListener(app, HypercornGuest(app, Config()), SystemClock())
    bound = socket.create_server(("127.0.0.1", 0))
    bound.setblocking(False)
    stop = asyncio.Event()

    async def until() -> None:
        await stop.wait()

    serving = asyncio.create_task(listener.serve(Binding(bound, 100), until))
    try:
        yield Client(bound.getsockname()[1])
    finally:
        stop.set()
        await serving
        await listener.stop(GRACE_SECONDS)
        threads.close()
        queries.close()


def _app(host: Host, config: ServerConfig, queries: Queries) -> tuple[App, Threads]:
    clock, threads = SystemClock(), Threads()
    services = Services(
        config=config,
        clock=clock,
        engine=host.engine,
        commits=host.commits,
        queries=queries,
        processing=host.processing,
        tokens=Tokens(host.engine, clock),
        threads=threads,
        metrics=Metrics(),
        backups=OpenBackups(host.engine, clock, node_id="node0", plugin_dir=None),
        process_id="test",
    )
    return App(services), threads
