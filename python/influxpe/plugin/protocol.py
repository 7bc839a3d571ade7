"""What a run of a plugin is, what comes of it, and what it may ask of the server meanwhile."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol, TypeAlias

from influxpe.worker.wire import Kind, Scalar

LogLevel: TypeAlias = Literal["INFO", "WARN", "ERROR"]


class QueryFailed(Exception):  # an answer to the plugin, not a fault of the server
    """A plugin's query failed; the text is the reason, without the SQL."""


class WriteFailed(Exception):  # as above
    """A plugin's write at once failed; the text is the reason, such as `Cannot write: ...`."""


class WorkerDied(Exception):  # as above
    """A run ended without a result; the text names the trigger and how its process ended.

    `traceback` is where the run was, if that is known.
    """

    def __init__(self, text: str, traceback: str = "") -> None:
        super().__init__(text)
        self.traceback = traceback


class RunTooLong(WorkerDied):
    """A run passed its limit of time and was ended; the text names the trigger and the limit."""


@dataclass(frozen=True)
class Source:
    """A plugin's code: name below the plugin directory, real path (for tracebacks), text.

    Of a folder that is its `__init__.py`; `files` are its other Python files, (path below the
    folder, text), and `content` stands for the bytes of all its files.
    """

    filename: str
    path: str
    code: str
    files: tuple[tuple[str, str], ...] = ()
    content: str = ""

    @cached_property
    def digest(self) -> str:
        """Names this code: workers compile it once."""
        text = f"{self.path}\0{self.code}\0{self.content}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, digest_size=16).hexdigest()


@dataclass(frozen=True)
class Request:
    """An HTTP request: parameters decoded, header names in lower case, the body as it came."""

    query_parameters: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Run:
    """One run of a plugin.

    `tables` (wal) are names with Arrow IPC streams; `call_time_ns` (schedule) is UTC. With a
    `cache_name` (test runs) the caches are other ones, whose values last 30 minutes. With
    `collect_sync_writes` (dry runs) what is written at once is collected as well, not sent. After
    `time_limit_s` a run is ended; without one it may last as long as the pool lets it.

    The rest is about the worker, which is another one where a run asks for something else:
    `memory_limit_bytes` of its own (without one what the pool gives), `environment`, the name of
    the packages that it finds, and `variables` that it has beside the server's.
    """

    kind: Kind
    database: str
    trigger_name: str
    source: Source
    arguments: dict[str, str] | None
    tables: tuple[tuple[str, bytes], ...] = ()
    call_time_ns: int = 0
    request: Request | None = None
    cache_name: str | None = None
    collect_sync_writes: bool = False
    time_limit_s: float | None = None
    memory_limit_bytes: int | None = None
    environment: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class RunError:
    """Why a run failed. `type` is empty where the message stands alone, as in the reference."""

    type: str
    message: str
    traceback: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.type, self.message) if part)


@dataclass(frozen=True)
class Response:
    """What `process_request` answered."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True)
class ArrowWrite:
    """Rows for one table, as an Arrow IPC stream.

    `tags` are the columns that are tags; with `None` schema and table decide, as over HTTP.
    """

    database: str
    table: str
    tags: tuple[str, ...] | None
    ipc: bytes = field(repr=False)


@dataclass(frozen=True)
class RunResult:
    """The end of a run. `writes` has (database, line protocol), one entry per database, in order.

    `collected` has the same lines as they were written, one text per call of a write method, those
    written at once first; only for runs with `collect_sync_writes`. `state` has the last change of
    each key that the run put or deleted (`None`), in their order; `tables` its Arrow rows. A failed
    run has none of these.

    `peak_memory_bytes` is the most memory that the process had in place while the run lasted, with
    what it shares with other workers; also of a failed run. Where runs overlap it counts all of
    them, and where the kernel lets nobody reset it, it is the most since the worker began.
    """

    writes: tuple[tuple[str, str], ...]
    error: RunError | None
    response: Response | None
    collected: tuple[tuple[str, tuple[str, ...]], ...] = field(default=())
    state: tuple[tuple[str, bytes | None], ...] = ()
    tables: tuple[ArrowWrite, ...] = ()
    peak_memory_bytes: int = 0


class RunHost(Protocol):
    """What a running plugin may ask of the server. All is called in the event loop."""

    async def query(self, database: str, sql: str, params: Mapping[str, Scalar]) -> bytes:
        """The result as an Arrow IPC stream. Raises `QueryFailed`."""

    async def write_sync(self, database: str, lines: str, *, no_sync: bool) -> None:
        """Write now, durably, or with `no_sync` only visibly. Raises `WriteFailed`."""

    def state(self, key: str) -> bytes | None:
        """Give a value of the trigger's state, as the newest run that was committed left it."""

    def state_keys(self) -> list[str]:
        """Give the keys of the trigger's state."""

    def log(self, level: LogLevel, text: str) -> None:
        """Log a line of the plugin's."""
