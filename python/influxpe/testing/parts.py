"""What a `PluginEngine` consists of: the parts of a server, without HTTP, on one event loop."""

import asyncio
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from influxpe._engine import Engine
from influxpe.commits import Commits
from influxpe.engine_types import Precision
from influxpe.plugin.pool import WorkerPool
from influxpe.testing.capture import CapturingCalls
from influxpe.testing.clock import FollowingClock, ManualClock
from influxpe.testing.report import RunReport
from influxpe.testing.runs import Call, Runs
from influxpe.testing.settling import Settling
from influxpe.triggers.processing_engine import CreateTrigger, ProcessingEngine

MEBIBYTE = 1024 * 1024
BUFFER_BYTES_MAX = 256 * MEBIBYTE
QUERY_BYTES_MAX = 256 * MEBIBYTE
QUERY_THREADS = 2
# How long a trigger may wait for rows: a test should not notice.
FLUSH_INTERVAL_S = 0.005
SETTLE_SECONDS_MAX = 60.0


@dataclass
class Parts:
    """A running engine; all its coroutines belong to the loop that opened it."""

    engine: Engine
    calls: CapturingCalls
    processing: ProcessingEngine
    clock: ManualClock
    plugins: Path
    _commits: Commits
    _runs: Runs
    _settling: Settling

    @staticmethod
    async def open(
        folder: Path,
        clock: ManualClock,
        python: Path,
        run_seconds_max: float,
        variables: Mapping[str, str],
    ) -> "Parts":
        """Open everything below a folder."""
        plugins = folder / "plugins"
        plugins.mkdir()
        engine = Engine.open(
            str(folder / "data"),
            buffer_bytes_max=BUFFER_BYTES_MAX,
            query_bytes_max=QUERY_BYTES_MAX,
            query_threads=QUERY_THREADS,
        )
        try:
            pool = WorkerPool(python=python, plugin_dir=plugins, run_seconds_max=run_seconds_max)
            return await _compose(engine, plugins, clock, pool, variables)
        except BaseException:
            engine.close()
            raise

    async def close(self) -> None:
        """End all processes, then the engine."""
        await self.processing.close()
        self._commits.close()
        self.engine.close()

    async def write(self, database: str, lines: str, precision: Precision = "nanosecond") -> None:
        """Write lines: durable and visible on return. Raises `ValueError` for a bad line."""
        ticket = self.engine.write(
            database,
            lines.encode(),
            precision=precision,
            accept_partial=False,
            no_sync=False,
            now_ns=self.clock.now_ns(),
        )
        for error in ticket.errors:
            raise ValueError(f"line {error.line_number}: {error.message}")
        await self._commits.wait(ticket)

    async def run_writes(self, call: Call, lines: str, table: str | None) -> RunReport:
        """Write lines and run a plugin over them."""
        await self.settle()
        await self._runs.open(call, table)
        if lines.strip():
            await self.write(call.database, lines)
        return await self._runs.once(call, await self._runs.new_rows(call, table))

    async def run(self, call: Call) -> RunReport:
        """Run a plugin on a schedule or a request."""
        await self.settle()
        return await self._runs.once(call)

    async def settle(self, seconds_max: float = SETTLE_SECONDS_MAX) -> None:
        """Let triggers serve all rows, and all ticks up to the clock's time."""
        await self._settling.until(self.clock.now_ns(), seconds_max)

    async def create_trigger(self, wanted: CreateTrigger) -> None:
        """Make a trigger, whose first tick is the next one after the clock's time."""
        await self.settle()
        await self.processing.create_trigger(wanted)

    def adopt(self, plugin: Path) -> str:
        """Copy a plugin into the folder that triggers take theirs from, and give its name."""
        target = self.plugins / plugin.name
        if plugin.is_dir():
            shutil.copytree(plugin, target, dirs_exist_ok=True)
        elif plugin.exists():
            shutil.copyfile(plugin, target)
        else:
            raise FileNotFoundError(f"there is no plugin {plugin}")
        return plugin.name


async def _compose(
    engine: Engine,
    plugins: Path,
    clock: ManualClock,
    pool: WorkerPool,
    variables: Mapping[str, str],
) -> Parts:
    following = FollowingClock(clock.now_ns())
    commits = Commits(engine, asyncio.get_running_loop())
    calls = CapturingCalls(engine, following, commits)
    processing = ProcessingEngine(
        engine=engine,
        clock=following,
        pool=pool,
        plugin_dir=plugins,
        plugin_repo=os.devnull,
        flush_interval_s=FLUSH_INTERVAL_S,
        restrict_to=frozenset(),
        package_manager="disabled",
        commits=commits,
        calls=calls,
    )
    try:
        await processing.start()
    except BaseException:
        commits.close()
        raise
    settling = Settling(engine, processing, following)
    runs = Runs(engine, calls, pool, variables)
    return Parts(engine, calls, processing, clock, plugins, commits, runs, settling)
