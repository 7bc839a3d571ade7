"""The HTTP/1.1 protocol over real sockets, in front of an application of the test itself."""

import asyncio
import contextlib
import select
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import NamedTuple, Self

import uvloop
from hypercorn.config import Config
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from influxpe.clock import SystemClock
from influxpe.http.hypercorn_glue import HypercornGuest
from influxpe.http.wire.limits import Timeouts
from influxpe.http.wire.listener import Binding, HttpListener

WAIT_SECONDS = 10.0
GRACE_SECONDS = 2.0
# No limit of time is met unless a test asks for it.
PATIENT = Timeouts(keep_alive_s=60, head_s=60, pause_s=60, linger_s=60, sweep_s=0.02)


class Answer(NamedTuple):
    """One answer as it stood on the wire; names of headers are lower-case."""

    status: int
    headers: dict[str, str]
    body: bytes


class WireServer:
    """A listener on its own event loop and thread; `with` ends it."""

    def __init__(self, app: ASGIApp, timeouts: Timeouts = PATIENT) -> None:
        self._app = app
        self._timeouts = timeouts
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self._loop = uvloop.new_event_loop()
        self._stop = asyncio.Event()
        self.listener: HttpListener
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        guest = HypercornGuest(self._app, Config())
        self.listener = HttpListener(self._app, guest, SystemClock(), self._timeouts)

        async def until() -> None:
            self._started.set()
            await self._stop.wait()

        await self.listener.serve(Binding(self._socket, 100), until)
        await self.listener.stop(GRACE_SECONDS)
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait_for(asyncio.gather(*rest, return_exceptions=True), WAIT_SECONDS)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(WAIT_SECONDS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        """Run something on the server's loop after a while."""
        self._loop.call_soon_threadsafe(self._loop.call_later, seconds, work)

    def begin_stop(self) -> None:
        """Ask for the end; returns at once."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)

    def stop(self) -> None:
        """Ask for the end and wait for it."""
        self.begin_stop()
        self._thread.join(WAIT_SECONDS)
        assert not self._thread.is_alive(), "the listener did not end"

    def connect(self) -> "RawClient":
        """Open a connection."""
        return RawClient(self.port)


class RawClient:
    """Bytes out, answers in."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send all bytes."""
        self.socket.sendall(data)

    def reset(self) -> None:
        """Close as a process that is killed does: nothing is taken any more."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send_in_pieces(self, data: bytes, piece_bytes: int) -> None:
        """Send bytes in packets of their own; a server that has answered need not take them all."""
        with contextlib.suppress(ConnectionError):
            for first in range(0, len(data), piece_bytes):
                self.socket.sendall(data[first : first + piece_bytes])

    def ask(self, data: bytes) -> Answer:
        """Send a request and read its answer."""
        self.send(data)
        return self.answer()

    def _more(self) -> bool:
        data = self.socket.recv(65_536)
        self._buffer += data
        return bool(data)

    def has_answer(self, seconds: float) -> bool:
        """Wait so long for the next bytes."""
        return bool(select.select([self.socket], [], [], seconds)[0])

    def some(self) -> bytes:
        """Read what is there, or the next bytes."""
        assert self._buffer or self._more(), "closed"
        found, self._buffer = self._buffer, b""
        return found

    def until(self, end: bytes) -> bytes:
        """Read up to and with some bytes."""
        while end not in self._buffer:
            assert self._more(), f"closed after {self._buffer[-500:]!r}"
        found, _, self._buffer = self._buffer.partition(end)
        return found + end

    def exactly(self, size: int) -> bytes:
        """Read so many bytes."""
        while len(self._buffer) < size:
            assert self._more(), f"closed after {len(self._buffer)} bytes of {size}"
        found, self._buffer = self._buffer[:size], self._buffer[size:]
        return found

    def rest(self) -> bytes:
        """Read until the server closes the connection."""
        while self._more():
            pass
        found, self._buffer = self._buffer, b""
        return found

    def head(self) -> Answer:
        """Read the head of an answer."""
        first, *lines = self.until(b"\r\n\r\n").decode("latin-1").strip().split("\r\n")
        pairs = (line.split(": ", 1) for line in lines)
        return Answer(int(first.split()[1]), {k.lower(): v for k, v in pairs}, b"")

    def answer(self) -> Answer:
        """Read a whole answer."""
        head = self.head()
        if head.headers.get("transfer-encoding") == "chunked":
            return head._replace(body=self._chunks())
        if "content-length" in head.headers:
            return head._replace(body=self.exactly(int(head.headers["content-length"])))
        return head if head.status in {100, 204, 304} else head._replace(body=self.rest())

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.until(b"\r\n"), 16):
            body += self.exactly(size)
            assert self.exactly(2) == b"\r\n"
        assert self.exactly(2) == b"\r\n"
        return body

    def is_closed(self) -> bool:
        """Wait for the end of the connection; whether nothing came before it."""
        try:
            return not self.rest()
        except ConnectionResetError:
            return True


async def read(receive: Receive) -> tuple[list[bytes], bool]:
    """Read a body: its pieces, and whether it had an end."""
    pieces: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return pieces, False
        pieces.append(message["body"])
        if not message["more_body"]:
            return pieces, True


def start(status: int = 200, headers: Mapping[str, str] | None = None) -> Message:
    """Give the first message of an answer."""
    pairs = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    return {"type": "http.response.start", "status": status, "headers": pairs}


def sized(size: int, status: int = 200) -> Message:
    """Give the first message of an answer whose length is known."""
    return start(status, {"Content-Length": str(size)})


def body(data: bytes, *, more: bool = False) -> Message:
    """Give a message with a part of its body."""
    return {"type": "http.response.body", "body": data, "more_body": more}


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with method, target and body, as one line."""
    if scope["type"] != "http":
        return
    pieces, is_whole = await read(receive)
    if not is_whole:
        return
    text = b" ".join([scope["method"].encode(), scope["raw_path"], b"".join(pieces)])
    await send(sized(len(text)))
    await send(body(text))
