"""The composition root: configuration -> engine -> processing engine -> application -> HTTP.

What starts is stopped in the opposite order, within a bound. Whatever was acknowledged is on the
disk by then, so ending late is the only thing that a stop could do wrong.
"""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import ssl
import sys
import threading
import uuid
from collections.abc import Coroutine, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import uvloop

from influxpe import __version__, errors, logs
from influxpe._engine import Engine
from influxpe.clock import Clock, SystemClock
from influxpe.commits import Commits
from influxpe.config import PRODUCT_NAME, REVISION, ServerConfig
from influxpe.errors import StartFailed
from influxpe.http import hypercorn_glue
from influxpe.http.app import App
from influxpe.http.auth import Tokens
from influxpe.http.metrics import Metrics
from influxpe.http.open_backups import OpenBackups
from influxpe.http.services import Services
from influxpe.http.threads import Threads
from influxpe.http.token_file import load_token_file
from influxpe.http.welcome import next_steps
from influxpe.plugin.environments import environment_python
from influxpe.plugin.packages import prepare_environment
from influxpe.plugin.pool import WorkerPool
from influxpe.plugin.secrets import Secrets
from influxpe.queries import Queries
from influxpe.triggers.processing_engine import ProcessingEngine

logger = logging.getLogger(__name__)

# The parts of a stop; together they end before a supervisor's patience (5 s) does.
DRAIN_SECONDS_MAX = 1.0
CANCEL_SECONDS_MAX = 0.5
PROCESSING_SECONDS_MAX = 2.5
REST_SECONDS_MAX = 0.2
STOP_SECONDS_MAX = 4.5
HOUSEKEEPING_SECONDS = 30.0
# Requests leave no cycles behind: what they allocate need not be looked through as often as the
# interpreter does by default (700).
ALLOCATIONS_BETWEEN_COLLECTIONS = 20_000


