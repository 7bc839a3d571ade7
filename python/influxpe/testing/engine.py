"""`PluginEngine`: a database with its processing engine, for the time of a test."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from influxpe.engine_types import Precision, Scalar
from influxpe.plugin.pool import Request
from influxpe.plugin.source import ENTRY_FILE
from influxpe.testing import rows
from influxpe.testing.capture import Captured
from influxpe.testing.clock import ManualClock, to_ns
from influxpe.testing.event_loop import LoopThread
from influxpe.testing.parts import Parts
from influxpe.testing.report import PluginResponse, RunReport
from influxpe.testing.requests import request_of
from influxpe.testing.runs import Call, shown
from influxpe.triggers.options import TriggerOptions
from influxpe.triggers.processing_engine import CreateTrigger
from influxpe.triggers.request_task import SUBPATH_HEADER
from influxpe.worker.lines import line_text

if TYPE_CHECKING:
    import pyarrow as pa

DATABASE = "test"
RUN_SECONDS_MAX = 60.0
SETTLE_SECONDS_MAX = 60.0


class PluginEngine:
    """Runs plugins as a server does: one process per trigger, real SQL, rows in a real log.

    No network, no HTTP. Plugins are named by their path, a file or a folder with `__init__.py`, or
    given as code: a text with a line end in it. What a run writes is stored, and found by queries
    and later runs; its cache and its state last as long as the engine. A context manager; all
    methods block, and belong to one thread.
    """

    def __init__(
        self,
        *,
        now: datetime | None = None,
        plugin_dir: Path | str | None = None,
        python: Path | str | None = None,
        run_seconds_max: float = RUN_SECONDS_MAX,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Start; `now` is where the clock stands, the machine's time if it is not given.

        Plugins without an absolute path lie in `plugin_dir`, or in the working directory.
        `python` is the interpreter that plugins run in: by default this one, with its packages. A
        run that takes longer than `run_seconds_max` is ended, and has failed. `variables` are
        environment variables of the plugins that are run by hand, such as their secrets.
        """
        self.clock = ManualClock(now)
        self._folder = Path(tempfile.mkdtemp(prefix="plugin-engine-"))
        self._plugin_dir = Path.cwd() if plugin_dir is None else Path(plugin_dir).absolute()
        self._codes: dict[str, Path] = {}
        self._loop = LoopThread()
        self._closed = False
        try:
            opening = Parts.open(
                self._folder,
                self.clock,
                Path(python or sys.executable),
                run_seconds_max,
                variables or {},
            )
            self._parts = self._loop.run(opening)
            self.create_database(DATABASE)
        except BaseException:
            self._loop.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        frames: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all processes and remove the folder."""
        if not self._closed:
            self._closed = True
            self._loop.run(self._parts.close())
            self._loop.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def create_database(self, name: str) -> None:
        """Make a database, unless it exists."""
        if all(one.name != name for one in self._parts.engine.databases()):
            self._parts.engine.create_database(name)

    def write(
        self, lp: object, *, database: str = DATABASE, precision: Precision = "nanosecond"
    ) -> None:
        """Write lines as a client does: text, a `LineBuilder`, or any number of those.

        A line without a time has the clock's. Raises `ValueError` for a line that is refused; then
        nothing is written.
        """
        self._loop.run(self._parts.write(database, line_text(lp), precision))

    def query(
        self, sql: str, *, database: str = DATABASE, params: dict[str, Scalar] | None = None
    ) -> list[dict[str, Any]]:
        """Run SQL and give the rows as a plugin gets them: `time` is in nanoseconds."""
        return rows.as_dicts(rows.query(self._parts.engine, database, sql, params))

    def query_arrow(
        self, sql: str, *, database: str = DATABASE, params: dict[str, Scalar] | None = None
    ) -> "pa.Table":
        """Run SQL and give an Arrow table."""
        return rows.as_table(rows.query(self._parts.engine, database, sql, params))

    def run_writes(
        self,
        plugin: Path | str,
        lp: object,
        *,
        database: str = DATABASE,
        arguments: Mapping[str, str] | None = None,
        table: str | None = None,
    ) -> RunReport:
        """Write lines, and run `process_writes` over them: of one table, or of all.

        The lines are stored first, as in a server: queries of the plugin find them.
        """
        call = Call("wal", self._located(plugin), self._database(database), arguments)
        return self._loop.run(self._parts.run_writes(call, line_text(lp), table))

    def run_schedule(
        self,
        plugin: Path | str,
        call_time: datetime | None = None,
        *,
        database: str = DATABASE,
        arguments: Mapping[str, str] | None = None,
    ) -> RunReport:
        """Run `process_scheduled_call` for a time, or for the clock's; a later one moves it there.

        For a time that the clock has passed the plugin is run all the same.
        """
        call_time_ns = self.clock.now_ns() if call_time is None else to_ns(call_time)
        if call_time is not None and call_time_ns > self.clock.now_ns():
            self.clock.set(call_time)
        located = self._located(plugin)
        call = Call("schedule", located, self._database(database), arguments, call_time_ns)
        return self._loop.run(self._parts.run(call))

    def run_request(
        self,
        plugin: Path | str,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: object = b"",
        method: str = "GET",
        *,
        subpath: str = "",
        database: str = DATABASE,
        arguments: Mapping[str, str] | None = None,
    ) -> RunReport:
        """Run `process_request`; `response` is what a client would get, 500 for a failed run.

        A body is bytes or text; anything else is sent as JSON. `subpath` is what follows the
        trigger's own path.
        """
        request = request_of(query, headers, body, method)
        request.headers[SUBPATH_HEADER] = subpath
        located = self._located(plugin)
        call = Call("request", located, self._database(database), arguments, request=request)
        return self._loop.run(self._parts.run(call))

    def create_trigger(
        self,
        plugin: Path | str,
        specification: str,
        *,
        name: str | None = None,
        database: str = DATABASE,
        arguments: Mapping[str, str] | None = None,
        run_async: bool = False,
        error_behavior: str = "log",
        options: TriggerOptions | None = None,
    ) -> str:
        """Make a trigger that runs by itself, from now on, and give its name.

        `options` are limits, batches and the like: `influxpe.triggers.options.TriggerOptions`. The
        plugin is copied: a later change of its file does not count.
        """
        located = self._located(plugin)
        wanted = CreateTrigger(
            database=self._database(database),
            name=name or located.stem,
            plugin_filename=self._parts.adopt(located),
            specification=specification,
            arguments=arguments,
            run_async=run_async,
            error_behavior=error_behavior,
            options=options or TriggerOptions(),
        )
        self._loop.run(self._parts.create_trigger(wanted))
        return wanted.name

    def request(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: object = b"",
        method: str = "GET",
    ) -> PluginResponse:
        """Send a request to a trigger on `request:PATH`. Raises `NoSuchPath`."""
        request: Request = request_of(query, headers, body, method)
        response = shown(self._loop.run(self._parts.processing.call(path, request)))
        assert response is not None  # noqa: S101 - there is always an answer
        return response

    def settle(self, *, seconds_max: float = SETTLE_SECONDS_MAX) -> None:
        """Let all triggers serve what was written and each tick up to the clock's time.

        Ticks are served one by one, each at its time and with all that follows from it. Raises
        `TimeoutError` that names the triggers that are late, such as one that retries for ever.
        """
        self._loop.run(self._parts.settle(seconds_max))

    @contextmanager
    def capture(self) -> Iterator[Captured]:
        """Collect the lines of the log that come while it is open."""
        captured = Captured()
        captures = self._parts.calls.captures
        captures.append(captured)
        try:
            yield captured
        finally:
            captures.remove(captured)

    def _database(self, name: str) -> str:
        self.create_database(name)
        return name

    def _located(self, plugin: Path | str) -> Path:
        """Give the absolute path of a plugin; code gets a file of its own."""
        if isinstance(plugin, str) and "\n" in plugin:
            if plugin not in self._codes:
                path = self._folder / f"plugin_{len(self._codes) + 1}.py"
                path.write_text(plugin, encoding="utf-8")
                self._codes[plugin] = path
            return self._codes[plugin]
        path = self._plugin_dir / plugin
        return path.parent if path.name == ENTRY_FILE else path
