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

HEAD_BYTES = 5


def frame_head(size: int) -> bytes:
    """Spell what stands in front of a message of that size."""
    return struct.pack(">BI", 0, size)


class MessageReader:
    """Gives the messages of one request, one after another."""

    def __init__(self, receive: Receive, bytes_max: int) -> None:
        self._receive = receive
        self._bytes_max = bytes_max
        self._buffer = bytearray()
        self._has_more = True

    async def next(self) -> bytes | None:
        """Give the next message, or nothing at the end.

        Raises `CallFailed` for what is no frame of gRPC, `Disconnected` where the client goes.
        """
        if not await self._gathered(HEAD_BYTES):
            if self._buffer:
                raise CallFailed(Code.INTERNAL, "the request ends amid the head of a message")
            return None
        size = self._size()
        if not await self._gathered(HEAD_BYTES + size):
            got = len(self._buffer) - HEAD_BYTES
            raise CallFailed(
                Code.INTERNAL, f"the request ends after {got} of {size} bytes of a message"
            )
        message = bytes(memoryview(self._buffer)[HEAD_BYTES : HEAD_BYTES + size])
        del self._buffer[: HEAD_BYTES + size]
        return message

    async def only(self) -> bytes:
        """Give the one message of a request, once the whole request is there."""
        message = await self.next()
        if message is None:
            raise CallFailed(Code.INTERNAL, "the request has no message")
        if await self.next() is not None:
            raise CallFailed(Code.INTERNAL, "the request has more than one message")
        return message

    def _size(self) -> int:
        flag, size = struct.unpack_from(">BI", self._buffer)
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

    async def _gathered(self, size: int) -> bool:
        """Read until so many bytes are there; false where the request ends before."""
        while len(self._buffer) < size and self._has_more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            self._buffer += message.get("body", b"")
            self._has_more = message.get("more_body", False)
        return len(self._buffer) >= size
