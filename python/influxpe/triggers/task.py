"""The life of one running trigger: started, guarded against its own faults, stopped within a bound.

A stop lets a run finish for a moment, then ends the worker. Whatever a trigger had not committed by
then is not half done: its rows are served again from its cursor. A commit that has begun comes to
its end, also where its run is cancelled: the engine has it, and what it served counts as served.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator

from influxpe.errors import ClosedError, NotFoundError
from influxpe.triggers.policy import retry_after_s
from influxpe.triggers.registry import Trigger
from influxpe.triggers.runner import DisableTrigger, Runner

logger = logging.getLogger(__name__)

# Together less than a second: a plugin that hangs must not hold up who stops it.
GRACE_SECONDS_MAX = 0.4
KILL_SECONDS_MAX = 0.4
# Runs of one trigger that may overlap; what comes then waits where it is.
OVERLAPPING_RUNS_MAX = 64
# Runs of one trigger from the first that goes on, those that are over included: what is noted of
# them must not fill the memory while one hangs, and a crash runs so many again at most.
UNSETTLED_RUNS_MAX = 1000

WAITS = "waits for a run that goes on: {} runs that began after it are over"

OnDisable = Callable[["TriggerTask"], Awaitable[None]]


class TriggerTask:
    """Base of what runs one trigger; subclasses say what it waits for in `serve`."""

    def __init__(self, runner: Runner, on_disable: OnDisable) -> None:
        self.runner = runner
        self.log = runner.log
        self.stopping = False
        self._on_disable = on_disable
        self._task: asyncio.Task[None] | None = None
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def trigger(self) -> Trigger:
        """The trigger that it runs."""
        return self.runner.trigger

    async def serve(self) -> None:
        """Run the trigger until cancelled; returning early means that nothing is left to do."""
        raise NotImplementedError

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._guard(), name=self.trigger.worker_key)

    async def stop(self, grace_s: float = GRACE_SECONDS_MAX) -> None:
        """End within a second, with what is running if it does not finish in time."""
        self.stopping = True
        if self._busy:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(grace_s):
                    await self._idle.wait()
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
        await self.kill()
        if self._task is not None and self._task is not asyncio.current_task():
            await asyncio.wait([self._task], timeout=KILL_SECONDS_MAX)

    async def kill(self) -> None:
        """End the worker."""
        try:
            async with asyncio.timeout(KILL_SECONDS_MAX):
                await self.runner.kill()
        except TimeoutError:
            logger.error("the worker of trigger %s is slow to end", self.trigger.name)  # noqa: TRY400 - the trace of a timeout says nothing

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        """Mark the time in which a stop should wait for a moment."""
        self._busy += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._busy -= 1
            if self._busy == 0:
                self._idle.set()

    async def _guard(self) -> None:
        """Serve again after a fault of our own: a trigger must not end without a word."""
        faults = 0
        while True:
            try:
                await self.serve()
            except DisableTrigger:
                await self._on_disable(self)
            except (ClosedError, NotFoundError) as error:
                self.log.failure(f"the trigger stops: {error}")
            except Exception as error:
                faults += 1
                logger.exception("trigger %s met a fault of the server", self.trigger.name)
                self.log.failure(f"internal error: {type(error).__name__}: {error}")
                await asyncio.sleep(retry_after_s(faults, 0))
                continue
            return
