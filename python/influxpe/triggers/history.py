"""What is kept of each run: a row of `system.processing_engine_runs`.

The row of a run that commits something is part of the same frame, so that the two cannot differ.
Rows of other runs are gathered and written together after a moment, so that a trigger without
output costs no sync of the disk each time it runs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from influxdb3.line_builder import LineBuilder
from influxpe.errors import EngineError, InternalError, InvalidError, TooLargeError
from influxpe.plugin.engine_calls import EngineCalls, Output, Record
from influxpe.triggers.registry import Trigger

logger = logging.getLogger(__name__)

RUNS_TABLE = "processing_engine_runs"
FLUSH_SECONDS = 1.0
# A plugin that fails in a loop must not fill the memory between two flushes.
GATHERED_MAX = 10_000
# Nor may their errors and tracebacks, and all of it goes into one frame of the log.
GATHERED_CHARACTERS_MAX = 16 * 1024 * 1024
TEXT_CHARACTERS_MAX = 65_536
# Rows of one flush that are looked for one by one, each with a dozen commits.
REFUSED_MAX = 100
SHOWN_CHARACTERS_MAX = 200
HEADS_KEPT_MAX = 1_000
# Rows that the server writes for itself have no trigger behind them.
NO_TRIGGER = 0


@dataclass(frozen=True)
class RunInput:
    """What a run was given: rows with their place in the log, or a tick of a schedule."""

    rows: int = 0
    first_position: int | None = None
    last_position: int | None = None
    call_time_ns: int | None = None

    def fields(self) -> dict[str, int | None]:
        """Give the columns that say so."""
        return {
            "rows_in": self.rows,
            "first_position": self.first_position,
            "last_position": self.last_position,
            "call_time": self.call_time_ns,
        }


@dataclass(frozen=True)
class RunOutcome:
    """How a run went, before it is committed."""

    started_ns: int
    attempt: int
    duration_ns: int
    code_hash: str
    given: RunInput = field(default_factory=RunInput)
    peak_memory_bytes: int = 0
    error: str = ""
    traceback: str = ""

    def record(self, trigger: Trigger) -> Record:
        """Give the line about it, but for the rows that it wrote."""
        numbers = (self.given.fields() | self._numbers()).items()
        fields = [f"{name}={value}i" for name, value in numbers if value is not None]
        head = _head(trigger.database, trigger.name, trigger.spec.kind)
        return Record(",".join((head, *fields, *self._texts())), self.started_ns)

    def _texts(self) -> Iterator[str]:
        yield 'status="failed"' if self.error else 'status="ok"'
        yield f'code_hash="{self.code_hash}"'
        for name, text in (("error", self.error), ("traceback", self.traceback)):
            escaped = cut(text).replace("\\", "\\\\").replace('"', '\\"') if text else ""
            yield f'{name}="{escaped}"'

    def _numbers(self) -> dict[str, int | None]:
        return {
            "attempt": self.attempt,
            "duration_ns": self.duration_ns,
            "peak_memory_bytes": self.peak_memory_bytes,
        }


@lru_cache(maxsize=HEADS_KEPT_MAX)
def _head(database: str, trigger_name: str, kind: str) -> str:
    """Give what the lines of a trigger begin with: making it anew is most of a line's price."""
    line = LineBuilder(RUNS_TABLE).tag("database", database).tag("trigger_name", trigger_name)
    return line.string_field("trigger_type", kind).build()


def cut(text: str) -> str:
    """Give the end of a text, which says most, where it is too long for a column."""
    left_out = len(text) - TEXT_CHARACTERS_MAX
    return (
        text if left_out <= 0 else f"({left_out} characters cut) ...{text[-TEXT_CHARACTERS_MAX:]}"
    )


class History:
    """Gathers the rows of runs that commit nothing else."""

    def __init__(self, calls: EngineCalls) -> None:
        self._calls = calls
        self._gathered: list[str] = []
        self._characters = 0
        self._lost = 0

    def add(self, record: Record) -> None:
        """Keep the row of a run that wrote nothing, for the next flush."""
        line = f"{record.line},rows_out=0i {record.time_ns}"
        characters = self._characters + len(line)
        if len(self._gathered) >= GATHERED_MAX or characters > GATHERED_CHARACTERS_MAX:
            self._lost += 1
            return
        self._gathered.append(line)
        self._characters = characters

    async def run(self) -> None:
        """Flush again and again, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Write what has been gathered; durable on return. An engine that refuses is logged.

        Who is cancelled leaves the rows for the next flush; a row that is written twice is one.
        """
        lines, self._gathered, self._characters = self._gathered, [], 0
        lost, self._lost = self._lost, 0
        if lost:
            logger.warning("%d runs are not in the history: they ended too fast", lost)
        try:
            if lines:
                await self._write(lines)
        except asyncio.CancelledError:
            self._gathered[:0] = lines
            raise

    async def _write(self, lines: Sequence[str]) -> None:
        """Write rows; halves again and again around those that the engine refuses."""
        parts, refused = [lines], 0
        while parts:
            part = parts.pop()
            try:
                await self._calls.commit(NO_TRIGGER, Output(internal="\n".join(part)))
            except (InvalidError, TooLargeError, InternalError) as error:
                if len(part) > 1:
                    half = len(part) // 2
                    parts += [part[half:], part[:half]]
                    continue
                refused += 1
                shown = part[0][:SHOWN_CHARACTERS_MAX]
                logger.warning("a run is not in the history: %s: %s", error, shown)
                if refused == REFUSED_MAX:
                    return _say_missing(parts, "too many rows are refused")
            except EngineError as error:
                return _say_missing([part, *parts], str(error))


def _say_missing(parts: Sequence[Sequence[str]], reason: str) -> None:
    if count := sum(len(part) for part in parts):
        logger.warning("%d runs are not in the history: %s", count, reason)
