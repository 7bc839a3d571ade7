"""Drives a pool from tests that are no coroutines, and plays the server for its plugins."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict, TypeVar, Unpack

from influxpe.plugin.pool import (
    QueryFailed,
    Request,
    Run,
    RunResult,
    Source,
    WorkerPool,
    WriteFailed,
)
from influxpe.worker.wire import Kind

T = TypeVar("T")
_numbers = itertools.count(1)


@dataclass
class RecordingHost:
    """A server that keeps what plugins ask, answers queries from `tables` and refuses the rest."""

    tables: dict[str, bytes] = field(default_factory=dict)
    logs: list[tuple[str, str]] = field(default_factory=list)
    queries: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)
    writes: list[tuple[str, str, bool]] = field(default_factory=list)
    refuse_writes: str | None = None
    kept: dict[str, bytes] = field(default_factory=dict)
    logged: asyncio.Event = field(default_factory=asyncio.Event)

    async def query(self, database: str, sql: str, params: Mapping[str, Any]) -> bytes:
        """Answer what is known."""
        self.queries.append((database, sql, dict(params)))
        if sql not in self.tables:
            raise QueryFailed("error while planning query: table 'public.iox.not_here' not found")
        return self.tables[sql]

    async def write_sync(self, database: str, lines: str, *, no_sync: bool) -> None:
        """Keep the lines."""
        if self.refuse_writes is not None:
            raise WriteFailed(self.refuse_writes)
        self.writes.append((database, lines, no_sync))

    def state(self, key: str) -> bytes | None:
        """Give what is kept."""
        return self.kept.get(key)

    def state_keys(self) -> list[str]:
        """Give the keys of what is kept."""
        return list(self.kept)

    def log(self, level: str, text: str) -> None:
        """Keep the line."""
        self.logs.append((level, text))
        self.logged.set()

    @property
    def texts(self) -> list[str]:
        """What was logged, without levels."""
        return [text for _, text in self.logs]

    async def wait_for_log(self) -> None:
        """Wait until a plugin has logged something."""
        async with asyncio.timeout(20):
            await self.logged.wait()


class Limits(TypedDict, total=False):
    """Limits of a pool, as `WorkerPool` has them."""

    run_seconds_max: float
    memory_bytes_max: int
    stuck_after_s: float
    python_of: Callable[[str | None], Path]


class Driver:
    """A pool with its event loop."""

    def __init__(self, python: Path, folder: Path, **limits: Unpack[Limits]) -> None:
        self.python = python
        self.folder = folder
        self.loop = asyncio.Runner()
        self.pool = WorkerPool(python=python, plugin_dir=folder, **limits)
        self.host = RecordingHost()

    def __enter__(self) -> "Driver":
        return self

    def __exit__(self, *_: object) -> None:
        self.do(self.pool.close())
        self.loop.close()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Let a coroutine of the test run to its end."""
        return self.loop.run(work)

    def source(self, code: str, name: str | None = None) -> Source:
        """Save a plugin."""
        name = name or f"plugin{next(_numbers)}.py"
        path = self.folder / name
        path.write_text(code, errors="surrogatepass")
        return Source(name, str(path), code)

    def wal(self, code: str, *tables: tuple[str, bytes], **settings: object) -> Run:
        """Make a run for the rows of tables; `name` names the file, the rest is as in `Run`."""
        name = settings.pop("name", None)
        return self.made("wal", code, str(name) if name else None, tables=tables, **settings)

    def made(self, kind: Kind, code: str, name: str | None = None, **settings: object) -> Run:
        """Make a run of a kind; what is not said is usual."""
        given: dict[str, Any] = {"database": "db", "trigger_name": "watcher", "arguments": None}
        given.update(settings)
        return Run(kind=kind, source=self.source(code, name), **given)

    def run(self, run: Run, key: str = "key", overlap: bool = False) -> RunResult:
        """Run a plugin with a fresh host, within a bound."""
        was = self.host
        self.host = RecordingHost(tables=was.tables, refuse_writes=was.refuse_writes, kept=was.kept)

        async def bounded() -> RunResult:
            async with asyncio.timeout(30):
                return await self.pool.run(key, run, self.host, overlap=overlap)

        return self.do(bounded())

    def body(self, text: str, *tables: tuple[str, bytes], **settings: object) -> RunResult:
        """Run a `process_writes` with these statements."""
        return self.run(self.wal(writes(text), *tables, **settings))

    def request(self, text: str, body: bytes = b"", **settings: object) -> RunResult:
        """Run a `process_request` with these statements."""
        request = Request({"a": "1"}, {"x-name": "v"}, body)
        return self.run(self.made("request", requests(text), None, request=request, **settings))


def writes(text: str) -> str:
    return _function("process_writes(influxdb3_local, table_batches, args=None)", text)


def requests(text: str) -> str:
    parameters = "influxdb3_local, query_parameters, request_headers, request_body, args=None"
    return _function(f"process_request({parameters})", text)


def _function(signature: str, text: str) -> str:
    lines = "".join(f"    {line}\n" for line in text.strip("\n").splitlines())
    return f"def {signature}:\n{lines}"


MakeDriver = Callable[..., Driver]
