"""The frames of gRPC: a body in, messages out, and messages back into a body.

A frame is a flag (1 byte: compressed or not), a length (4 bytes, big end first) and a message.
A message past the limit is refused by its length, before its bytes are gathered.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from influxpe.http.flight.status import CallFailed, Code
from influxpe.http.messages import Disconnected

if TYPE_CHECKING:
    from starlette.types import Receive

    from influxpe.http.flight.protobuf import Buffer

HEAD_BYTES = 5
TINY_BYTES = 4096


def frame_head(size: int) -> bytes:
    """Spell what stands in front of a message of that size."""
    return struct.pack(">BI", 0, size)


class MessageReader:
    """Gives the messages of one request, one after another.

    What comes is joined once, when a message is whole, and cut without copying.
    """

    def __init__(self, receive: Receive, bytes_max: int) -> None:
        self._receive = receive
        self._bytes_max = bytes_max
        self._pieces: list[Buffer] = []
        self._gathered_bytes = 0
        self._has_more = True

    async def next(self) -> memoryview | None:
        """Give the next message, or nothing at the end.

        Raises `CallFailed` for what is no frame of gRPC, `Disconnected` where the client goes.
        """
        if not await self._gather(HEAD_BYTES):
            if self._gathered_bytes:
                raise CallFailed(Code.INTERNAL, "the request ends amid the head of a message")
            return None
        size = self._size()
        if not await self._gather(HEAD_BYTES + size):
            got = self._gathered_bytes - HEAD_BYTES
            raise CallFailed(
                Code.INTERNAL, f"the request ends after {got} of {size} bytes of a message"
            )
        return self._cut(HEAD_BYTES + size)[HEAD_BYTES:]

    async def only(self) -> memoryview:
        """Give the one message of a request, once the whole request is there."""
        message = await self.next()
        if message is None:
            raise CallFailed(Code.INTERNAL, "the request has no message")
        if await self.next() is not None:
            raise CallFailed(Code.INTERNAL, "the request has more than one message")
        return message

    def _size(self) -> int:
        flag, size = struct.unpack_from(">BI", self._joined())
        if flag == 1:
            raise CallFailed(Code.UNIMPLEMENTED, "compressed messages are not supported")
        if flag != 0:
            raise CallFailed(Code.INTERNAL, f"a message begins with the byte {flag}, not with 0")
        if size > self._bytes_max:
            raise CallFailed(
                Code.RESOURCE_EXHAUSTED,
                f"a message of {size} bytes is larger than the limit of {self._bytes_max} bytes",
            )
        length: int = size
        return length

    async def _gather(self, size: int) -> bool:
        """Read until so many bytes are there; false where the request ends before."""
        while self._gathered_bytes < size and self._has_more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            self._keep(message.get("body", b""))
            self._has_more = message.get("more_body", False)
        return self._gathered_bytes >= size

    def _keep(self, piece: bytes) -> None:
        """Keep a piece; tiny ones together, for each by itself weighs more than it says."""
        self._gathered_bytes += len(piece)
        last = self._pieces[-1] if self._pieces else None
        if len(piece) >= TINY_BYTES:
            self._pieces.append(piece)
        elif isinstance(last, bytearray):
            last += piece
        elif piece:
            self._pieces.append(bytearray(piece))

    def _joined(self) -> Buffer:
        """Give what has gathered as one piece; a head is mostly whole in the first."""
        if len(self._pieces[0]) < HEAD_BYTES:
            self._pieces = [b"".join(self._pieces)]
        return self._pieces[0]

    def _cut(self, size: int) -> memoryview:
        """Take so many bytes."""
        whole = memoryview(b"".join(self._pieces) if len(self._pieces) > 1 else self._pieces[0])
        rest = whole[size:]
        self._pieces = [rest] if len(rest) else []
        self._gathered_bytes = len(rest)
        return whole[:size]
