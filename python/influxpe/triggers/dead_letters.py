"""Runs that were given up: kept with what they were given, so that they can be run again.

A letter is a row of `system.processing_engine_dead_letters`, and its rows are Arrow IPC in pieces
of text in a second table of `_internal`; both are part of the frame that moves the trigger on. Of a
letter that is larger than a frame most pieces go before it: without the row they are no letter.
Running it again changes its status in the frame of that run.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import pyarrow
import pyarrow.ipc

from influxdb3.line_builder import LineBuilder
from influxpe.engine_types import Scalar
from influxpe.errors import NotFoundError
from influxpe.plugin.engine_calls import EngineCalls
from influxpe.plugin.pool import Run
from influxpe.triggers.history import RunInput, cut
from influxpe.triggers.registry import Trigger

LETTERS_TABLE = "processing_engine_dead_letters"
PARTS_TABLE = "processing_engine_dead_letter_parts"
INTERNAL_DATABASE = "_internal"
WAITING = "waiting"
REPLAYED = "replayed"
LOST = "lost"
# Longer than rows of `_internal` are kept: somebody has to look, mend and run again.
RETENTION_NS = 90 * 24 * 3600 * 10**9
# Of base64, below the longest text that a column takes.
PART_BYTES_MAX = 512 * 1024
# Of one frame, 32 MiB: below the longest that the log takes, and read again so many at a time.
PARTS_PER_FRAME_MAX = 64
SAMPLE_ROWS = 3
SAMPLE_CHARACTERS_MAX = 2_000

Rows: TypeAlias = Sequence[Mapping[str, str | int]]


@dataclass(frozen=True)
class Letter:
    """A letter that waits."""

    letter_id: str
    time_ns: int
    depth: int
    given: RunInput


@dataclass(frozen=True)
class NewLetter:
    """The lines of a letter for `_internal`, and those of each frame that goes before it."""

    lines: str
    before: Sequence[Sequence[str]] = ()


class DeadLetters:
    """The letters of one server."""

    def __init__(self, calls: EngineCalls) -> None:
        self._calls = calls
        self._kept: set[str] = set()

    def make(
        self,
        trigger: Trigger,
        run: Run,
        given: RunInput,
        *,
        depth: int,
        attempts: int,
        error: str,
        traceback: str,
        time_ns: int,
        lost: str = "",
    ) -> NewLetter:
        """Make a new letter; takes a while where it is large.

        With a reason why its rows are `lost` it says so, and does not wait to be run again.
        """
        letter_id = f"{trigger.id}-{time_ns}"
        line = _letter_line(trigger, letter_id)
        line.string_field("trigger_type", run.kind).string_field(
            "status", LOST if lost else WAITING
        )
        numbers = {"attempts": attempts, "depth": depth} | dict(given.fields())
        for name, value in numbers.items():
            if value is not None:
                line.int64_field(name, value)
        sample = cut(f"the rows are not kept: {lost}") if lost else _sample(run.tables)
        line.string_field("sample", sample)
        line.string_field("error", cut(error)).string_field("traceback", cut(traceback))
        parts = list(_part_lines(letter_id, () if lost else run.tables, time_ns))
        frames = [
            parts[start : start + PARTS_PER_FRAME_MAX]
            for start in range(0, len(parts), PARTS_PER_FRAME_MAX)
        ]
        last = frames.pop() if frames else []
        return NewLetter("\n".join([line.time_ns(time_ns).build(), *last]), frames)

    def replayed(self, trigger: Trigger, letter: Letter) -> str:
        """Give the line that says that a letter was run again."""
        line = _letter_line(trigger, letter.letter_id).string_field("status", REPLAYED)
        return line.time_ns(letter.time_ns).build()

    async def keep(self) -> None:
        """Let letters outlive other rows of `_internal`; once there are any."""
        for table in {LETTERS_TABLE, PARTS_TABLE} - self._kept:
            keep = partial(
                self._calls.engine.set_table_retention, INTERNAL_DATABASE, table, RETENTION_NS
            )
            with contextlib.suppress(NotFoundError):  # where no letter has had rows
                await self._calls.work(keep)
                self._kept.add(table)

    async def waiting(self, trigger: Trigger, letter_id: str | None) -> list[Letter]:
        """Give the letters of a trigger that wait, the oldest first; with an id that one alone."""
        where = "trigger_name = $name AND database = $database AND status = $status"
        params: dict[str, Scalar] = {
            "name": trigger.name,
            "database": trigger.database,
            "status": WAITING,
        }
        if letter_id is not None:
            where, params["id"] = f"{where} AND letter_id = $id", letter_id
        columns = "* EXCEPT (sample, error, traceback)"  # for people, and long
        rows = await self._rows(LETTERS_TABLE, where, params, columns)
        return [_letter(row) for row in rows]

    async def tables(self, letter: Letter) -> tuple[tuple[str, bytes], ...]:
        """Give the rows of a letter: names of tables with Arrow IPC streams."""
        rows: list[Mapping[str, str | int]] = []
        while True:  # as many at a time as an answer holds
            order = f"table_number, part LIMIT {PARTS_PER_FRAME_MAX} OFFSET {len(rows)}"
            params = {"id": letter.letter_id}
            found = await self._rows(PARTS_TABLE, "letter_id = $id", params, order=order)
            rows += found
            if len(found) < PARTS_PER_FRAME_MAX:
                return await asyncio.to_thread(_tables, rows)

    async def _rows(
        self,
        table: str,
        where: str,
        params: Mapping[str, Scalar],
        columns: str = "*",
        order: str = "time",
    ) -> Rows:
        if not await self._exists(table):
            return []
        # All but the parameters is ours; what users say comes as one.
        sql = f"SELECT {columns} FROM {table} WHERE {where} ORDER BY {order}"  # noqa: S608 - as said
        return await asyncio.to_thread(
            _read, await self._calls.query(INTERNAL_DATABASE, sql, params)
        )

    async def _exists(self, table: str) -> bool:
        # Schema `system` has a table of the same name, which shows what is in this one.
        where = "table_schema = 'iox' AND table_name = $table"
        sql = f"SELECT table_name FROM information_schema.tables WHERE {where}"  # noqa: S608 - ours
        stream = await self._calls.query(INTERNAL_DATABASE, sql, {"table": table})
        return bool(_read(stream))


def _letter_line(trigger: Trigger, letter_id: str) -> LineBuilder:
    line = LineBuilder(LETTERS_TABLE).tag("database", trigger.database)
    return line.tag("trigger_name", trigger.name).tag("letter_id", letter_id)


def _letter(row: Mapping[str, str | int]) -> Letter:
    def number(name: str) -> int | None:
        value = row.get(name)
        return None if value is None else int(value)

    given = RunInput(
        rows=number("rows_in") or 0,
        first_position=number("first_position"),
        last_position=number("last_position"),
        call_time_ns=number("call_time"),
    )
    return Letter(str(row["letter_id"]), int(row["time"]), number("depth") or 0, given)


def _part_lines(letter_id: str, tables: Sequence[tuple[str, bytes]], time_ns: int) -> Iterator[str]:
    for number, (name, stream) in enumerate(tables):
        text = base64.b64encode(zlib.compress(stream, 1)).decode()
        for part, start in enumerate(range(0, len(text), PART_BYTES_MAX)):
            line = LineBuilder(PARTS_TABLE).tag("letter_id", letter_id)
            line.tag("table_number", str(number)).tag("part", str(part))
            line.string_field("table_name", name)
            line.string_field("data", text[start : start + PART_BYTES_MAX])
            yield line.time_ns(time_ns).build()


def _tables(rows: Rows) -> tuple[tuple[str, bytes], ...]:
    """Put the parts of a letter together again."""
    parts: dict[tuple[int, str], list[tuple[int, str]]] = {}
    for row in rows:
        key = (int(row["table_number"]), str(row["table_name"]))
        parts.setdefault(key, []).append((int(row["part"]), str(row["data"])))
    return tuple((name, _joined(parts[number, name])) for number, name in sorted(parts))


def _joined(parts: list[tuple[int, str]]) -> bytes:
    text = "".join(data for _, data in sorted(parts))
    return zlib.decompress(base64.b64decode(text))


def _sample(tables: Sequence[tuple[str, bytes]]) -> str:
    """Give the first rows as people read them."""
    if not tables:
        return ""
    name, stream = tables[0]
    rows = _read(stream, SAMPLE_ROWS)
    return f"{name}: {json.dumps(rows)}"[:SAMPLE_CHARACTERS_MAX]


def _read(stream: bytes, rows_max: int | None = None) -> list[dict[str, str | int]]:
    """Give rows without what they lack; times are nanoseconds."""
    table = pyarrow.ipc.open_stream(stream).read_all().slice(0, rows_max)
    for number, field in enumerate(table.schema):
        if pyarrow.types.is_timestamp(field.type):
            column = table.column(number).cast(pyarrow.int64())
            table = table.set_column(number, field.name, column)
    rows = table.to_pylist()
    return [{key: value for key, value in row.items() if value is not None} for row in rows]
