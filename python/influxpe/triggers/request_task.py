"""Request triggers: one HTTP request is one run, and its rows are visible before its answer is.

Without `run_async` requests are served one at a time; a bounded number waits, the rest is turned
away at once, so that a flood holds up nothing but itself. Waiting has a limit of time, and so has
the run then: whoever asks is answered, also where plugins ask each other in a circle.
"""

import asyncio
import json
from functools import partial

from influxpe.errors import BusyError, NoSuchPath, PluginError
from influxpe.plugin.pool import Request, Response, RunTooLong, Source
from influxpe.plugin.source import PluginSources
from influxpe.triggers.places import Leave, NoPlaceInTime, Places
from influxpe.triggers.registry import Trigger
from influxpe.triggers.runner import RunFailed, Runner, Work
from influxpe.triggers.task import GRACE_SECONDS_MAX, OVERLAPPING_RUNS_MAX, OnDisable, TriggerTask

WAITING_REQUESTS_MAX = 60
# Seconds of running for triggers without a limit of their own: more than proxies and clients wait,
# and an end to a circle of plugins that wait for each other.
REQUEST_SECONDS_MAX = 300.0
# Of its limit a request waits less than all for its turn: a plugin that asks its own trigger is
# answered before its run is ended for waiting.
WAITING_SHARE = 0.9
# What follows the path of the trigger in that of the request, percent-encoded as it was sent.
SUBPATH_HEADER = "x-influxpe-subpath"
START_TEXT = "starting execution of request plugin."
DEPTH = 1
INTERNAL_SERVER_ERROR, GATEWAY_TIMEOUT = 500, 504


class RequestTask(TriggerTask):
    """Runs one request trigger."""

    def __init__(self, runner: Runner, on_disable: OnDisable, sources: PluginSources) -> None:
        super().__init__(runner, on_disable)
        self._sources = sources
        places = OVERLAPPING_RUNS_MAX if self.trigger.run_async else 1
        self._places = Places[Request, Response](places, self._serve)
        self._limit_s = time_limit_s(self.trigger)
        self._wait_s = self._limit_s * WAITING_SHARE

    def start(self) -> None:
        """Begin: there is nothing to wait for but requests."""

    async def call(self, request: Request, leave: Leave | None = None) -> Response:
        """Serve one request; a caller who goes away does not end a run that has begun.

        `leave` ends by an exception when the caller goes: who still waits for a place then loses
        it, and the exception is raised. Raises `BusyError` where too many wait already, and
        `NoSuchPath` where the trigger has stopped.
        """
        waiting = self._places.waiting
        if waiting >= WAITING_REQUESTS_MAX:
            told = f"{waiting} requests wait for trigger '{self.trigger.name}' already"
            raise BusyError(f"{told}, its limit is {WAITING_REQUESTS_MAX}; try again later")
        try:
            return await self._places.result(request, self._wait_s, leave)
        except NoPlaceInTime:
            waited = f"waited {self._wait_s:g} s for an earlier run of it to end"
            return error_response(f"{self._late()}: the request {waited}", GATEWAY_TIMEOUT)

    def _late(self) -> str:
        name, limit_s = self.trigger.name, self._limit_s
        return f"trigger '{name}' did not answer within its limit of {limit_s:g} s"

    async def _serve(self, request: Request) -> Response:
        if self.stopping:
            raise self._no_path()
        with self.busy():
            try:
                source = await self._sources.read(self.trigger.plugin_filename)
                return await self._run_once(source, request)
            except PluginError as error:
                failure = RunFailed(f"error running request plugin: {error}", reason=str(error))
            except RunFailed as error:
                failure = error
            self.log.failure(str(failure), failure.traceback)
            await self._after_failure()
            if isinstance(failure.__cause__, RunTooLong):
                return error_response(f"{self._late()}: its run was ended", GATEWAY_TIMEOUT)
            return error_response(failure.reason)

    async def _after_failure(self) -> None:
        """Rest where that is asked for; a request is never tried again: its client decides."""
        if self.trigger.error_behavior == "disable" and not self.stopping:
            self.stopping = True
            self._places.close(self._no_path)
            await self._on_disable(self)

    def _no_path(self) -> NoSuchPath:
        return NoSuchPath(self.trigger.request_path or "", ())

    async def _run_once(self, source: Source, request: Request) -> Response:
        work = Work(
            run=partial(self.runner.run_of, request=request, time_limit_s=self._limit_s),
            start_text=START_TEXT,
            depth=DEPTH,
        )
        result = await self.runner.once(source, work)
        if result.response is None:
            raise RunFailed("error running request plugin: it gave no response")
        return result.response

    async def stop(self, grace_s: float = GRACE_SECONDS_MAX) -> None:
        """End within a second; requests that are not served by then are answered with an error."""
        self.stopping = True
        self._places.close(self._no_path)
        await super().stop(grace_s)
        if self._places.tasks:
            await asyncio.wait(self._places.tasks, timeout=grace_s)
        for task in self._places.tasks:
            task.cancel()


def time_limit_s(trigger: Trigger) -> float:
    """Give the seconds that a request waits at most, and that its run may take then."""
    limit_s = trigger.options.time_limit_s
    return REQUEST_SECONDS_MAX if limit_s is None else limit_s


def error_response(reason: str, status: int = INTERNAL_SERVER_ERROR) -> Response:
    """Answer with `{"error": reason}`."""
    body = json.dumps({"error": reason}, ensure_ascii=False, separators=(",", ":"))
    return Response(status, (("content-type", "application/json"),), body.encode())
