"""One run of a plugin, from its source to the commit of what it wrote, and what follows a failure.

A run counts as done once its output is durable; a plugin that raises, a worker that dies and a
line that is refused are failures of the run, and the trigger's error behaviour decides.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns

from influxpe.engine_types import Scalar
from influxpe.errors import InvalidError, PluginError
from influxpe.plugin.engine_calls import EngineCalls, Level, Output
from influxpe.plugin.pool import Run, RunError, RunResult, Source, WorkerDied, WorkerPool
from influxpe.plugin.source import ENTRY_FILE, PluginSources
from influxpe.triggers.duration import format_duration
from influxpe.triggers.policy import Disable, GoOn, after_failure
from influxpe.triggers.registry import Trigger
from influxpe.triggers.trigger_log import TriggerLog


class RunFailed(Exception):
    """A run did not get done; the text is the log line, `reason` what a client is told."""

    def __init__(self, text: str, *, reason: str = "", traceback: str = "") -> None:
        super().__init__(text)
        self.reason = reason or text
        self.traceback = traceback


class DisableTrigger(Exception):
    """The error behaviour asks for the trigger to be switched off."""


@dataclass(frozen=True)
class Work:
    """What is to be run, and how its output is committed."""

    run: Callable[[Source], Run]
    commit: Callable[[RunResult], Awaitable[None]]
    start_text: str
    depth: int


@dataclass
class Counters:
    """What has happened since the trigger was started."""

    runs: int = 0
    failures: int = 0
    rows: int = 0
    skipped: int = 0


class PluginHost:
    """What a running plugin may ask of the server."""

    def __init__(self, trigger: Trigger, calls: EngineCalls, log: TriggerLog, depth: int) -> None:
        self._trigger = trigger
        self._calls = calls
        self._log = log
        self._depth = depth

    async def query(self, database: str, sql: str, params: Mapping[str, Scalar]) -> bytes:
        """Answer a query as an Arrow IPC stream. Raises `QueryFailed`."""
        return await self._calls.query(database, sql, params)

    async def write_sync(self, database: str, lines: str, *, no_sync: bool) -> None:
        """Write at once; `no_sync` would allow to return earlier. Raises `WriteFailed`."""
        await self._calls.write_now(self._trigger.id, database, lines, self._depth)

    def log(self, level: Level, text: str) -> None:
        """Take a log line."""
        self._log.plugin(level, text)


@dataclass(frozen=True)
class Tools:
    """What all triggers run with."""

    calls: EngineCalls
    sources: PluginSources
    pool: WorkerPool


class Runner:
    """Runs the plugin of one trigger."""

    def __init__(self, trigger: Trigger, tools: Tools) -> None:
        self.trigger = trigger
        self.log = TriggerLog(trigger, tools.calls)
        self.counters = Counters()
        self._tools = tools
        self._last_source: Source | None = None
        self._executing = 0

    async def source(self) -> Source | None:
        """Give the plugin's source; where there is none, log the reason once."""
        try:
            source = await self._tools.sources.read(self.trigger.plugin_filename)
        except PluginError as error:
            self.log.trouble(f"Plugin error: {error}")
            return None
        self.log.trouble(None)
        return source

    async def settle(self, work: Work, busy: Callable[[], AbstractContextManager[None]]) -> bool:
        """Run until it is done (True) or is to be left behind (False).

        `busy` is held while it runs, not between attempts. Raises `DisableTrigger` where the
        trigger is to be switched off.
        """
        failures = 0
        while True:
            try:
                with busy():
                    await self._attempt(work)
            except RunFailed as failure:
                failures += 1
                self.log.failure(str(failure), failure.traceback)
                jitter = random.random()  # noqa: S311 - it spreads retries, it keeps no secret
                decision = after_failure(self.trigger.error_behavior, failures, jitter)
                if isinstance(decision, GoOn):
                    return False
                if isinstance(decision, Disable):
                    raise DisableTrigger from failure
                await asyncio.sleep(decision.after_s)
            else:
                return True

    async def _attempt(self, work: Work) -> None:
        try:
            source = await self._tools.sources.read(self.trigger.plugin_filename)
        except PluginError as error:
            raise RunFailed(f"Plugin error: {error}") from error
        await self.once(source, work)

    async def once(self, source: Source, work: Work) -> RunResult:
        """Run once and commit. Raises `RunFailed`."""
        self.log.run(work.start_text)
        started_ns = perf_counter_ns()
        self.counters.runs += 1
        try:
            result = await self._execute(work.run(source), work.depth)
            await self._commit(result, work)
        except RunFailed:
            self.counters.failures += 1
            raise
        self.log.run(f"finished execution in {format_duration(perf_counter_ns() - started_ns)}")
        return result

    async def _execute(self, run: Run, depth: int) -> RunResult:
        await self._refresh(run.source)
        host = PluginHost(self.trigger, self._tools.calls, self.log, depth)
        self._executing += 1
        try:
            result = await self._tools.pool.run(
                self.trigger.worker_key, run, host, overlap=self.trigger.run_async
            )
        except WorkerDied as error:
            raise RunFailed(self._plugin_failed(str(error)), reason=str(error)) from error
        finally:
            self._executing -= 1
        if result.error is not None:
            raise self._failure(result.error)
        return result

    async def _refresh(self, source: Source) -> None:
        """Start a new worker for a folder of which any file has changed.

        While runs overlap the old one goes on: it keeps the modules of both apart.
        """
        last = self._last_source
        if self._executing or (last is not None and source.digest == last.digest):
            return
        self._last_source = source
        if last is not None and Path(source.path).name == ENTRY_FILE:
            await self.kill()

    def _failure(self, error: RunError) -> RunFailed:
        # An error without a type is not the plugin's exception: it could not be called at all.
        called = "Python function call failed: " if error.type else ""
        return RunFailed(
            self._plugin_failed(str(error)),
            reason=f"{called}{error}",
            traceback=error.traceback,
        )

    async def _commit(self, result: RunResult, work: Work) -> None:
        try:
            await work.commit(result)
        except InvalidError as error:
            text = f"error running {self._kind} plugin: {error}"
            raise RunFailed(text, reason=str(error)) from error

    def _plugin_failed(self, reason: str) -> str:
        verb = "running" if self._kind == "request" else "executing"
        return f"error {verb} {self._kind} plugin: {reason}"

    @property
    def _kind(self) -> str:
        return self.trigger.spec.kind

    async def commit(self, result: RunResult, depth: int) -> None:
        """Commit what a run wrote, without a cursor. Raises `InvalidError` for a bad line."""
        if result.writes:
            await self._tools.calls.commit(self.trigger.id, Output(result.writes, depth))

    async def kill(self) -> None:
        """End the worker, whatever its plugin is doing."""
        await self._tools.pool.stop(self.trigger.worker_key)
