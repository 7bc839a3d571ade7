"""Calls of gRPC byte by byte, for what no well-behaved client would send."""

import struct
from dataclasses import dataclass
from urllib.parse import unquote

from tests.integration.http.h2_client import H2Client, Reply

SERVICE = "/arrow.flight.protocol.FlightService/"


def frame(message: bytes, *, flag: int = 0, size: int | None = None) -> bytes:
    """Spell a frame of gRPC, also one whose head is not true."""
    return struct.pack(">BI", flag, len(message) if size is None else size) + message


@dataclass
class Outcome:
    """How a call ended."""

    headers: dict[bytes, bytes]
    body: bytes

    @property
    def status(self) -> int:
        """The code of gRPC; -1 where there is none."""
        return int(self.headers.get(b"grpc-status", b"-1"))

    @property
    def message(self) -> str:
        """The text of the status."""
        return unquote(self.headers.get(b"grpc-message", b"").decode())


def outcome(reply: Reply) -> Outcome:
    """Give what a whole reply says."""
    return Outcome(reply.headers, reply.body)


class RawCalls(H2Client):
    """A connection for calls."""

    def begin(self, method: str, *more: tuple[bytes, bytes]) -> int:
        """Begin a call; returns its stream."""
        path = method if method.startswith("/") else SERVICE + method
        grpc = [(b"te", b"trailers"), (b"content-type", b"application/grpc")]
        return self.open("POST", path, *grpc, *more)

    def call(self, method: str, body: bytes, *more: tuple[bytes, bytes]) -> Outcome:
        """Make a whole call with this body."""
        stream = self.begin(method, *more)
        self.send(stream, body, end=True)
        return outcome(self.reply(stream))
