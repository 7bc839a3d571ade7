"""The processing engine as the HTTP interface sees it: triggers, calls, dry runs, packages."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import astuple, replace
from pathlib import Path

from influxpe._engine import Engine
from influxpe.clock import Clock
from influxpe.commits import Commits
from influxpe.errors import (
    EngineError,
    InstallFailed,
    InvalidError,
    NoSuchPath,
    NotFoundError,
    PluginError,
)
from influxpe.plugin.dry_run import DryRuns, Outcome
from influxpe.plugin.engine_calls import EngineCalls
from influxpe.plugin.environments import environment_python
from influxpe.plugin.installer import OnLine
from influxpe.plugin.listing import plugin_files
from influxpe.plugin.packages import Packages
from influxpe.plugin.pool import Request, Response, WorkerPool
from influxpe.plugin.secrets import Secrets
from influxpe.plugin.source import PluginSources
from influxpe.triggers.cron import CronError, parse_cron
from influxpe.triggers.dispatcher import WalTask
from influxpe.triggers.duration import NS_PER_SECOND, format_duration
from influxpe.triggers.manager import (
    NO_PLUGINS,
    CreatedTrigger,
    CreateTrigger,
    TriggerManager,
)
from influxpe.triggers.places import Leave
from influxpe.triggers.replay import Replayed
from influxpe.triggers.request_task import START_TEXT as REQUEST_START_TEXT
from influxpe.triggers.request_task import SUBPATH_HEADER, RequestTask, error_response
from influxpe.triggers.schedule import rfc3339, spoken
from influxpe.triggers.spec import normalise_path
from influxpe.triggers.task import TriggerTask

__all__ = ["CreateTrigger", "CreatedTrigger", "ProcessingEngine"]

logger = logging.getLogger(__name__)

POOL_CLOSE_SECONDS_MAX = 1.0
DRY_RUN_SCHEDULE = "* * * * * *"
WAL_START_TEXT = "starting execution of wal plugin."

Metric = tuple[str, Mapping[str, str], float]


class ProcessingEngine:
    """All triggers of one server, and what else can be done with plugins.

    Without a pool plugins cannot run: creating a trigger and dry runs raise `PluginError`.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        clock: Clock,
        pool: WorkerPool | None,
        plugin_dir: Path | None,
        plugin_repo: str,
        flush_interval_s: float,
        restrict_to: frozenset[str],
        package_manager: str,
        commits: Commits,
        virtual_env: Path | None = None,
        wheels_dir: Path | None = None,
        calls: EngineCalls | None = None,
        secrets: Secrets | None = None,
    ) -> None:
        self._engine = engine
        self._plugin_dir = plugin_dir
        self._clock = clock
        self._pool = pool
        self._calls = calls or EngineCalls(engine, clock, commits)
        sources = PluginSources(plugin_dir, plugin_repo)
        secrets = secrets or Secrets(None)
        self._packages = Packages(
            plugin_dir, virtual_env, package_manager, wheels_dir, self._use_new_packages
        )
        self._triggers = TriggerManager(
            self._calls,
            sources,
            pool,
            flush_interval_s=flush_interval_s,
            restrict_to=restrict_to,
            secrets=secrets,
        )
        self._dry_runs = None if pool is None else DryRuns(self._calls, pool, sources, secrets)
        self._ensuring_pip: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Run every enabled trigger from its cursor. One that cannot run is logged."""
        if self._pool is not None:
            await self._pool.start()
        await self._triggers.start()
        self._ensuring_pip = asyncio.create_task(self._ensure_pip())

    async def close(self) -> None:
        """Stop everything within two seconds; what is acknowledged stays, the rest runs again."""
        if self._ensuring_pip is not None:
            self._ensuring_pip.cancel()
            await asyncio.wait([self._ensuring_pip], timeout=POOL_CLOSE_SECONDS_MAX)
        await self._triggers.close()
        if self._pool is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POOL_CLOSE_SECONDS_MAX):
                    await self._pool.close()
        self._calls.close()

    async def _ensure_pip(self) -> None:
        try:
            await self._packages.ensure_pip()
        except InstallFailed as error:
            logger.warning("%s", error)

    @property
    def tasks(self) -> Sequence[TriggerTask]:
        """What runs the triggers that are enabled."""
        return self._triggers.registry.all()

    async def create_trigger(self, request: CreateTrigger) -> CreatedTrigger:
        """Create a trigger, which runs on return unless it was asked for disabled.

        Raises `InvalidError` where its environment is not there, else as the manager of triggers.
        """
        if (environment := request.options.environment) is not None:
            try:
                environment_python(self._plugin_dir, None, environment)
            except NotFoundError as error:
                raise InvalidError(str(error)) from None
        return await self._triggers.create(request)

    async def delete_trigger(self, database: str, name: str, *, force: bool) -> None:
        """Delete a trigger; one that is enabled only with `force`. Raises `RunningTrigger`."""
        await self._triggers.delete(database, name, force=force)

    async def enable_trigger(self, database: str, name: str) -> None:
        """Let a trigger run, from what is written from now on; nothing changes where it does."""
        await self._triggers.enable(database, name)

    async def disable_trigger(self, database: str, name: str) -> None:
        """Let a trigger rest; a run that hangs is ended within a second."""
        await self._triggers.disable(database, name)

    async def replay(self, database: str, name: str, letter_id: str | None = None) -> Replayed:
        """Run what a trigger was given and gave up again. Raises `NotFoundError`."""
        return await self._triggers.replay(database, name, letter_id)

    async def list_files(self) -> None:
        """Let `system.plugin_files` show the files of all triggers as they are now."""
        await self._calls.work(self._list_files)

    def _list_files(self) -> None:
        triggers = [(one.name, one.plugin_filename) for one in self._engine.triggers()]
        found = plugin_files(self._plugin_dir, triggers)
        self._engine.set_plugin_files([astuple(file) for file in found])

    async def call(self, path: str, request: Request, leave: Leave | None = None) -> Response:
        """Run the request trigger of a path, which learns what follows its own path.

        Raises `NoSuchPath` with the paths that exist, `BusyError`, and what `leave` ends with: it
        does when the caller goes.
        """
        path = normalise_path(path)
        registry = self._triggers.registry
        task, subpath = registry.serving(path) or (None, "")
        if not isinstance(task, RequestTask):
            raise NoSuchPath(path, registry.paths())
        headers = request.headers | {SUBPATH_HEADER: subpath}
        try:
            return await task.call(replace(request, headers=headers), leave)
        except NoSuchPath:
            raise NoSuchPath(path, registry.paths()) from None

    async def test_wal(
        self,
        *,
        filename: str,
        database: str,
        input_lp: str,
        cache_name: str | None = None,
        input_arguments: Mapping[str, str] | None = None,
    ) -> dict[str, object]:
        """Run a data-write plugin over given lines; shows its log, writes and errors."""
        outcome = await self._dry().wal(
            filename, database, input_lp, cache_name=cache_name, arguments=input_arguments
        )
        return _shown(outcome, WAL_START_TEXT)

    async def test_schedule(
        self,
        *,
        filename: str,
        database: str,
        schedule: str | None = None,
        cache_name: str | None = None,
        input_arguments: Mapping[str, str] | None = None,
    ) -> dict[str, object]:
        """Run a scheduled plugin for its next time; shows that, its log, writes and errors."""
        dry_runs = self._dry()
        if not await self._has_database(database):
            return _no_time("couldn't find db")
        expression = (schedule or DRY_RUN_SCHEDULE).removeprefix("cron:")
        try:
            time_ns = parse_cron(expression).next_after(self._clock.now_ns())
        except CronError as error:
            return _no_time(f"invalid cron syntax: {error}")
        if time_ns is None:
            return _no_time(f"cron schedule never triggers: {expression}")
        outcome = await dry_runs.schedule(
            filename, database, time_ns, cache_name=cache_name, arguments=input_arguments
        )
        start_text = f"starting execution with scheduled time {spoken(time_ns)}"
        failed = outcome.elapsed_ns is None
        shown_time = None if failed else rfc3339(time_ns)
        return {"trigger_time": shown_time} | _shown(outcome, start_text)

    async def test_request(
        self,
        *,
        filename: str,
        database: str,
        request: Request,
        cache_name: str | None = None,
        input_arguments: Mapping[str, str] | None = None,
    ) -> dict[str, object]:
        """Run a request plugin; shows its answer, 500 where it fails, log, writes and errors."""
        whole = replace(request, headers=request.headers | {SUBPATH_HEADER: ""})
        outcome = await self._dry().request(
            filename, database, whole, cache_name=cache_name, arguments=input_arguments
        )
        failed = "; ".join(outcome.errors) or "it gave no response"
        return _answered(outcome.response or error_response(failed)) | _shown(
            outcome, REQUEST_START_TEXT
        )

    def _dry(self) -> DryRuns:
        if self._dry_runs is None:
            raise PluginError(NO_PLUGINS)
        return self._dry_runs

    async def _has_database(self, name: str) -> bool:
        found = await self._calls.work(self._engine.databases)
        return any(one.name == name and not one.deleted for one in found)

    async def install_packages(
        self,
        packages: Sequence[str],
        *,
        environment: str | None = None,
        on_line: OnLine | None = None,
    ) -> None:
        """Install packages for plugins, or for those of a named environment.

        `on_line` gets what pip says. Raises `InstallFailed` with its last lines.
        """
        await self._packages.install(packages, environment=environment, on_line=on_line)

    async def install_requirements(
        self,
        location: str,
        *,
        environment: str | None = None,
        on_line: OnLine | None = None,
    ) -> None:
        """Install what a file on the server lists. Raises `InstallFailed`."""
        await self._packages.install_requirements(
            location, environment=environment, on_line=on_line
        )

    async def _use_new_packages(self, environment: str | None) -> None:
        if self._pool is not None:
            await self._pool.restart_template(environment)

    def metrics(self) -> list[Metric]:
        """Give counters since the start, and the lag of data-write triggers in log frames."""
        try:
            newest = self._engine.stats().position
        except EngineError:
            newest = 0
        found: list[Metric] = []
        for task in self._triggers.registry.all():
            labels = {"db": task.trigger.database, "trigger": task.trigger.name}
            counted = task.runner.counters
            found += [
                ("influxpe_trigger_runs_total", labels, counted.runs),
                ("influxpe_trigger_failures_total", labels, counted.failures),
                ("influxpe_trigger_rows_total", labels, counted.rows),
                ("influxpe_trigger_skipped_runs_total", labels, counted.skipped),
                ("influxpe_trigger_dead_letters_total", labels, counted.dead_letters),
                ("influxpe_trigger_run_seconds_total", labels, counted.run_ns / NS_PER_SECOND),
            ]
            if isinstance(task, WalTask):
                found.append(("influxpe_trigger_lag_frames", labels, task.lag(newest)))
        return found


def _shown(outcome: Outcome, start_text: str) -> dict[str, object]:
    """Give the answer of a dry run, its lines framed by those of the engine."""
    lines = [f"INFO: {start_text}", *outcome.log_lines]
    if outcome.elapsed_ns is not None:
        lines.append(f"INFO: finished execution in {format_duration(outcome.elapsed_ns)}")
    return {
        "log_lines": lines,
        "database_writes": outcome.database_writes,
        "errors": outcome.errors,
    }


def _answered(response: Response) -> dict[str, object]:
    """Give an answer to show; of equal headers the last, and what is no UTF-8 replaced."""
    headers = {name.lower(): value for name, value in response.headers}
    body = response.body.decode("utf-8", "replace")
    return {"status": response.status, "headers": headers, "body": body}


def _no_time(error: str) -> dict[str, object]:
    return {"trigger_time": None, "log_lines": [], "database_writes": {}, "errors": [error]}
