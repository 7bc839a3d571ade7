"""Runs a plugin for a look: its queries are real, its writes are shown and checked, not stored.

Runs with one cache name share a worker, and with it a cache, until nobody has used it for a while.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import perf_counter_ns

from influxpe._engine import LineError
from influxpe.engine_types import Scalar
from influxpe.errors import EngineError
from influxpe.plugin.engine_calls import EngineCalls, Level
from influxpe.plugin.pool import (
    Request,
    Response,
    Run,
    RunResult,
    WorkerDied,
    WorkerPool,
    WriteFailed,
)
from influxpe.plugin.secrets import Redactor, SecretMissing, Secrets, resolve
from influxpe.plugin.source import ENTRY_FILE, PluginSources

CACHE_NAME = "_shared_test"
TRIGGER_NAME = "plugin_test"
RUN_SECONDS_MAX = 60.0
# Workers with a cache of their own; the one used longest ago makes room.
WORKERS_MAX = 4
LOG_LINES_MAX = 10_000


@dataclass
class Outcome:
    """What a dry run showed; `elapsed_ns` is there where the plugin came to its end.

    `response` is what a request plugin answered.
    """

    log_lines: list[str] = field(default_factory=list)
    database_writes: dict[str, list[str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    elapsed_ns: int | None = None
    response: Response | None = None


class DryRuns:
    """Dry runs of one server."""

    def __init__(
        self, calls: EngineCalls, pool: WorkerPool, sources: PluginSources, secrets: Secrets
    ) -> None:
        self._calls = calls
        self._secrets = secrets
        self._pool = pool
        self._sources = sources
        self._used: dict[str, None] = {}

    async def wal(
        self,
        filename: str,
        database: str,
        lines: str,
        *,
        cache_name: str | None = None,
        arguments: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run a data-write plugin over lines. Raises `PluginError` where it cannot be read."""
        source = await self._sources.fetch(filename)
        try:
            tables = await self._calls.work(partial(self._parse, lines))
        except EngineError as error:
            return Outcome(errors=[str(error)])
        run = Run(
            kind="wal",
            database=database,
            trigger_name=TRIGGER_NAME,
            source=source,
            arguments=None if arguments is None else dict(arguments),
            tables=tables,
            cache_name=cache_name or CACHE_NAME,
            collect_sync_writes=True,
        )
        return await self._execute(run)

    def _parse(self, lines: str) -> tuple[tuple[str, bytes], ...]:
        now_ns = self._calls.clock.now_ns()
        found = self._calls.engine.parse_lines(lines, now_ns=now_ns)
        return tuple((table.name, table.ipc()) for table in found)

    async def schedule(
        self,
        filename: str,
        database: str,
        call_time_ns: int,
        *,
        cache_name: str | None = None,
        arguments: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run a scheduled plugin for one time. Raises `PluginError` where it cannot be read."""
        run = Run(
            kind="schedule",
            database=database,
            trigger_name=TRIGGER_NAME,
            source=await self._sources.fetch(filename),
            arguments=None if arguments is None else dict(arguments),
            call_time_ns=call_time_ns,
            cache_name=cache_name or CACHE_NAME,
            collect_sync_writes=True,
        )
        return await self._execute(run)

    async def request(
        self,
        filename: str,
        database: str,
        request: Request,
        *,
        cache_name: str | None = None,
        arguments: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run a request plugin once. Raises `PluginError` where it cannot be read."""
        run = Run(
            kind="request",
            database=database,
            trigger_name=TRIGGER_NAME,
            source=await self._sources.fetch(filename),
            arguments=None if arguments is None else dict(arguments),
            request=request,
            cache_name=cache_name or CACHE_NAME,
            collect_sync_writes=True,
        )
        return await self._execute(run)

    async def _execute(self, run: Run) -> Outcome:
        """Run with secrets in the place of their names; none of them is shown."""
        try:
            given = await asyncio.to_thread(resolve, run.arguments or {}, self._secrets)
        except SecretMissing as error:
            return Outcome(errors=[f"error executing plugin: {error}"])
        arguments = None if run.arguments is None else given.values
        outcome = await self._run(replace(run, arguments=arguments))
        redactor = Redactor(given.secrets)
        outcome.log_lines = [redactor.clean(line) for line in outcome.log_lines]
        outcome.errors = [redactor.clean(line) for line in outcome.errors]
        return outcome

    async def _run(self, run: Run) -> Outcome:
        outcome = Outcome()
        host = _Host(self._calls, outcome)
        started_ns = perf_counter_ns()
        key = await self._worker(run.cache_name or CACHE_NAME)
        if Path(run.source.path).name == ENTRY_FILE:
            await self._pool.stop(key)  # a worker imports the modules of a folder only once
        try:
            result = await self._pool.run(key, replace(run, time_limit_s=RUN_SECONDS_MAX), host)
        except WorkerDied as error:
            outcome.errors.append(f"error executing plugin: {error}")
        else:
            await self._show(result, outcome)
            outcome.elapsed_ns = None if result.error else perf_counter_ns() - started_ns
        return outcome

    async def _worker(self, cache_name: str) -> str:
        """Give the worker of a cache name, and end the one that makes room for it."""
        key = f"dry-run-{cache_name}"
        self._used.pop(key, None)
        self._used[key] = None
        if len(self._used) > WORKERS_MAX:
            oldest = next(iter(self._used))
            del self._used[oldest]
            await self._pool.stop(oldest)
        return key

    async def _show(self, result: RunResult, outcome: Outcome) -> None:
        if result.error is not None:
            outcome.errors.append(f"error executing plugin: {result.error}")
        outcome.response = result.response
        for database, texts in result.collected:
            outcome.database_writes.setdefault(database, []).extend(texts)
        for database, lines in outcome.database_writes.items():
            check = partial(self._check, database, "\n".join(lines))
            outcome.errors.extend(await self._calls.work(check))

    def _check(self, database: str, lines: str) -> list[str]:
        """Give the error that writing these lines would meet first."""
        now_ns = self._calls.clock.now_ns()
        try:
            errors = self._calls.engine.check_lines(database, lines, now_ns=now_ns)
        except EngineError as error:
            return [f"Failed to validate output lines to db {database}: {error}"]
        return [_describe(database, error) for error in errors[:1]]


class _Host:
    """What a plugin may ask for in a dry run."""

    def __init__(self, calls: EngineCalls, outcome: Outcome) -> None:
        self._calls = calls
        self._outcome = outcome

    async def query(self, database: str, sql: str, params: Mapping[str, Scalar]) -> bytes:
        """Answer a query, as in a real run. Raises `QueryFailed`."""
        return await self._calls.query(database, sql, params)

    async def write_sync(self, database: str, lines: str, *, no_sync: bool) -> None:
        """Refuse: a dry run's worker collects these writes itself."""
        raise WriteFailed(f"Cannot write to {database}: this is a dry run")

    def state(self, key: str) -> bytes | None:
        """Give nothing: the state of a dry run is empty, and what it changes is not kept."""

    def state_keys(self) -> list[str]:
        """Give no key."""
        return []

    def log(self, level: Level, text: str) -> None:
        """Keep a line to show."""
        if len(self._outcome.log_lines) < LOG_LINES_MAX:
            self._outcome.log_lines.append(f"{level}: {text}")


def _describe(database: str, error: LineError) -> str:
    where = f"line {error.line_number} `{error.original_line}`"
    return f"line protocol parse error on write to db {database}: {error.message} in {where}"