def run(config: ServerConfig) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code of the process.

    A failed start prints one sentence on stderr and returns 1. The process is expected to end when
    this returns: a watchdog ends it by force if a stop takes longer than its bound.
    """
    logs.configure(config)
    try:
        _run(config, SystemClock())
    except StartFailed as error:
        sys.stdout.flush()
        sys.stderr.write(f"Serve command failed: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _run(config: ServerConfig, clock: Clock) -> None:
    started_s = perf_counter()
    hypercorn_glue.check_tls(config)
    listener = hypercorn_glue.bind(config)
    with contextlib.closing(listener), _open_engine(config) as engine:
        _log_start(config, engine)
        if config.admin_token_file is not None and not config.without_auth:
            load_token_file(config.admin_token_file, engine, clock)
        server = _Server(config, clock, engine, _plugin_python(config), started_s)
        loop = uvloop.new_event_loop()
        try:
            loop.run_until_complete(server.serve(listener))
        finally:
            loop.close()
    logger.info("backend shutdown completed")


@contextlib.contextmanager
def _open_engine(config: ServerConfig) -> Iterator[Engine]:
    """Open the data directory, and close it at the end. Raises `StartFailed`."""
    in_memory = config.object_store == "memory"
    try:
        if not in_memory and config.data_dir is not None:
            config.data_dir.mkdir(parents=True, exist_ok=True)
        engine = Engine.open(
            None if in_memory else str(config.data_dir),
            buffer_bytes_max=config.buffer_bytes_max,
            lag_bytes_max=config.lag_bytes_max,
            query_bytes_max=config.exec_mem_pool_bytes,
            query_threads=config.query_threads,
            node_id=config.node_id,
            s3=None if config.s3 is None else config.s3.options(),
            databases_max=config.databases_max,
            tables_max=config.tables_max,
            columns_per_table_max=config.columns_per_table_max,
            one_query_bytes_max=config.query_memory_bytes,
            spill_bytes_max=config.query_spill_bytes,
            queries_running_max=config.queries_running_max(),
            query_timeout_ms=config.query_timeout_ms,
            column_cache_bytes_max=config.column_cache_bytes,
        )
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"cannot use the data directory {config.data_dir}: {reason}"
        raise StartFailed(message) from error
    except errors.EngineError as error:
        raise StartFailed(str(error)) from error
    warning = engine.warning()
    if warning is not None:
        logger.warning(warning)
    try:
        yield engine
    finally:
        engine.close()


def _plugin_python(config: ServerConfig) -> Path:
    """Make the folder and the environment of plugins; gives its interpreter."""
    try:
        if config.plugin_dir is not None:
            config.plugin_dir.mkdir(parents=True, exist_ok=True)
        return prepare_environment(config.plugin_dir, config.virtual_env)
    except (OSError, errors.InstallFailed) as error:
        raise StartFailed(f"Python environment initialization failed: {error}") from error


def _log_start(config: ServerConfig, engine: Engine) -> None:
    fields = {
        "node_id": config.node_id,
        "git_hash": REVISION,
        "version": __version__,
        "uuid": engine.cluster_uuid(),
        "num_cpus": os.cpu_count(),
        "product_name": PRODUCT_NAME,
    }
    logger.info("server starting", extra={"fields": fields})
    if config.without_auth:
        logger.warning("started without authentication: the token endpoints are disabled")


class _Server:
    """One run, on its own event loop."""

    def __init__(
        self, config: ServerConfig, clock: Clock, engine: Engine, python: Path, started_s: float
    ) -> None:
        self._config = config
        self._clock = clock
        self._engine = engine
        self._python = python
        self._started_s = started_s
        self._stop = asyncio.Event()
        self._backups = OpenBackups(
            engine, clock, node_id=config.node_id, plugin_dir=config.plugin_dir
        )

    async def serve(self, listener: socket.socket) -> None:
        """Start everything, wait for a signal, stop everything."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, number)
        loop.set_exception_handler(_log_loop_error)
        commits, queries = Commits(self._engine, loop), Queries(self._engine, loop)
        threads = Threads(self._config.queries_running_max())
        processing = self._processing_engine(commits)
        services = self._services(commits, queries, threads, processing)
        try:
            await _started(processing)
            _spare_collections()
            await self._serve_http(App(services), listener)
        finally:
            await _within(PROCESSING_SECONDS_MAX, processing.close(), "the processing engine")
            self._backups.close()
            commits.close()
            queries.close()
            threads.close()
            await _cancel_rest()

    def _signalled(self, number: signal.Signals) -> None:
        if not self._stop.is_set():
            logger.info("Received %s", number.name)
            logger.info("shutdown requested")
            _end_process_after(STOP_SECONDS_MAX)
            self._stop.set()

    def _processing_engine(self, commits: Commits) -> ProcessingEngine:
        config = self._config
        return ProcessingEngine(
            engine=self._engine,
            clock=self._clock,
            pool=WorkerPool(
                python=self._python,
                plugin_dir=config.plugin_dir,
                python_of=self._environment_python,
            ),
            plugin_dir=config.plugin_dir,
            plugin_repo=config.plugin_repo,
            flush_interval_s=config.wal_flush_interval_s,
            restrict_to=config.restrict_plugin_triggers_to,
            package_manager=config.package_manager,
            virtual_env=config.virtual_env,
            wheels_dir=config.wheels_dir,
            commits=commits,
            secrets=Secrets(config.plugin_secrets_dir),
        )

    def _environment_python(self, name: str | None) -> Path:
        config = self._config
        if name is None:
            return self._python
        return environment_python(config.plugin_dir, config.virtual_env, name)

    def _services(
        self,
        commits: Commits,
        queries: Queries,
        threads: Threads,
        processing: ProcessingEngine,
    ) -> Services:
        return Services(
            config=self._config,
            clock=self._clock,
            engine=self._engine,
            commits=commits,
            queries=queries,
            processing=processing,
            tokens=Tokens(self._engine, self._clock),
            threads=threads,
            metrics=Metrics(),
            backups=self._backups,
            process_id=str(uuid.uuid4()),
        )

    async def _serve_http(self, app: App, listener: socket.socket) -> None:
        """Answer requests until the stop; then finish those that are open, within a bound."""
        address = hypercorn_glue.address_text(listener)
        settings = hypercorn_glue.HypercornConfig(self._config, listener, DRAIN_SECONDS_MAX)

        async def until_stop() -> None:
            self._ready(address)
            await self._stop.wait()

        serving = asyncio.ensure_future(
            hypercorn_glue.serve(app, settings, self._clock, until=until_stop)
        )
        housekeeping = asyncio.ensure_future(self._keep_house())
        stopping = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        housekeeping.cancel()
        await asyncio.wait({serving}, timeout=DRAIN_SECONDS_MAX + CANCEL_SECONDS_MAX)
        if serving.done() and not serving.cancelled() and not self._stop.is_set():
            raise StartFailed(f"the HTTP server ended: {_innermost(serving.exception())}")
        logger.info("frontend shutdown completed")

    def _ready(self, address: str) -> None:
        elapsed_ms = int((perf_counter() - self._started_s) * 1000)
        if self._config.tcp_listener_file is not None:
            hypercorn_glue.write_listener_file(self._config.tcp_listener_file, address)
        logger.info("startup time: %dms", elapsed_ms, extra={"fields": {"address": address}})
        logger.info(next_steps(self._config, address, has_tokens=bool(self._engine.tokens())))

    async def _keep_house(self) -> None:
        """Let go what is past its time, again and again."""
        while True:
            await asyncio.sleep(HOUSEKEEPING_SECONDS)
            try:
                await asyncio.to_thread(self._backups.expire)
                failure = self._engine.store_failure()
                if failure is not None:
                    logger.warning("rows cannot be stored, it is tried again: %s", failure)
                purged = await asyncio.to_thread(self._engine.purge, now_ns=self._clock.now_ns())
            except errors.EngineError as error:
                logger.warning("housekeeping failed, it will be tried again: %s", error)
                continue
            if purged:
                logger.info("removed for good", extra={"fields": {"count": purged}})


