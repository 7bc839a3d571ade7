"""Runs of a plugin by hand: in its worker, with the commit of a trigger, without waiting for one.

Each plugin has a trigger of its own in the catalog, which is disabled: state, cache and worker
belong to it, and stay from run to run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from influxpe._engine import Engine, Feed, TriggerInfo
from influxpe.errors import InvalidError
from influxpe.plugin.engine_calls import EngineCalls, Output
from influxpe.plugin.pool import Request, Response, Run, RunResult, Source, WorkerDied, WorkerPool
from influxpe.plugin.protocol import ArrowWrite
from influxpe.plugin.source import ENTRY_FILE, PluginSources
from influxpe.testing import rows
from influxpe.testing.host import DEPTH, Host
from influxpe.testing.report import PluginResponse, RunFailure, RunReport, WrittenTable
from influxpe.triggers.dispatcher import BYTES_PER_RUN_MAX, ROWS_PER_RUN_MAX
from influxpe.triggers.registry import trigger_of
from influxpe.triggers.request_task import error_response
from influxpe.triggers.spec import parse as parse_spec
from influxpe.worker.state import unpack
from influxpe.worker.wire import Kind

NO_REPOSITORY = ""
SPECIFICATIONS: Mapping[Kind, str] = {
    "wal": "all_tables",
    "schedule": "every:1s",
    "request": "request:{name}",
}

Tables = tuple[tuple[str, bytes], ...]


@dataclass
class _Plugin:
    """One plugin that has been run: its trigger, and its place in the log for each table."""

    trigger: TriggerInfo
    sources: PluginSources
    feeds: dict[str | None, Feed] = field(default_factory=dict)
    last: Source | None = None


@dataclass(frozen=True)
class Call:
    """What a run gets beside its rows."""

    kind: Kind
    plugin: Path
    database: str
    arguments: Mapping[str, str] | None
    call_time_ns: int = 0
    request: Request | None = None


class Runs:
    """All plugins that one engine has run by hand."""

    def __init__(
        self,
        engine: Engine,
        calls: EngineCalls,
        pool: WorkerPool,
        variables: Mapping[str, str],
    ) -> None:
        self._engine = engine
        self._calls = calls
        self._pool = pool
        self._variables = dict(variables)
        self._plugins: dict[tuple[Kind, Path, str], _Plugin] = {}

    async def open(self, call: Call, table: str | None = None) -> None:
        """Let the rows that are there by now be behind the next run over the log."""
        plugin = self._plugin(call)
        if table not in plugin.feeds:
            plugin.feeds[table] = self._engine.feed(plugin.trigger.id, table=table)
        await self.new_rows(call, table)

    async def new_rows(self, call: Call, table: str | None) -> Tables:
        """Read on to the end of the log, as the trigger would."""
        feed = self._plugin(call).feeds[table]
        newest = await self._calls.position()
        found: list[tuple[str, bytes]] = []
        while feed.position < newest:
            found += (await self._calls.read(feed, ROWS_PER_RUN_MAX, BYTES_PER_RUN_MAX)).tables
        return tuple(found)

    async def once(self, call: Call, tables: Tables = ()) -> RunReport:
        """Run once. Raises `PluginError` where there is no such file."""
        plugin = self._plugin(call)
        trigger = plugin.trigger
        source = await plugin.sources.read(call.plugin.name)
        await self._refresh(plugin, source)
        host = Host(self._calls, trigger.id, trigger.name)
        run = self._run(call, tables, source, trigger.name)
        try:
            result = await self._pool.run(_worker_key(trigger), run, host)
            failure = await self._commit(trigger, result)
        except WorkerDied as error:
            result, failure = None, RunFailure(WorkerDied.__name__, str(error))
        if failure is not None:
            self._calls.log(trigger.name, "ERROR", f"error executing plugin: {failure}")
        return self._report(host, result, failure, call.kind)

    def _run(self, call: Call, tables: Tables, source: Source, trigger_name: str) -> Run:
        return Run(
            kind=call.kind,
            database=call.database,
            trigger_name=trigger_name,
            source=source,
            arguments=None if call.arguments is None else dict(call.arguments),
            tables=tables,
            call_time_ns=call.call_time_ns,
            request=call.request,
            variables=self._variables,
        )

    async def _commit(self, trigger: TriggerInfo, result: RunResult) -> RunFailure | None:
        """Store what a run leaves behind, as its trigger would; gives why the run has failed."""
        error = result.error
        if error is not None:
            return RunFailure(error.type, error.message, error.traceback)
        try:
            await self._calls.commit(trigger.id, _output(result))
        except InvalidError as refused:
            return RunFailure(InvalidError.__name__, str(refused))
        return None

    async def _refresh(self, plugin: _Plugin, source: Source) -> None:
        """Start a new worker for a folder of which a file has changed, as triggers do."""
        last, plugin.last = plugin.last, source
        is_folder = Path(source.path).name == ENTRY_FILE
        if last is not None and is_folder and last.digest != source.digest:
            await self._pool.stop(_worker_key(plugin.trigger))

    def _plugin(self, call: Call) -> _Plugin:
        key = (call.kind, call.plugin, call.database)
        if key not in self._plugins:
            self._plugins[key] = self._opened(call)
        return self._plugins[key]

    def _opened(self, call: Call) -> _Plugin:
        name = f"{call.plugin.stem}-{call.kind}-{len(self._plugins) + 1}"
        spec = parse_spec(SPECIFICATIONS[call.kind].format(name=name))
        info = self._engine.create_trigger(
            call.database,
            name,
            plugin_filename=call.plugin.name,
            specification=spec.canonical,
            specification_json=spec.json,
            arguments=None,
            run_async=False,
            error_behavior="log",
            disabled=True,
        )
        return _Plugin(info, PluginSources(call.plugin.parent, NO_REPOSITORY))

    def _report(
        self, host: Host, result: RunResult | None, failure: RunFailure | None, kind: Kind
    ) -> RunReport:
        stored = result if failure is None else None
        answer = None
        if kind == "request":
            answer = _failed(failure) if result is None or failure else result.response
        return RunReport(
            logs=host.logs,
            lines=_by_database(host.writes + list(stored.writes if stored else ())),
            tables=[_written(table) for table in (stored.tables if stored else ())],
            state=_unpacked(stored.state if stored else ()),
            error=failure,
            response=shown(answer),
            parse=partial(rows.parse, self._engine, now_ns=self._calls.clock.now_ns()),
        )


def _worker_key(trigger: TriggerInfo) -> str:
    return trigger_of(trigger).worker_key


def _output(result: RunResult) -> Output:
    return Output(result.writes, DEPTH, state=result.state, tables=result.tables)


def _failed(failure: RunFailure | None) -> Response:
    """Give the answer that a client gets of a run that failed."""
    called = "Python function call failed: " if failure and failure.traceback else ""
    return error_response(f"{called}{failure or 'it gave no response'}")


def _unpacked(changes: Iterable[tuple[str, bytes | None]]) -> dict[str, object]:
    """Give the values of the keys that a run changed; `None` for one that it deleted."""
    return {key: None if packed is None else unpack(packed) for key, packed in changes}


def _written(table: ArrowWrite) -> WrittenTable:
    return WrittenTable(table.database, table.table, table.tags, table.ipc)


def _by_database(writes: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Give all texts for each database, in the order of their writing."""
    found: dict[str, list[str]] = {}
    for database, text in writes:
        found.setdefault(database, []).append(text)
    return found


def shown(response: Response | None) -> PluginResponse | None:
    """Give an answer with names of headers in lower case; of equal ones the last counts."""
    if response is None:
        return None
    headers = {name.lower(): value for name, value in response.headers}
    return PluginResponse(response.status, headers, response.body)
