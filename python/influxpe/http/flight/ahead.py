"""The pieces of an answer, fetched ahead of whoever sends them.

A thread goes on fetching while there is room, so that a fast client never waits for the way to a
thread and back. It ends where there is none: a slow client holds some pieces, but no thread.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from influxpe._engine import QueryStream
    from influxpe.http.threads import Threads

# Bytes that wait for their client before no more is fetched: a few batches of a narrow table, and
# the last piece may pass it.
AHEAD_BYTES_MAX = 2 * 1024 * 1024

Outcome = bytes | Exception | None


class Ahead:
    """The pieces of one stream. Used on its event loop, but for `_fetch`."""

    def __init__(self, threads: Threads, stream: QueryStream) -> None:
        self._threads = threads
        self._stream = stream
        self._loop = asyncio.get_running_loop()
        self._pieces: deque[Outcome] = deque()
        self._news: asyncio.Future[None] | None = None
        self._lock = threading.Lock()
        # Guarded by the lock.
        self._held_bytes = 0
        self._is_fetching = True
        self._is_over = False
        threads.query(self._fetch)

    def arrival(self) -> asyncio.Future[None] | None:
        """Give what is done once the next piece is there; nothing where it is there now."""
        if self._pieces:
            return None
        self._news = self._loop.create_future()
        return self._news

    def take(self) -> bytes | None:
        """Give the piece that is there, or nothing at the end. Raises what the query raised."""
        piece = self._pieces.popleft()
        if isinstance(piece, Exception):
            raise piece
        with self._lock:
            self._held_bytes -= len(piece or b"")
            starts = not (self._is_fetching or self._is_over)
            starts = starts and self._held_bytes <= AHEAD_BYTES_MAX // 2
            self._is_fetching = self._is_fetching or starts
        if starts:
            self._threads.query(self._fetch)
        return piece

    def end(self) -> None:
        """Fetch no more; the query ends with the last reference to its stream."""
        with self._lock:
            self._is_over = True

    def _fetch(self) -> None:
        """Fetch until there is no room, in a thread."""
        goes_on = True
        while goes_on:
            piece: Outcome
            try:
                piece = self._stream.next_chunk()
            except Exception as error:
                piece = error
            with self._lock:
                self._held_bytes += len(piece) if isinstance(piece, bytes) else 0
                self._is_over = self._is_over or not isinstance(piece, bytes)
                has_room = self._held_bytes < AHEAD_BYTES_MAX
                goes_on = self._is_fetching = has_room and not self._is_over
            self._loop.call_soon_threadsafe(self._came, piece)

    def _came(self, piece: Outcome) -> None:
        self._pieces.append(piece)
        if self._news is not None and not self._news.done():
            self._news.set_result(None)
