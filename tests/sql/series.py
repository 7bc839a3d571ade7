"""The documents of `/query`, put together row by row from the rows of `/api/v3/query_influxql`."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import msgspec

from influxpe._engine import Engine
from influxpe.engine_types import Epoch
from tests.sql.engines import answer

UNITS_NS: dict[Epoch, int] = {
    "ns": 1,
    "u": 10**3,
    "µ": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86400 * 10**9,
    "w": 7 * 86400 * 10**9,
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Question:
    """A selection of columns from a measurement, in groups of tags."""

    measurement: str
    columns: Sequence[str]
    tags: Sequence[str] = ()
    epoch: Epoch | None = None

    def text(self) -> str:
        """Give it in InfluxQL."""
        text = f"SELECT {', '.join(self.columns)} FROM {self.measurement}"  # noqa: S608
        return f"{text} GROUP BY {', '.join(self.tags)}" if self.tags else text


def expected_series(engine: Engine, asked: Question) -> list[dict[str, Any]]:
    """Give the series of a question."""
    rows = json.loads(answer(engine, asked.text(), format="json", language="influxql"))

    def key(row: dict[str, Any]) -> dict[str, str]:
        return {tag: row.get(tag, "") for tag in sorted(asked.tags)}

    return [
        {
            "name": asked.measurement,
            **({"tags": tags} if tags else {}),
            "columns": ["time", *asked.columns],
            "values": [_values(row, asked) for row in found],
        }
        for tags, found in groupby(rows, key)
    ]


def _values(row: dict[str, Any], asked: Question) -> list[object]:
    return [_time(row["time"], asked.epoch), *(_number(row.get(name)) for name in asked.columns)]


def _number(value: object) -> object:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return int(value)
    return value


def _time(text: str, epoch: Epoch | None) -> object:
    second, _, fraction = text.partition(".")
    if epoch is None:
        while fraction.endswith("000"):
            fraction = fraction[:-3]
        return f"{second}.{fraction}Z" if fraction else f"{second}Z"
    since = datetime.fromisoformat(second).replace(tzinfo=UTC) - EPOCH
    seconds = since.days * 86400 + since.seconds
    return (seconds * 10**9 + int(fraction.ljust(9, "0"))) // UNITS_NS[epoch]


def expected_chunks(number: int, series: list[dict[str, Any]], rows: int) -> list[dict[str, Any]]:
    """Give the documents of a result in chunks of that many rows."""
    pieces = [
        (one | {"values": one["values"][start : start + rows]}, start + rows < len(one["values"]))
        for one in series
        for start in range(0, len(one["values"]), rows)
    ]
    return [
        {
            "results": [
                {"statement_id": number, "series": [one | ({"partial": True} if more else {})]}
                | ({"partial": True} if at < len(pieces) else {})
            ]
        }
        for at, (one, more) in enumerate(pieces, start=1)
    ]


def expected_csv(series: list[dict[str, Any]]) -> str:
    """Give the lines of a result."""
    return "".join(",".join(map(_cell, cells)) + "\n" for cells in _rows(series))


def _rows(series: list[dict[str, Any]]) -> Iterator[list[object]]:
    if series:
        yield ["name", "tags", *series[0]["columns"]]
    for one in series:
        tags = ",".join(f"{name}={value}" for name, value in one.get("tags", {}).items())
        for row in one["values"]:
            yield [one["name"], tags, *row]


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    if isinstance(value, bool):
        return text.lower()
    return '"' + text.replace('"', '""') + '"' if "," in text or '"' in text else text


def pretty(document: object) -> bytes:
    """Give a document indented."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2)
