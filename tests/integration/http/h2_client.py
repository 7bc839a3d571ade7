"""A client of HTTP/2 that is driven step by step, for what no well-behaved one would send."""

import socket
import ssl
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)

WAIT_SECONDS = 20.0


@dataclass
class Reply:
    """What came back on one stream."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""
    was_reset: bool = False
    is_over: bool = False

    @property
    def status(self) -> int:
        """The status of HTTP."""
        return int(self.headers[b":status"])


class H2Client:
    """One connection, with prior knowledge or over TLS; what is received is given back at once."""

    def __init__(self, address: str, context: ssl.SSLContext | None = None) -> None:
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=WAIT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_hostname="127.0.0.1")
        self.connection = H2Connection(H2Configuration(header_encoding=None))
        self.connection.initiate_connection()
        self.replies: dict[int, Reply] = {}
        self.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.socket.close()

    def flush(self) -> None:
        """Send what is waiting."""
        self.socket.sendall(self.connection.data_to_send())

    def open(self, method: str, path: str, *more: tuple[bytes, bytes], end: bool = False) -> int:
        """Begin a request; returns its stream."""
        stream = self.connection.get_next_available_stream_id()
        headers = [
            (b":method", method.encode()),
            (b":path", path.encode()),
            (b":scheme", b"http"),
            (b":authority", b"a"),
            *more,
        ]
        self.connection.send_headers(stream, headers, end_stream=end)
        self.replies[stream] = Reply()
        self.flush()
        return stream

    def send(self, stream: int, data: bytes, *, end: bool = False) -> None:
        """Send bytes, as fast as the windows allow and as long as they are wanted."""
        while not self.replies[stream].is_over:
            window = self.connection.local_flow_control_window(stream)
            piece, data = data[: min(window, 16_384)], data[min(window, 16_384) :]
            if piece or not data:
                self.connection.send_data(stream, piece, end_stream=end and not data)
                self.flush()
            else:
                self.receive()
            if not data:
                return

    def receive(self, *, acknowledge: bool = True) -> list[Event]:
        """Wait for the next events, and note what they say."""
        data = self.socket.recv(65_536)
        assert data, "the server closed the connection"
        events = self.connection.receive_data(data)
        for event in events:
            self._note(event, acknowledge=acknowledge)
        self.flush()
        return events

    def _note(self, event: Event, *, acknowledge: bool) -> None:
        reply = self.replies.get(getattr(event, "stream_id", None) or 0)
        if reply is None:
            return
        if isinstance(event, ResponseReceived | TrailersReceived):
            reply.headers |= dict(event.headers)
        elif isinstance(event, DataReceived):
            reply.body += event.data
            if acknowledge:
                size = event.flow_controlled_length
                self.connection.acknowledge_received_data(size, event.stream_id)
        elif isinstance(event, StreamReset):
            reply.was_reset = reply.is_over = True
        elif isinstance(event, StreamEnded):
            reply.is_over = True

    def reply(self, stream: int) -> Reply:
        """Wait for the end of a call."""
        while not self.replies[stream].is_over:
            self.receive()
        return self.replies[stream]

    def ask(self, path: str, *more: tuple[bytes, bytes]) -> Reply:
        """Ask for a path and wait for the answer."""
        return self.reply(self.open("GET", path, *more, end=True))

    def answer(self, stream: int) -> tuple[str, bytes]:
        """Wait for an answer: its status, with ` reset` where it was cut off, and its body."""
        reply = self.reply(stream)
        return f"{reply.status} reset" if reply.was_reset else str(reply.status), reply.body
