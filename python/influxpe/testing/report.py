"""What one run of a plugin came to, as a test looks at it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict

if TYPE_CHECKING:
    import pyarrow as pa

Level = Literal["INFO", "WARN", "ERROR"]


class LogLine(NamedTuple):
    """A line of the log; it equals the tuple `("INFO", "text")`."""

    level: Level
    text: str

    def __str__(self) -> str:
        return f"{self.level}: {self.text}"


class WrittenRow(TypedDict):
    """One written line. `time` is in nanoseconds; a line without one has the clock's."""

    table: str
    tags: dict[str, str]
    fields: dict[str, Any]
    time: int


@dataclass(frozen=True)
class RunFailure:
    """Why a run failed: the exception of the plugin, or what kept its rows from being stored.

    `type` is the name of the exception, `WorkerDied` where the process ended or took too long,
    `InvalidError` where a line was refused, and empty where the entry point is missing.
    """

    type: str
    message: str
    traceback: str = ""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.type, self.message) if part)


class PluginFailed(AssertionError):
    """A run that was to end well has failed; the text has the traceback of the plugin."""

    def __init__(self, failure: RunFailure) -> None:
        self.failure = failure
        shown = f"\n{failure.traceback.rstrip()}" if failure.traceback else ""
        super().__init__(f"{failure}{shown}")


@dataclass(frozen=True)
class PluginResponse:
    """What a request was answered; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class WrittenTable:
    """Rows that a run wrote as Arrow; `tags` are its tag columns, `None` where the schema says."""

    database: str
    table: str
    tags: tuple[str, ...] | None
    ipc: bytes = field(repr=False)

    def to_arrow(self) -> "pa.Table":
        """The rows."""
        import pyarrow as pa

        with pa.ipc.open_stream(self.ipc) as reader:
            return reader.read_all()


@dataclass(frozen=True)
class RunReport:
    """What a run wrote, logged and answered, and whether it failed.

    `lines` are the texts by database, those written at once first; `tables` what it wrote as
    Arrow; `state` the keys that it put, with their values, or deleted (`None`). A failed run stores
    nothing but what it wrote at once.
    """

    logs: list[LogLine] = field(default_factory=list)
    lines: Mapping[str, list[str]] = field(default_factory=dict)
    tables: list[WrittenTable] = field(default_factory=list)
    state: Mapping[str, Any] = field(default_factory=dict)
    error: RunFailure | None = None
    response: PluginResponse | None = None
    parse: Callable[[str], list[WrittenRow]] = field(default=lambda _: [], repr=False)

    @cached_property
    def writes(self) -> dict[str, list[WrittenRow]]:
        """The written rows by database: table by table, those of a table in their order."""
        return {database: self.parse("\n".join(texts)) for database, texts in self.lines.items()}

    def raise_for_error(self) -> None:
        """Raise `PluginFailed` where the run failed."""
        if self.error is not None:
            raise PluginFailed(self.error)
