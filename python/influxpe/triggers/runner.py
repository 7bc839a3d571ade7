"""One run of a plugin, from its source to the commit of what it wrote, and what follows a failure.

A run counts as done once its output is durable; a plugin that raises, a worker that dies and a
line that is refused are failures of the run, and the trigger's error behaviour decides. Every
attempt becomes a row of the history, and a run that is given up a dead letter.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import perf_counter_ns

from influxpe.errors import InvalidError, PluginError, TooLargeError
from influxpe.plugin.engine_calls import EngineCalls, Output, Record
from influxpe.plugin.pool import Request, Run, RunError, RunResult, Source, WorkerDied, WorkerPool
from influxpe.plugin.secrets import REFERENCE, SecretMissing, Secrets, resolve
from influxpe.plugin.source import ENTRY_FILE, PluginSources
from influxpe.triggers.dead_letters import DeadLetters, NewLetter
from influxpe.triggers.duration import format_duration
from influxpe.triggers.history import History, RunInput, RunOutcome
from influxpe.triggers.plugin_host import PluginHost
from influxpe.triggers.policy import Disable, GiveUp, GoOn, after_failure
from influxpe.triggers.registry import Trigger
from influxpe.triggers.trigger_log import TriggerLog

CALLED = "Python function call failed: "


class RunFailed(Exception):
    """A run did not get done; the text is the log line, `reason` what a client is told."""

    def __init__(self, text: str, *, reason: str = "", traceback: str = "") -> None:
        super().__init__(text)
        self.reason = reason or text
        self.traceback = traceback
        self.outcome: RunOutcome | None = None

    @property
    def error(self) -> str:
        """Why, as the history shows it."""
        return self.reason.removeprefix(CALLED)


class DisableTrigger(Exception):
    """The error behaviour asks for the trigger to be switched off."""


@dataclass(frozen=True)
class Work:
    """What is to be run, and how its output is committed.

    `commit` adds what is served with the output, such as a cursor; without one the output is
    committed as it is. It is called once for all that is left behind, in the end also of a run that
    was given up.
    """

    run: Callable[[Source], Run]
    start_text: str
    depth: int
    given: RunInput = field(default_factory=RunInput)
    commit: Callable[[Output], Awaitable[None]] | None = None


@dataclass
class Counters:
    """What has happened since the trigger was started."""

    runs: int = 0
    failures: int = 0
    rows: int = 0
    skipped: int = 0
    dead_letters: int = 0
    run_ns: int = 0


@dataclass(frozen=True)
class Tools:
    """What all triggers run with."""

    calls: EngineCalls
    sources: PluginSources
    pool: WorkerPool
    history: History
    dead_letters: DeadLetters
    secrets: Secrets


class Runner:
    """Runs the plugin of one trigger."""

    def __init__(self, trigger: Trigger, tools: Tools) -> None:
        self.trigger = trigger
        self.log = TriggerLog(trigger, tools.calls)
        self.counters = Counters()
        self._tools = tools
        self._last_source: Source | None = None
        self._executing = 0
        self._started_ns = 0

    async def source(self) -> Source | None:
        """Give the plugin's source; where there is none, log the reason once."""
        try:
            source = await self._tools.sources.read(self.trigger.plugin_filename)
        except PluginError as error:
            self.log.trouble(f"Plugin error: {error}")
            return None
        self.log.trouble(None)
        return source

    def run_of(
        self,
        source: Source,
        *,
        tables: tuple[tuple[str, bytes], ...] = (),
        call_time_ns: int = 0,
        request: Request | None = None,
        time_limit_s: float | None = None,
    ) -> Run:
        """Give a run of this trigger: what it was told, and what it is given this time.

        `time_limit_s` holds where the trigger has no limit of its own.
        """
        trigger, options = self.trigger, self.trigger.options
        return Run(
            kind=trigger.spec.kind,
            database=trigger.database,
            trigger_name=trigger.name,
            source=source,
            arguments=None if trigger.arguments is None else dict(trigger.arguments),
            tables=tables,
            call_time_ns=call_time_ns,
            request=request,
            time_limit_s=options.time_limit_s or time_limit_s,
            memory_limit_bytes=options.memory_limit_bytes,
            environment=options.environment,
            variables=dict(options.variables),
        )

    async def settle(self, work: Work, busy: Callable[[], AbstractContextManager[None]]) -> None:
        """Run until it is done or given up, which is committed too.

        `busy` is held while it runs, not between attempts. Raises `DisableTrigger` where the
        trigger is to be switched off.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                with busy():
                    await self._attempt(work, attempt)
            except RunFailed as failure:
                pause_s = await self._after(failure, work, attempt)
            else:
                return
            if pause_s is None:
                return
            await asyncio.sleep(pause_s)

    async def _after(self, failure: RunFailed, work: Work, attempt: int) -> float | None:
        """Do what the error behaviour says; gives the pause before the next attempt, if any."""
        self.log.failure(str(failure), failure.traceback)
        record = self._record_of_failure(failure, work, attempt)
        jitter = random.random()  # noqa: S311 - it spreads retries, it keeps no secret
        behavior, attempts_max = self.trigger.error_behavior, self.trigger.options.max_attempts
        decision = after_failure(behavior, attempt, jitter, attempts_max)
        if isinstance(decision, GoOn):
            await self._leave_behind(work, Output(record=record))
        elif isinstance(decision, GiveUp):
            await self._bury(failure, work, attempt, record)
        else:
            self._tools.history.add(record)
        if isinstance(decision, Disable):
            await self._tools.history.flush()
            raise DisableTrigger from failure
        return None if isinstance(decision, GoOn | GiveUp) else decision.after_s

    async def _bury(self, failure: RunFailed, work: Work, attempt: int, record: Record) -> None:
        """Make a dead letter of what was run in vain, in the frame that leaves it behind.

        Where no frame takes its rows they are lost to it, and the trigger goes on.
        """
        source = Source(self.trigger.plugin_filename, self.trigger.plugin_filename, "")
        make = partial(
            self._tools.dead_letters.make,
            self.trigger,
            work.run(source),
            work.given,
            depth=work.depth,
            attempts=attempt,
            error=self.log.clean(failure.error),
            traceback=self.log.clean(failure.traceback),
            time_ns=record.time_ns,
        )
        try:
            await self._post(make, work, record)
        except (InvalidError, TooLargeError) as error:
            await self._post_lost(partial(make, lost=str(error)), work, record)
            return
        attempts = "attempt" if attempt == 1 else "attempts"
        self.log.failure(
            f"given up after {attempt} {attempts}: it waits among the dead letters; "
            "`influxpe replay` runs it again"
        )

    async def _post(self, make: Callable[[], NewLetter], work: Work, record: Record) -> None:
        letter = await asyncio.to_thread(make)  # a second for rows of 50 MB
        for lines in letter.before:
            await self._tools.calls.commit(self.trigger.id, Output(internal="\n".join(lines)))
        await self._leave_behind(work, Output(record=record, internal=letter.lines))
        self.counters.dead_letters += 1
        await self._tools.dead_letters.keep()

    async def _post_lost(self, make: Callable[[], NewLetter], work: Work, record: Record) -> None:
        """Leave a letter without its rows, which says so, or else none."""
        try:
            await self._post(make, work, record)
        except (InvalidError, TooLargeError) as error:
            await self._leave_behind(work, Output(record=record))
            self.log.failure(f"given up, and left behind without a dead letter: {error}")
        else:
            self.log.failure("given up: the rows cannot be kept, the dead letter is `lost`")

    async def _leave_behind(self, work: Work, output: Output) -> None:
        await (work.commit or self.commit)(replace(output, depth=work.depth))

    async def _attempt(self, work: Work, attempt: int) -> RunResult:
        try:
            source = await self._tools.sources.read(self.trigger.plugin_filename)
        except PluginError as error:
            raise RunFailed(f"Plugin error: {error}") from error
        return await self._once(source, work, attempt)

    async def once(self, source: Source, work: Work) -> RunResult:
        """Run once and commit. Raises `RunFailed`, which is in the history then."""
        try:
            return await self._once(source, work, 1)
        except RunFailed as failure:
            self._tools.history.add(self._record_of_failure(failure, work, 1))
            raise

    async def _once(self, source: Source, work: Work, attempt: int) -> RunResult:
        self.log.run(work.start_text)
        self._started_ns = max(self._started_ns + 1, self._tools.calls.clock.now_ns())
        outcome = partial(
            RunOutcome, self._started_ns, attempt, code_hash=source.digest, given=work.given
        )
        peak_memory_bytes = 0
        started_ns = perf_counter_ns()
        self.counters.runs += 1
        try:
            result = await self._execute(work.run(source), work.depth)
            peak_memory_bytes, took_ns = result.peak_memory_bytes, perf_counter_ns() - started_ns
            await self._commit(result, work, outcome(took_ns, peak_memory_bytes=peak_memory_bytes))
        except RunFailed as failure:
            self.counters.failures += 1
            took_ns = perf_counter_ns() - started_ns
            failure.outcome = outcome(took_ns, peak_memory_bytes=peak_memory_bytes)
            raise
        finally:
            self.counters.run_ns += perf_counter_ns() - started_ns
        self.log.run(f"finished execution in {format_duration(perf_counter_ns() - started_ns)}")
        return result

    def _record_of_failure(self, failure: RunFailed, work: Work, attempt: int) -> Record:
        now_ns = self._tools.calls.clock.now_ns()
        outcome = failure.outcome or RunOutcome(now_ns, attempt, 0, "", work.given)
        error, traceback = self.log.clean(failure.error), self.log.clean(failure.traceback)
        return replace(outcome, error=error, traceback=traceback).record(self.trigger)

    async def _execute(self, run: Run, depth: int) -> RunResult:
        await self._refresh(run.source)
        run = await self._with_secrets(run)
        host = PluginHost(self.trigger, self._tools.calls, self.log, depth)
        self._executing += 1
        try:
            result = await self._tools.pool.run(
                self.trigger.worker_key, run, host, overlap=self.trigger.run_async
            )
        except WorkerDied as error:
            raise RunFailed(
                self._plugin_failed(str(error)), reason=str(error), traceback=error.traceback
            ) from error
        finally:
            self._executing -= 1
        if result.error is not None:
            raise self._failure(result.error)
        return result

    async def _with_secrets(self, run: Run) -> Run:
        """Put secrets in the place of their names. Raises `RunFailed` for one that is missing."""
        secrets = self._tools.secrets
        texts = (*(run.arguments or {}).values(), *run.variables.values())
        if not any(text.startswith(REFERENCE) for text in texts):
            return run
        try:
            arguments, variables = await asyncio.to_thread(
                lambda: [resolve(one, secrets) for one in (run.arguments or {}, run.variables)]
            )
        except SecretMissing as error:
            raise RunFailed(self._plugin_failed(str(error)), reason=str(error)) from error
        self.log.redact({*arguments.secrets, *variables.secrets})
        given = None if run.arguments is None else arguments.values
        return replace(run, arguments=given, variables=variables.values)

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
        called = CALLED if error.type else ""
        return RunFailed(
            self._plugin_failed(str(error)),
            reason=self.log.clean(f"{called}{error}"),
            traceback=error.traceback,
        )

    async def _commit(self, result: RunResult, work: Work, outcome: RunOutcome) -> None:
        output = Output(
            result.writes,
            state=result.state,
            tables=result.tables,
            record=outcome.record(self.trigger),
        )
        try:
            await self._leave_behind(work, output)
        except (InvalidError, TooLargeError) as error:
            reason = self.log.clean(str(error))  # it may repeat the line
            text = f"error running {self._kind} plugin: {reason}"
            raise RunFailed(text, reason=reason) from error

    def _plugin_failed(self, reason: str) -> str:
        verb = "running" if self._kind == "request" else "executing"
        return f"error {verb} {self._kind} plugin: {reason}"

    @property
    def _kind(self) -> str:
        return self.trigger.spec.kind

    async def commit(self, output: Output) -> None:
        """Commit what a run leaves behind; one that left nothing is in the history soon.

        Raises `InvalidError` for a bad line, `TooLargeError` for more than a frame holds.
        """
        if not output.is_empty:
            await self._tools.calls.commit(self.trigger.id, output)
        elif output.record is not None:
            self._tools.history.add(output.record)

    async def kill(self) -> None:
        """End the worker, whatever its plugin is doing."""
        await self._tools.pool.stop(self.trigger.worker_key)
