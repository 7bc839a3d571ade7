"""One call on its way back: headers, messages, and the status in the trailers.

A call that fails before its first message has no other headers: gRPC clients take both alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from influxpe.http.flight.status import CallFailed, Code, trailers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Send

    from influxpe.http.flight.protobuf import Buffer

Headers = list[tuple[bytes, bytes]]
CONTENT_TYPE: Headers = [(b"content-type", b"application/grpc")]
# Smaller pieces are joined: each that is sent on its own costs more than copying it.
JOINED_BYTES_MAX = 16 * 1024


class Exchange:
    """Sends what one call answers."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._has_begun = False
        self.sent_bytes = 0
        self.code = Code.OK

    async def begin(self, headers: Headers | None = None) -> None:
        """Send the headers, once."""
        if self._has_begun:
            return
        self._has_begun = True
        start = {
            "type": "http.response.start",
            "status": 200,
            "headers": CONTENT_TYPE + (headers or []),
            "trailers": True,
        }
        await self._send(start)

    async def message(self, *pieces: Buffer) -> None:
        """Send a frame; returns when the client has taken nearly all that came before."""
        await self.begin()
        for piece in _joined(pieces):
            self.sent_bytes += len(piece)
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})

    async def end(self) -> None:
        """End a call that went well."""
        await self._end(trailers(Code.OK))

    async def fail(self, error: CallFailed) -> None:
        """End a call that did not, wherever it was."""
        self.code = error.code
        await self._end(trailers(error.code, error.message))

    async def _end(self, headers: Headers) -> None:
        await self.begin()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        await self._send({"type": "http.response.trailers", "headers": headers})


def _joined(pieces: Sequence[Buffer]) -> Sequence[Buffer]:
    if sum(map(len, pieces)) <= JOINED_BYTES_MAX:
        return [b"".join(pieces)]
    return [piece for piece in pieces if len(piece)]
