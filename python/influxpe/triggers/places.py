"""Places for the runs of one trigger, and the line of those who wait for one.

Places are given in the order in which they were asked for. Who leaves the line, because its time is
up or because it is not wanted any more, gets no place and takes nobody's.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

Leave = Callable[[], Awaitable[None]]


class Places:
    """A number of places. All methods belong to one event loop."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._line: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """How many stand in the line."""
        return len(self._line)

    def take(self) -> bool:
        """Take a place that is free; nobody waits while one is."""
        if self._free == 0:
            return False
        self._free -= 1
        return True

    async def wait(self, seconds: float, leave: Leave | None) -> bool:
        """Stand in the line: true with a place, false when the time is up.

        `leave` ends by an exception when the place is not wanted any more; that is raised here.
        Raises what `close` was given, too.
        """
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        watch = None if leave is None else asyncio.ensure_future(leave())
        has_place = False
        try:
            awaited = {turn} if watch is None else {turn, watch}
            await asyncio.wait(awaited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if watch is not None and watch.done():
                watch.result()
            if turn.done():
                turn.result()
                has_place = True
            return has_place
        finally:
            if watch is not None:
                watch.cancel()
            if not has_place:
                self._step_out(turn)

    def _step_out(self, turn: asyncio.Future[None]) -> None:
        if not turn.done():
            self._line.remove(turn)
        elif turn.exception() is None:
            self.give_back()  # its turn came in the moment in which it left

    def give_back(self) -> None:
        """Give a place to the first in the line, or let it be free."""
        if self._line:
            self._line.popleft().set_result(None)
        else:
            self._free += 1

    def close(self, make_error: Callable[[], Exception]) -> None:
        """Send the whole line away, each with an error of its own."""
        while self._line:
            self._line.popleft().set_exception(make_error())
