"""Places at which the work of one trigger is done, and the line of what waits for one.

Work is begun in the order in which it came. What leaves the line, because its time is up or because
nobody wants it any more, is never begun; what has begun comes to its end, whoever waits for it.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, NoReturn, TypeVar

Work = TypeVar("Work")
Result = TypeVar("Result")
Leave = Callable[[], Coroutine[Any, Any, NoReturn]]

# Most wait for less; only from then on it is watched whether what waits is still wanted.
UNWATCHED_SECONDS = 0.02


class NoPlaceInTime(Exception):
    """The time to wait for a place is up, and the work was not begun."""


class _Entry(Generic[Work, Result]):
    """One piece of work, and the future of its result."""

    __slots__ = ("leave", "result", "seconds", "timer", "watch", "work")

    def __init__(
        self, work: Work, result: asyncio.Future[Result], seconds: float, leave: Leave | None
    ) -> None:
        self.work = work
        self.result = result
        self.seconds = seconds
        self.leave = leave
        self.timer: asyncio.TimerHandle | None = None
        self.watch: asyncio.Task[NoReturn] | None = None

    def end_wait(self) -> None:
        """Watch the time and the caller no longer."""
        if self.timer is not None:
            self.timer.cancel()
        if self.watch is not None:
            self.watch.cancel()


class Places(Generic[Work, Result]):
    """A number of places. All methods belong to one event loop."""

    def __init__(self, count: int, do: Callable[[Work], Awaitable[Result]]) -> None:
        self._free = count
        self._do = do
        self._line: deque[_Entry[Work, Result]] = deque()
        self.tasks: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """How much stands in the line."""
        return len(self._line)

    async def result(self, work: Work, seconds: float, leave: Leave | None = None) -> Result:
        """Have work done, and give or raise what comes of it.

        It waits for a place at most so many `seconds`, past them `NoPlaceInTime` is raised. While
        it waits, `leave` may end by an exception, which is raised then: nobody wants it any more.
        So is the one that `close` has for it.
        """
        loop = asyncio.get_running_loop()
        entry = _Entry[Work, Result](work, loop.create_future(), seconds, leave)
        if self._free:
            self._begin(loop, entry)
        else:
            self._line.append(entry)
            entry.timer = loop.call_later(min(seconds, UNWATCHED_SECONDS), self._watch, entry)
        try:
            return await entry.result
        finally:
            entry.end_wait()
            if entry.result.cancelled():
                self._forget(entry)

    def _begin(self, loop: asyncio.AbstractEventLoop, entry: _Entry[Work, Result]) -> None:
        self._free -= 1
        task = loop.create_task(self._serve(entry))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _watch(self, entry: _Entry[Work, Result]) -> None:
        """See from now on whether what waits is still wanted, and when its time is up."""
        loop = asyncio.get_running_loop()
        left_s = entry.seconds - UNWATCHED_SECONDS
        entry.timer = loop.call_later(max(left_s, 0), self._send_away, entry, NoPlaceInTime())
        if entry.leave is not None:
            entry.watch = loop.create_task(entry.leave())
            entry.watch.add_done_callback(lambda watch: self._left(entry, watch))

    def _left(self, entry: _Entry[Work, Result], watch: asyncio.Task[NoReturn]) -> None:
        error = None if watch.cancelled() else watch.exception()
        if isinstance(error, Exception):
            self._send_away(entry, error)

    def _send_away(self, entry: _Entry[Work, Result], error: Exception) -> None:
        if not entry.result.done():
            entry.result.set_exception(error)
            self._forget(entry)

    def _forget(self, entry: _Entry[Work, Result]) -> None:
        with contextlib.suppress(ValueError):
            self._line.remove(entry)

    def close(self, make_error: Callable[[], Exception]) -> None:
        """Send the whole line away, each with an error of its own."""
        for entry in list(self._line):
            self._send_away(entry, make_error())

    async def _serve(self, first: _Entry[Work, Result]) -> None:
        """Do one piece of work after another at one place, until none waits."""
        entry: _Entry[Work, Result] | None = first
        try:
            while entry is not None:
                await self._settle(entry)
                entry = self._next()
        finally:
            self._free += 1
            if entry is not None:
                entry.result.cancel()  # the place itself is cancelled

    async def _settle(self, entry: _Entry[Work, Result]) -> None:
        try:
            result = await self._do(entry.work)
        except Exception as error:
            if not entry.result.done():
                entry.result.set_exception(error)
        else:
            if not entry.result.done():
                entry.result.set_result(result)

    def _next(self) -> _Entry[Work, Result] | None:
        """Take the first of the line."""
        while self._line:
            entry = self._line.popleft()
            if not entry.result.done():
                entry.end_wait()
                return entry
        return None
