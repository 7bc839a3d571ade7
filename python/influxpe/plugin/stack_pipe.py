"""The pipe through which a worker says where it is, whatever its plugin does.

A signal makes a thread of it write its calls, in C and without the interpreter's lock. It never
waits for this end: what the pipe has no room for is lost.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable
from typing import Final

from influxpe.plugin.stack import is_whole

# A worker on a busy machine gets its turn within this; one that does not is shown without a place.
STACK_SECONDS_MAX: Final = 1.0
# What a pipe holds: some hundred calls, of which a thread writes the hundred newest.
STACK_BYTES_MAX: Final = 64 * 1024


class StackPipe:
    """Both ends, until the worker has one of them. All methods belong to the event loop."""

    def __init__(self) -> None:
        self._reading, self.writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._writing_open = self._reading_open = True
        self._asking = asyncio.Lock()
        self._ready: asyncio.Event | None = None  # of the one who waits

    def given(self) -> None:
        """Let go of the worker's end: it has its own now."""
        if self._writing_open:
            self._writing_open = False
            os.close(self.writing)

    def close(self) -> None:
        """Let go of both ends."""
        self.given()
        if self._reading_open:
            self._wake()
            self._reading_open = False
            os.close(self._reading)

    async def ask(self, order: Callable[[], None]) -> str:
        """Give what the worker writes after an order.

        At most for `STACK_SECONDS_MAX`, and at most `STACK_BYTES_MAX`: a worker that writes without
        end is not read without end.
        """
        async with self._asking:
            self._read(STACK_BYTES_MAX)  # what came too late for the one who asked before
            order()
            text = ""
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STACK_SECONDS_MAX):
                    while self._is_wanting(text):
                        await self._readable()
                        text += self._read(STACK_BYTES_MAX - len(text))
            return text

    def _is_wanting(self, text: str) -> bool:
        return self._reading_open and len(text) < STACK_BYTES_MAX and not is_whole(text)

    async def _readable(self) -> None:
        self._ready = ready = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._reading, ready.set)
        try:
            await ready.wait()
        finally:
            self._wake()

    def _wake(self) -> None:
        """End a wait, before the descriptor may become another file's."""
        if self._ready is not None:
            asyncio.get_running_loop().remove_reader(self._reading)
            self._ready.set()
            self._ready = None

    def _read(self, bytes_max: int) -> str:
        """Give what is there, a character a byte."""
        if not self._reading_open:
            return ""
        try:
            return os.read(self._reading, bytes_max).decode("ascii", "replace")
        except BlockingIOError:
            return ""
