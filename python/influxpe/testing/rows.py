"""Line protocol and answers of queries as plain Python values."""

from typing import Any

import pyarrow as pa

from influxpe._engine import Engine
from influxpe.engine_types import Scalar
from influxpe.testing.report import WrittenRow
from influxpe.worker.rows import Rows, query_rows

# A test looks at what it asked for; more than this was not meant.
QUERY_BYTES_MAX = 256 * 1024 * 1024


class QueryTooLarge(Exception):
    """The answer of a query is over `QUERY_BYTES_MAX`."""


def parse(engine: Engine, text: str, now_ns: int) -> list[WrittenRow]:
    """Give the rows of lines, as a trigger would receive them."""
    found: list[WrittenRow] = []
    for table in engine.parse_lines(text, now_ns=now_ns):
        rows = Rows(table.ipc())
        schema = rows.to_arrow().schema
        tags = {column.name for column in schema if pa.types.is_dictionary(column.type)}
        found += [_row(table.name, row, tags) for row in rows.copy()]
    return found


def _row(table: str, row: dict[str, Any], tags: set[str]) -> WrittenRow:
    return {
        "table": table,
        "tags": {name: value for name, value in row.items() if name in tags},
        "fields": {k: v for k, v in row.items() if k not in tags and k != "time"},
        "time": row["time"],
    }


def query(engine: Engine, database: str, sql: str, params: dict[str, Scalar] | None) -> bytes:
    """Give the answer of a query as an Arrow IPC stream. Raises `QueryTooLarge`."""
    stream = engine.query(database, sql, params=params, format="arrow")
    content = bytearray()
    while chunk := stream.next_chunk():
        content += chunk
        if len(content) > QUERY_BYTES_MAX:
            raise QueryTooLarge(f"the answer is over {QUERY_BYTES_MAX} bytes of Arrow")
    return bytes(content)


def as_dicts(answer: bytes) -> list[dict[str, Any]]:
    """Give the rows of an answer as a plugin gets them: times are in nanoseconds."""
    return [dict(row) for row in query_rows(answer)]


def as_table(answer: bytes) -> pa.Table:
    """Give an answer as an Arrow table."""
    with pa.ipc.open_stream(answer) as reader:
        return reader.read_all()
