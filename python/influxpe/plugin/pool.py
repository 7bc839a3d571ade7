"""The pool of plugin processes: one worker per key, made on demand, replaced when it has died.

A run that asks for other limits, variables or packages than its key's worker has gets another one.

Nothing that a plugin does reaches the server: it has messages, each of bounded size, or it dies,
which is a `WorkerDied` for the runs that it had, and a fresh worker for the next one.
"""

import asyncio
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from influxpe.plugin.global_cache import GlobalCache
from influxpe.plugin.protocol import (
    ArrowWrite,
    QueryFailed,
    Request,
    Response,
    Run,
    RunError,
    RunHost,
    RunResult,
    RunTooLong,
    Source,
    WorkerDied,
    WriteFailed,
)
from influxpe.plugin.templates import PythonOf, Templates
from influxpe.plugin.worker_process import Surroundings, Times, WorkerProcess

__all__ = [
    "ArrowWrite",
    "QueryFailed",
    "Request",
    "Response",
    "Run",
    "RunError",
    "RunHost",
    "RunResult",
    "RunTooLong",
    "Source",
    "WorkerDied",
    "WorkerPool",
    "WriteFailed",
]

# Runs of one trigger at once with `overlap`, each a thread of its worker; more of them wait.
OVERLAPPING_RUNS_MAX: Final = 128
# A run that takes longer says once where it is: longer than queries and requests to others take.
STUCK_AFTER_S: Final = 10.0
# A worker's own memory by default: this, or half of the machine's if that is less.
WORKER_MEMORY_BYTES_MAX: Final = 4 * 1024 * 1024 * 1024


@dataclass
class _Slot:
    """The place of one key's worker, and workers that only end what they have begun."""

    worker: WorkerProcess | None = None
    leaving: set[WorkerProcess] = field(default_factory=set)
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    serial: asyncio.Lock = field(default_factory=asyncio.Lock)
    overlapping: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(OVERLAPPING_RUNS_MAX)
    )
    stopped: bool = False


class WorkerPool:
    """Runs plugins. All methods belong to one event loop."""

    def __init__(
        self,
        *,
        python: Path,
        plugin_dir: Path | None,
        run_seconds_max: float | None = None,
        memory_bytes_max: int | None = None,
        python_of: PythonOf | None = None,
        stuck_after_s: float = STUCK_AFTER_S,
    ) -> None:
        """`python` is the interpreter of the plugins' environment; limits are per run and worker.

        Without `run_seconds_max` runs may last; `memory_bytes_max` is `WORKER_MEMORY_BYTES_MAX` for
        runs that name no limit. `python_of` gives the interpreter for a run's `environment`, which
        is `None` for most; it raises an `EngineError` where there is none. By default it is
        `python` for all. A run that takes more than `stuck_after_s` logs once where it is.
        """
        self._run_seconds_max = run_seconds_max
        self._stuck_after_s = stuck_after_s
        memory_bytes_max = memory_bytes_max or default_memory_bytes_max()
        self._templates = Templates(python_of or (lambda _: python), plugin_dir, memory_bytes_max)
        self._cache = GlobalCache()
        self._slots: dict[str, _Slot] = {}

    async def start(self) -> None:
        """Start the template; it warms up while the server goes on. Raises `WorkerDied`."""
        await self._templates.running(None)

    async def run(
        self, worker_key: str, run: Run, host: RunHost, *, overlap: bool = False
    ) -> RunResult:
        """Run a plugin in the worker of a key; a plugin's own error is in the result.

        Runs of a key follow one another in the order of the calls, or with `overlap` go beside each
        other. Raises `WorkerDied` when the process ends or is stopped, `RunTooLong` when the run
        passes its limit of time. Cancelling a run that does not overlap ends its worker.
        """
        slot = self._slots.setdefault(worker_key, _Slot())
        limits_s = [s for s in (self._run_seconds_max, run.time_limit_s) if s is not None]
        times = Times(self._stuck_after_s, min(limits_s, default=None))
        async with slot.overlapping if overlap else slot.serial:
            worker = await self._worker(slot, run)
            try:
                return await worker.run(run, host, overlap=overlap, times=times)
            except RunTooLong as error:
                _end_late(slot, worker, str(error))
                raise
            except asyncio.CancelledError:
                if not overlap:
                    worker.kill("its run was cancelled")
                raise
            finally:
                self._end_if_retired(slot, worker)

    async def stop(self, worker_key: str) -> None:
        """End the worker of a key; its runs, and those that wait for it, fail with `WorkerDied`."""
        slot = self._slots.pop(worker_key, None)
        if slot is None:
            return
        slot.stopped = True
        for worker in _all(slot):
            worker.kill("it was stopped")
        for worker in _all(slot):
            await worker.wait_ended()
        await self._templates.tidy()

    async def restart_template(self, environment: str | None = None) -> None:
        """Start over with what is installed now: runs that begin later import that.

        Workers that are idle end, and with them the values in their caches; the others finish
        their runs first. Raises `WorkerDied` if the new template cannot be started.
        """
        await self._templates.retire(environment)
        for slot in self._slots.values():
            if slot.worker is not None:
                self._end_if_retired(slot, slot.worker)
        if environment is None:  # others start when they are needed
            await self._templates.running(None)

    async def close(self) -> None:
        """End all processes within 2 s, whatever plugins do; their runs fail with `WorkerDied`."""
        for slot in self._slots.values():
            slot.stopped = True
            for worker in _all(slot):
                worker.kill("the server stops")
        self._slots.clear()
        await self._templates.close()

    async def _worker(self, slot: _Slot, run: Run) -> WorkerProcess:
        """The worker of a slot, another one if it does not suit the run. Raises `WorkerDied`."""
        async with slot.starting:
            template = await self._templates.running(run.environment)
            surroundings = Surroundings.of(run)
            worker = slot.worker
            if worker is None or worker.has_ended or not worker.suits(template, surroundings):
                _let_go(slot, "another worker takes its place")
                worker = WorkerProcess(template, self._cache, surroundings)
                await worker.start()
                slot.worker = worker
            if slot.stopped:
                worker.kill("it was stopped")
                raise WorkerDied(f"trigger {run.trigger_name}: it was stopped before the run began")
            return worker

    def _end_if_retired(self, slot: _Slot, worker: WorkerProcess) -> None:
        """End a worker that takes no new runs as soon as it is idle."""
        if not worker.is_idle:
            return
        if worker in slot.leaving:
            slot.leaving.discard(worker)
            worker.kill("another worker has taken its place")
        elif not self._templates.is_current(worker.template):
            worker.kill("newer packages were installed")


def _all(slot: _Slot) -> list[WorkerProcess]:
    """The workers of a slot."""
    return [*slot.leaving, *([] if slot.worker is None else [slot.worker])]


def _end_late(slot: _Slot, worker: WorkerProcess, reason: str) -> None:
    """End a worker whose run took too long; runs beside it come to their end first.

    The thread of the late run goes on until then, and nobody listens to it.
    """
    if slot.worker is worker:
        _let_go(slot, reason)
    elif worker.is_idle:
        worker.kill(reason)


def _let_go(slot: _Slot, reason: str) -> None:
    """Give no more runs to a slot's worker, and end it: now, or when its runs have ended."""
    worker, slot.worker = slot.worker, None
    if worker is None:
        return
    if worker.is_idle:
        worker.kill(reason)
    else:
        slot.leaving.add(worker)


def default_memory_bytes_max() -> int:
    """The limit of a worker's memory where none is set: never more than half of the machine."""
    machine_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(WORKER_MEMORY_BYTES_MAX, machine_bytes // 2, sys.maxsize)