def _spare_collections() -> None:
    """Keep the garbage collector from looking through all modules again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS_BETWEEN_COLLECTIONS)


async def _started(processing: ProcessingEngine) -> None:
    try:
        await processing.start()
    except (errors.EngineError, errors.TriggerError, OSError) as error:
        raise StartFailed(f"the processing engine cannot start: {error}") from error


async def _within(seconds_max: float, work: Coroutine[Any, Any, None], what: str) -> None:
    """Wait for one part of the stop; a part that is late is left behind."""
    try:
        async with asyncio.timeout(seconds_max):
            await work
    except TimeoutError:
        logger.warning("%s did not stop within %s s", what, seconds_max)
    except Exception:
        logger.exception("%s did not stop cleanly", what)


def _innermost(error: BaseException | None) -> BaseException | None:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _cancel_rest() -> None:
    """End the tasks that are left, such as those of clients that do not go."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    if rest:
        await asyncio.wait(rest, timeout=REST_SECONDS_MAX)


def _log_loop_error(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what no task was there to receive, such as a failed TLS handshake."""
    error = context.get("exception")
    if isinstance(error, asyncio.CancelledError):
        return
    level = logging.DEBUG if isinstance(error, OSError | ssl.SSLError) else logging.ERROR
    logger.log(level, "event loop: %s", context.get("message"), exc_info=error)


def _end_process_after(seconds: float) -> None:
    """End the process if it is still there after its bound; nothing acknowledged is lost by it."""

    def end() -> None:
        sys.stderr.write(f"the stop took longer than {seconds} s and is cut short\n")
        sys.stdout.flush()
        os._exit(0)

    watchdog = threading.Timer(seconds, end)
    watchdog.daemon = True
    watchdog.start()
