"""Request triggers: one HTTP request is one run, and its rows are visible before its answer is.

Without `run_async` requests are served one at a time; a bounded number waits, the rest is turned
away at once, so that a flood holds up nothing but itself.
"""

import asyncio
import json
from functools import partial

from influxpe.errors import BusyError, NoSuchPath, PluginError
from influxpe.plugin.pool import Request, Response, Run, RunResult, Source
from influxpe.plugin.source import PluginSources
from influxpe.triggers.runner import RunFailed, Runner, Work
from influxpe.triggers.task import GRACE_SECONDS_MAX, OVERLAPPING_RUNS_MAX, OnDisable, TriggerTask

WAITING_REQUESTS_MAX = 60
START_TEXT = "starting execution of request plugin."
DEPTH = 1


class RequestTask(TriggerTask):
    """Runs one request trigger."""

    def __init__(self, runner: Runner, on_disable: OnDisable, sources: PluginSources) -> None:
        super().__init__(runner, on_disable)
        self._sources = sources
        places = OVERLAPPING_RUNS_MAX if self.trigger.run_async else 1
        self._places = asyncio.Semaphore(places)
        self._waiting = 0
        self._running: set[asyncio.Task[Response]] = set()

    def start(self) -> None:
        """Begin: there is nothing to wait for but requests."""

    async def call(self, request: Request) -> Response:
        """Serve one request; a caller who goes away does not end the run.

        Raises `BusyError` where too many wait already, `NoSuchPath` where the trigger has stopped.
        """
        await self._take_place()
        task = asyncio.create_task(self._serve(request))
        self._running.add(task)
        task.add_done_callback(self._over)
        return await asyncio.shield(task)

    async def _take_place(self) -> None:
        if self._places.locked() and self._waiting >= WAITING_REQUESTS_MAX:
            name = self.trigger.name
            waiting = f"{self._waiting} requests wait for trigger '{name}' already"
            raise BusyError(f"{waiting}, its limit is {WAITING_REQUESTS_MAX}; try again later")
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1

    def _over(self, task: asyncio.Task[Response]) -> None:
        self._running.discard(task)
        self._places.release()
        if not task.cancelled():
            task.exception()  # whoever waited has got it; nobody need be left to ask

    async def _serve(self, request: Request) -> Response:
        if self.stopping:
            raise NoSuchPath(self.trigger.request_path or "", ())
        with self.busy():
            try:
                source = await self._sources.read(self.trigger.plugin_filename)
                return await self._run_once(source, request)
            except PluginError as error:
                self.log.failure(f"error running request plugin: {error}")
                return error_response(str(error))
            except RunFailed as failure:
                self.log.failure(str(failure), failure.traceback)
                return error_response(failure.reason)

    async def _run_once(self, source: Source, request: Request) -> Response:
        work = Work(
            run=partial(self._run, request),
            commit=self._commit,
            start_text=START_TEXT,
            depth=DEPTH,
        )
        result = await self.runner.once(source, work)
        if result.response is None:
            raise RunFailed("error running request plugin: it gave no response")
        return result.response

    async def _commit(self, result: RunResult) -> None:
        await self.runner.commit(result, DEPTH)

    def _run(self, request: Request, source: Source) -> Run:
        trigger = self.trigger
        return Run(
            kind="request",
            database=trigger.database,
            trigger_name=trigger.name,
            source=source,
            arguments=None if trigger.arguments is None else dict(trigger.arguments),
            request=request,
        )

    async def stop(self, grace_s: float = GRACE_SECONDS_MAX) -> None:
        """End within a second; requests that are not served by then are answered with an error."""
        await super().stop(grace_s)
        if self._running:
            await asyncio.wait(self._running, timeout=grace_s)
        for task in self._running:
            task.cancel()


def error_response(reason: str) -> Response:
    """Answer 500 with `{"error": reason}`."""
    body = json.dumps({"error": reason}, ensure_ascii=False, separators=(",", ":"))
    return Response(500, (("content-type", "application/json"),), body.encode())
