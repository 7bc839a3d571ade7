"""A processing engine over a real storage engine and real workers, for one test at a time."""

import asyncio
import contextlib
import functools
import json
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from influxpe._engine import Engine, TriggerInfo
from influxpe.clock import Clock, SystemClock
from influxpe.commits import Commits
from influxpe.plugin.pool import Request, Response, WorkerPool
from influxpe.plugin.secrets import Secrets
from influxpe.triggers.processing_engine import CreatedTrigger, CreateTrigger, ProcessingEngine

Value = TypeVar("Value")
Arguments = ParamSpec("Arguments")

DATABASE = "db"
FLUSH_INTERVAL_S = 0.05
PAUSE_S = 0.02
MEBIBYTE = 1024 * 1024

WRITES = "def process_writes(influxdb3_local, table_batches, args=None):\n"
SCHEDULE = "def process_scheduled_call(influxdb3_local, call_time, args=None):\n"
REQUEST = "def process_request(influxdb3_local, query_parameters, headers, body, args=None):\n"


class ManualClock:
    """A clock that the test moves."""

    def __init__(self, time_ns: int) -> None:
        self.time_ns = time_ns

    def now_ns(self) -> int:
        """Nanoseconds since the Unix epoch."""
        return self.time_ns


def in_loop(
    test: Callable[Arguments, Coroutine[Any, Any, None]],
) -> Callable[Arguments, None]:
    """Make a test of a coroutine; its arguments are fixtures as ever."""

    @functools.wraps(test)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


def open_engine(data_dir: Path | None) -> Engine:
    """Open a storage engine that is small enough for a test."""
    return Engine.open(
        None if data_dir is None else str(data_dir),
        buffer_bytes_max=256 * MEBIBYTE,
        query_bytes_max=256 * MEBIBYTE,
        query_threads=2,
    )


class Host:
    """What a test does with its processing engine."""

    def __init__(
        self, engine: Engine, processing: ProcessingEngine, commits: Commits, plugins: Path
    ) -> None:
        self.engine = engine
        self.processing = processing
        self.plugins = plugins
        self.commits = commits
        self._clock = SystemClock()

    async def write(self, lines: str, database: str = DATABASE) -> None:
        """Write lines as a client does; durable and visible on return."""
        ticket = self.engine.write(
            database,
            lines.encode(),
            precision="nanosecond",
            accept_partial=False,
            no_sync=False,
            now_ns=self._clock.now_ns(),
        )
        await self.commits.wait(ticket)

    async def trigger(
        self,
        name: str,
        specification: str,
        code: str | None,
        **more: Any,  # noqa: ANN401 - members of the request
    ) -> CreatedTrigger:
        """Save a plugin under the trigger's name, unless `code` is `None`, and make the trigger."""
        filename = more.pop("plugin_filename", f"{name}.py")
        if code is not None:
            (self.plugins / filename).write_text(code)
        request = CreateTrigger(
            database=more.pop("database", DATABASE),
            name=name,
            plugin_filename=filename,
            specification=specification,
            **more,
        )
        return await self.processing.create_trigger(request)

    async def get(
        self, path: str, body: bytes = b"", parameters: dict[str, str] | None = None
    ) -> Response:
        """Call a request trigger."""
        return await self.processing.call(path, Request(parameters or {}, {}, body))

    def rows(self, table: str, database: str = DATABASE) -> list[dict[str, Any]]:
        """Give the rows of a table in the order of time; none where it does not exist."""
        with contextlib.suppress(Exception):
            return self.query(database, f"SELECT * FROM {table} ORDER BY time")  # noqa: S608 - a name of the test
        return []

    def logs(self, trigger: str, database: str = DATABASE) -> list[str]:
        """Give the log of a trigger as `LEVEL: text`."""
        table = "system.processing_engine_logs"
        sql = f"SELECT log_level, log_text FROM {table} WHERE trigger_name = '{trigger}'"  # noqa: S608 - a name of the test
        rows = self.query(database, f"{sql} ORDER BY event_time")
        return [f"{row['log_level']}: {row['log_text']}" for row in rows]

    def errors(self, trigger: str) -> list[str]:
        """Give the errors in the log of a trigger."""
        return [line for line in self.logs(trigger) if line.startswith("ERROR: ")]

    def query(self, database: str, sql: str) -> list[dict[str, Any]]:
        """Give the rows of a query."""
        stream = self.engine.query(database, sql)
        content = b""
        while chunk := stream.next_chunk():
            content += chunk
        rows: list[dict[str, Any]] = json.loads(content)
        return rows

    def info(self, name: str) -> TriggerInfo:
        """Find a trigger in the catalog."""
        return next(one for one in self.engine.triggers() if one.name == name)

    async def wait_for_error(self, trigger: str, words: str) -> None:
        """Wait until an error with these words is in the log of a trigger."""
        await eventually(lambda: [e for e in self.errors(trigger) if words in e])

    async def wait_for_log(self, trigger: str, line: str) -> None:
        """Wait until a line is in the log of a trigger."""
        await eventually(lambda: line in self.logs(trigger))

    async def beats(self, count: int = 4) -> None:
        """Let some flush intervals pass, in which nothing should happen."""
        await asyncio.sleep(count * FLUSH_INTERVAL_S)


async def eventually(
    read: Callable[[], Value],
    accept: Callable[[Value], bool] = bool,
    *,
    seconds: float = 15,
) -> Value:
    """Read again and again until a value is accepted, and return it."""
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + seconds
    while not accept(value := read()):
        assert loop.time() < deadline_s, f"after {seconds} s it is still {value!r}"
        await asyncio.sleep(PAUSE_S)
    return value


@contextlib.asynccontextmanager
async def running(
    folder: Path,
    *,
    engine: Engine | None = None,
    clock: Clock | None = None,
    restrict_to: frozenset[str] = frozenset(),
    secrets_dir: Path | None = None,
) -> AsyncIterator[Host]:
    """Run a processing engine, by default over an engine in memory, and stop it at the end."""
    plugins = folder / "plugins"
    plugins.mkdir(exist_ok=True)
    opened = open_engine(None) if engine is None else engine
    if all(one.name != DATABASE for one in opened.databases()):
        opened.create_database(DATABASE)
    commits = Commits(opened, asyncio.get_running_loop())
    processing = ProcessingEngine(
        engine=opened,
        clock=clock or SystemClock(),
        pool=WorkerPool(python=Path(sys.executable), plugin_dir=plugins),
        plugin_dir=plugins,
        commits=commits,
        plugin_repo=str(folder / "repository"),
        flush_interval_s=FLUSH_INTERVAL_S,
        restrict_to=restrict_to,
        package_manager="disabled",
        secrets=Secrets(secrets_dir),
    )
    try:
        await processing.start()
        yield Host(opened, processing, commits, plugins)
    finally:
        await processing.close()
        commits.close()
        if engine is None:
            opened.close()
