"""DuckDB, asked in this process: no server, no HTTP, a table of its own in a file.

It is filled from the same lines, read by Python beforehand: that is no ingest, and is not timed.
"""

import tempfile
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from benches.generator import FIELDS
from benches.peers import figures, sql
from benches.peers.figures import Measured
from benches.peers.measure import median_ms
from benches.peers.questions import Answer, Question

NAME = "DuckDB, in process"
FIRST, MORE = "CREATE TABLE cpu AS FROM part", "INSERT INTO cpu FROM part"
# What is asked of others in other words.
BIN, DATE_BIN = "time_bucket(", "date_bin("


def measure(rounds: list[list[bytes]], asked: list[Question]) -> Measured:
    """Fill a table, and ask it; what is timed ends with the answer as an Arrow table."""
    found = Measured(NAME, "not asked to write", metadata.version("duckdb"))
    with tempfile.TemporaryDirectory(prefix="influxpe-duckdb-") as folder:
        with duckdb.connect(str(Path(folder) / "cpu.duckdb")) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            fill(connection, rounds)
            for question in asked:
                ask_once = partial(ask, connection, spelled(question))
                found.answers[question.name] = summed(ask_once())
                found.values[figures.asked(question.name)] = median_ms(ask_once)
    return found


def fill(connection: duckdb.DuckDBPyConnection, rounds: list[list[bytes]]) -> None:
    """Bring all rows into a table."""
    for number, body in enumerate(body for batches in rounds for body in batches):
        connection.register("part", table_of(body))
        connection.execute(MORE if number else FIRST)
        connection.unregister("part")
    connection.execute("CHECKPOINT")


def table_of(body: bytes) -> pa.Table:
    """Read the lines of a body, all of which have the same tags and fields in the same order."""
    rows = [line.split(" ") for line in body.decode().splitlines()]
    tags = [[pair.split("=")[1] for pair in key.split(",")[1:]] for key, _, _ in rows]
    names = [pair.split("=")[0] for pair in rows[0][0].split(",")[1:]]
    values = [[int(pair.split("=")[1][:-1]) for pair in pairs.split(",")] for _, pairs, _ in rows]
    columns: dict[str, Any] = dict(zip(names, map(pa.array, zip(*tags, strict=True)), strict=True))
    columns |= dict(zip(FIELDS, map(pa.array, zip(*values, strict=True)), strict=True))
    columns["time"] = pa.array([int(time_ns) // 1000 for _, _, time_ns in rows], pa.timestamp("us"))
    return pa.table(columns)


def spelled(question: Question) -> str:
    """Write a question as a statement: as for influxpe, but for two functions."""
    statement = sql.spelled(question).replace(DATE_BIN, BIN)
    return statement.replace("to_timestamp_seconds(", "make_timestamp(1000000::BIGINT * ")


def ask(connection: duckdb.DuckDBPyConnection, statement: str) -> pa.Table:
    """Ask once, and have the whole answer."""
    answer: pa.Table | None = connection.sql(statement).to_arrow_table()
    assert answer is not None
    return answer


def summed(answer: pa.Table) -> Answer:
    """Count the rows and add up their numbers."""
    total = 0.0
    for column in answer.columns:
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            total += sum(value for value in column.to_pylist() if value is not None)
    return Answer(answer.num_rows, total)
