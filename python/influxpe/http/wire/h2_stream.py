"""One request of an HTTP/2 connection: ASGI on one side, frames on the other.

What the application has taken of a body is given back to the client as window, so that a body which
nobody reads stops itself and nothing else. A client that goes away is a disconnect; what is sent to
it then is dropped. An answer that the application leaves unfinished is reset.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from starlette.types import Message, Scope

WITHOUT_BODY = {204, 304}
# Parts of a body up to this many bytes are kept as one: each by itself weighs more than it says.
JOINED_BYTES = 16 * 1024
Headers = list[tuple[bytes, bytes]]


class Connection(Protocol):
    """What a stream asks of its connection; nothing raises where the stream is gone."""

    def give_back(self, stream_id: int, size: int) -> None:
        """Let the client send so many bytes more."""

    def send_head(self, stream_id: int, headers: Headers, *, end: bool) -> None:
        """Send headers, or trailers."""

    async def send_body(self, stream_id: int, data: memoryview) -> None:
        """Send a part of an answer, as far as the client takes it; else wait."""

    def finish(self, stream_id: int) -> None:
        """Send the end of an answer."""


class H2Stream:
    """A request and its answer."""

    def __init__(self, connection: Connection, stream_id: int, scope: Scope) -> None:
        self.stream_id = stream_id
        self.scope = scope
        self.is_gone = False
        self.is_answered = False
        self.request_ended = False
        self._connection = connection
        # Parts of the body, and how much of the window each takes up.
        self._pieces: deque[tuple[bytes, int]] = deque()
        self._end_is_told = False
        self._news: asyncio.Future[None] | None = None
        self._status = 0
        self._has_trailers = False
        self._has_body = True

    # What the client does.

    def body_came(self, data: bytes, size: int) -> None:
        """Keep a part of the body; `size` counts it as the window does."""
        if self._pieces and len(self._pieces[-1][0]) + len(data) <= JOINED_BYTES:
            last, last_size = self._pieces.pop()
            data, size = last + data, last_size + size
        if data or size:
            self._pieces.append((data, size))
        self._tell()

    def end_body(self) -> None:
        """Learn that the body is whole."""
        self.request_ended = True
        self._tell()

    def client_went(self) -> None:
        """Learn that nobody waits for the answer."""
        self.is_gone = True
        self._tell()

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    # What the application does.

    async def receive(self) -> Message:
        """Give what has come of the body, then its end, then the disconnect."""
        while not (self._pieces or self.is_gone or self._has_end_to_tell()):
            self._news = asyncio.get_running_loop().create_future()
            await self._news
        if self.is_gone:
            return {"type": "http.disconnect"}
        body, size = self._pieces.popleft() if self._pieces else (b"", 0)
        self._end_is_told = self.request_ended and not self._pieces
        self._connection.give_back(self.stream_id, size)
        return {"type": "http.request", "body": body, "more_body": not self._end_is_told}

    def untaken_bytes(self) -> int:
        """Give, once, how much of the window the rest of the body takes up."""
        size = sum(size for _, size in self._pieces)
        self._pieces.clear()
        return size

    def _has_end_to_tell(self) -> bool:
        return self.request_ended and not self._end_is_told

    async def send(self, message: Message) -> None:
        """Send a part of the answer."""
        if self.is_gone:
            return
        kind = message["type"]
        if kind == "http.response.start":
            self._start(message)
        elif kind == "http.response.body":
            await self._body(message)
        elif kind == "http.response.trailers":
            self._connection.send_head(self.stream_id, list(message["headers"]), end=True)
            self._end()

    def _start(self, message: Message) -> None:
        if self._status:
            raise RuntimeError("an answer begins twice")
        self._status = message["status"]
        self._has_trailers = message.get("trailers", False)
        self._has_body = self.scope["method"] != "HEAD" and self._status not in WITHOUT_BODY
        headers = [(b":status", b"%d" % self._status), *message.get("headers", [])]
        self._connection.send_head(self.stream_id, headers, end=False)

    async def _body(self, message: Message) -> None:
        if not self._status:
            raise RuntimeError("an answer has a body before it begins")
        body = message.get("body", b"")
        if len(body) and self._has_body:
            await self._connection.send_body(self.stream_id, memoryview(body))
        if not message.get("more_body", False) and not self._has_trailers:
            self._connection.finish(self.stream_id)
            self._end()

    def _end(self) -> None:
        """Nothing more is sent; the application learns it as a disconnect."""
        self.is_answered = True
        self.client_went()

    @property
    def has_begun(self) -> bool:
        """Whether the head of the answer has been sent."""
        return self._status != 0
