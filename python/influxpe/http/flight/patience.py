"""How long a call goes on: until its client goes away, or the time that it has set is over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from influxpe.http.flight.status import CallFailed, Code
from influxpe.http.messages import Disconnected

if TYPE_CHECKING:
    from starlette.types import Receive


class Patience:
    """Watches a client whose whole request has been read."""

    def __init__(self, receive: Receive, timeout_s: float | None = None) -> None:
        self._gone = asyncio.ensure_future(_disconnect(receive))
        loop = asyncio.get_running_loop()
        self._clock = loop.time
        self._deadline_s = None if timeout_s is None else loop.time() + timeout_s

    def check(self) -> None:
        """Raise `Disconnected`, or `CallFailed` where the time is over."""
        if self._gone.done():
            raise Disconnected
        if self._deadline_s is not None and self._clock() >= self._deadline_s:
            # InfluxDB 3's code and text, with gRPC's own: a client whose clock is slower than ours
            # gets this answer where it else says the same by itself.
            raise CallFailed(Code.RESOURCE_EXHAUSTED, "grpc-timeout elapsed: Deadline Exceeded")

    async def wait(self, work: asyncio.Future[Any], seconds_max: float) -> bool:
        """Wait for work, so long at most; tells whether it is done. Raises as `check` does."""
        if self._deadline_s is not None:
            seconds_max = min(seconds_max, max(0.0, self._deadline_s - self._clock()))
        either: set[asyncio.Future[Any]] = {work, self._gone}
        await asyncio.wait(either, timeout=seconds_max, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return True
        self.check()
        return False

    def end(self) -> None:
        """Stop watching."""
        self._gone.cancel()


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
