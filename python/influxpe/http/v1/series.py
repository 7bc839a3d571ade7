"""Rows of an answer as runs of one series, their values as JSON has them.

The engine sorts by measurement, tags and time, and says in the schema which columns are tags, so a
series ends where one of them changes.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa

if TYPE_CHECKING:
    from influxpe._engine import QueryStream

GROUP_KEY = b"iox::influxql::group_key::metadata"
SECOND_NS = 1_000_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A float that is an integer is shown as one, below this.
INTEGRAL_BELOW = 2.0**63

# Nanoseconds in the units that `epoch` knows.
UNITS_NS = {
    "ns": 1,
    "u": 1_000,
    "µ": 1_000,
    "ms": 1_000_000,
    "s": SECOND_NS,
    "m": 60 * SECOND_NS,
    "h": 3_600 * SECOND_NS,
    "d": 86_400 * SECOND_NS,
    "w": 604_800 * SECOND_NS,
}


class UnsupportedValueError(Exception):
    """A value that JSON has no word for."""


@dataclass(frozen=True, slots=True)
class Run:
    """Rows of one series that come together; a series may have several runs, one after another."""

    name: str
    tags: dict[str, str]
    columns: list[str]
    values: list[list[object]]

    def continues(self, before: Run) -> bool:
        """Tell whether these are more rows of the same series."""
        return self.name == before.name and self.tags == before.tags


@dataclass(frozen=True, slots=True)
class Rendering:
    """How values are shown: times as numbers of a unit or as text, infinite numbers or none."""

    epoch: str | None = None
    infinite: bool = False

    def column(self, column: pa.Array[Any]) -> list[object]:
        """Give the values of a column."""
        if pa.types.is_timestamp(column.type):
            return self._times(column)
        values: list[object] = column.to_pylist()
        if pa.types.is_floating(column.type):
            return [self._number(value) for value in values]
        return values

    def _times(self, column: pa.Array[Any]) -> list[object]:
        instants = column.cast(pa.int64()).to_pylist()
        if self.epoch is None:
            shown = clock_of(column.type.tz)
            return [None if instant is None else shown(instant) for instant in instants]
        unit_ns = UNITS_NS[self.epoch]
        return [None if instant is None else instant // unit_ns for instant in instants]

    def _number(self, value: object) -> object:
        if not isinstance(value, float) or math.isnan(value):
            return None
        if math.isinf(value):
            if self.infinite:
                return value
            sign = "+" if value > 0 else "-"
            raise UnsupportedValueError(f"json: unsupported value: {sign}Inf")
        return int(value) if value.is_integer() and abs(value) < INTEGRAL_BELOW else value


def clock_of(zone: str | None) -> Callable[[int], str]:
    """Give what shows an instant in a zone as RFC 3339, with as many digits as it needs."""
    place = None if zone is None else ZoneInfo(zone)

    def shown(instant_ns: int) -> str:
        seconds, rest = divmod(instant_ns, SECOND_NS)
        moment = EPOCH + timedelta(seconds=seconds)
        if place is None:
            return f"{moment:%Y-%m-%dT%H:%M:%S}{_fraction(rest)}Z"
        local = moment.astimezone(place).isoformat()
        return local[:19] + _fraction(rest) + ("Z" if local.endswith("+00:00") else local[19:])

    return shown


def _fraction(nanoseconds: int) -> str:
    if nanoseconds == 0:
        return ""
    digits = f"{nanoseconds:09}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f".{digits}"


class _Bytes(io.RawIOBase):
    """The chunks of a query as the file that Arrow reads."""

    def __init__(self, stream: QueryStream) -> None:
        super().__init__()
        self._stream = stream
        self._rest = b""

    def readable(self) -> bool:
        """Tell Arrow that it may."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Give that many bytes, fewer at the end."""
        pieces, missing = [], size
        while missing > 0:
            if not self._rest:
                self._rest = self._stream.next_chunk() or b""
            if not self._rest:
                break
            pieces.append(self._rest[:missing])
            self._rest = self._rest[missing:]
            missing -= len(pieces[-1])
        return b"".join(pieces)


def runs(stream: QueryStream, rendering: Rendering) -> Iterator[Run]:
    """Give the runs of an answer. Raises `UnsupportedValueError`, and what the query raises."""
    with pa.ipc.open_stream(pa.PythonFile(_Bytes(stream), mode="r")) as reader:
        tags = _tag_columns(reader.schema)
        for batch in reader:
            yield from _runs_of(batch, tags, rendering)


def _tag_columns(schema: pa.Schema) -> list[tuple[str, int, bool]]:
    """Give each tag of the groups, its column, and whether it is shown among the values."""
    told = (schema.metadata or {}).get(GROUP_KEY)
    columns = [] if told is None else json.loads(told)["tag_key_columns"]
    return [(tag["tag_key"], tag["column_index"], tag["is_projected"]) for tag in columns]


def _runs_of(
    batch: pa.RecordBatch, tags: list[tuple[str, int, bool]], rendering: Rendering
) -> Iterator[Run]:
    hidden = {0} | {index for _, index, shown in tags if not shown}
    shown = [index for index in range(batch.num_columns) if index not in hidden]
    names = [batch.schema.field(index).name for index in shown]
    columns = [rendering.column(batch.column(index)) for index in shown]
    keys = list(zip(*(batch.column(index).to_pylist() for index in _key(tags)), strict=True))
    for key, rows in groupby(range(batch.num_rows), keys.__getitem__):
        places = list(rows)
        first, last = places[0], places[-1] + 1
        values = [list(row) for row in zip(*(one[first:last] for one in columns), strict=True)]
        labels = {tag: value or "" for (tag, _, _), value in zip(tags, key[1:], strict=True)}
        yield Run(key[0], labels, names, values)


def _key(tags: list[tuple[str, int, bool]]) -> list[int]:
    return [0, *(index for _, index, _ in tags)]
