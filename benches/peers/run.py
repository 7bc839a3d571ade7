"""Measures influxpe and its peers one after another, and says how they compare.

Usage: python -m benches.peers.run [--small] [--document FILE]

A peer that cannot be had is left out, and a line says why. What was started is ended, and what was
written is removed, whatever happens.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from importlib import metadata
from pathlib import Path
from types import FrameType

from benches.generator import bodies
from benches.peers import duckdb_inside, measure, report
from benches.peers.download import NotInstalledError, java_archive, program, version
from benches.peers.figures import Measured, Role, differences
from benches.peers.influxdb1 import InfluxDB1
from benches.peers.influxpe_itself import Influxpe
from benches.peers.questdb import QuestDB
from benches.peers.questions import Question, questions
from benches.peers.system import System
from benches.peers.victoriametrics import VictoriaMetrics
from tests.server_process import SCRIPTS

# A run ends before a person gives up on it.
RUN_SECONDS_MAX = 1_800
FAILURES = (AssertionError, OSError, HTTPException)
LINES_PER_BODY = 5_000
ROUNDS = 5


class StoppedError(Exception):
    """Why a run ends before everything is measured; no kind of error that is waited out."""


@dataclass(frozen=True)
class Size:
    """How much is measured: the rows of each number of hosts, and single rows."""

    rows: dict[int, int]
    alone: int
    together: int


FULL = Size(rows={100: 2_600_000, 4_000: 3_000_000}, alone=2_000, together=20_000)
SMALL = Size(rows={100: 100_000, 4_000: 100_000}, alone=200, together=2_000)
# 100 hosts have 72 hours of rows, 4,000 have 12.
INTERVALS_NS = {100: 10_000_000_000, 4_000: 57_600_000_000}
QUESTDB_VERSION = "9.3.4"


@dataclass(frozen=True)
class Candidate:
    """A system that can be had: its program, and its version."""

    kind: Callable[[Path, Path], System]
    program: Path
    version: str


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def candidates() -> list[Candidate]:
    """Give ours and the peers that can be had."""
    found = [Candidate(Influxpe, SCRIPTS / "influxpe", metadata.version("influxpe"))]
    peers: list[tuple[type[System], str, str]] = [
        (VictoriaMetrics, "victoria-metrics", "usr/bin/victoria-metrics"),
        (InfluxDB1, "influxdb", "usr/bin/influxd"),
    ]
    for kind, package, path in peers:
        try:
            found.append(Candidate(kind, program(package, path), version(package)))
        except NotInstalledError as failure:
            say(f"LEFT OUT: {kind.name}: {failure}")
    try:
        archive = java_archive("org.questdb", "questdb", QUESTDB_VERSION)
        found.append(Candidate(QuestDB, archive, QUESTDB_VERSION))
    except NotInstalledError as failure:
        say(f"LEFT OUT: {QuestDB.name}: {failure}")
    return found


def rows_of(rounds: list[list[bytes]]) -> int:
    """Count the rows of all bodies."""
    return sum(map(len, rounds)) * LINES_PER_BODY


def measure_place(
    candidate: Candidate, role: Role, rounds: list[list[bytes]], asked: list[Question], folder: Path
) -> Measured:
    """Ask ours again, with its rows in another place."""
    name = "influxpe in Parquet" if role == "place" else "influxpe mixed"
    say(f"measuring {name}")
    found = Measured(name, "synced to disk", candidate.version, role=role)
    with Influxpe(candidate.program, folder) as system:
        measure.ask_stored(system, [body for part in rounds for body in part], asked, found)
    return found


def measure_one(
    system: System,
    of: str,
    rounds: list[list[bytes]],
    asked: list[Question],
    singles: Size | None,
) -> Measured:
    """Measure one system from an empty folder on."""
    found = Measured(system.name, system.promise, of)
    with system:
        measure.ingest(system, rounds, rows_of(rounds), found)
        measure.ask_all(system, asked, found)
        if singles:
            measure.single_rows(system, singles.alone, singles.together, found)
    return found


def measure_all(systems: list[Candidate], hosts: int, size: Size, folder: Path) -> list[Measured]:
    """Write the same rows to each system in turn."""
    rows, interval_ns = size.rows[hosts], INTERVALS_NS[hosts]
    say(f"making {rows:,} rows of {hosts:,} hosts")
    batches = bodies(rows // LINES_PER_BODY, LINES_PER_BODY, hosts, interval_ns)
    asked = questions(hosts, rows, interval_ns)
    singles = size if hosts == min(INTERVALS_NS) else None
    share = len(batches) // ROUNDS
    rounds = [batches[n * share : (n + 1) * share] for n in range(ROUNDS)]
    found: list[Measured] = []
    for candidate in systems:
        system = candidate.kind(candidate.program, folder / f"{candidate.program.name}-{hosts}")
        say(f"measuring {system.name}")
        try:
            found.append(measure_one(system, candidate.version, rounds, asked, singles))
        except FAILURES as failure:
            if not found:  # ours: nothing to compare with
                raise
            say(f"LEFT OUT: {system.name} with {hosts:,} hosts: {failure}")
    say(f"measuring {duckdb_inside.NAME}")
    found.append(duckdb_inside.measure(rounds, asked))
    roles: tuple[Role, ...] = ("place", "mixture")
    places = [measure_place(systems[0], r, rounds, asked, folder / f"{r}-{hosts}") for r in roles]
    return found[:1] + places + found[1:]


def stop(number: int, frame: FrameType | None) -> None:
    """End the run in order."""
    why = f"not done after {RUN_SECONDS_MAX} s" if number == signal.SIGALRM else "asked to end"
    raise StoppedError(why)


def measure_tables(size: Size) -> list[str]:
    """Measure for each number of hosts, and print each table once it is whole."""
    tables, systems = [], candidates()
    with tempfile.TemporaryDirectory(prefix="influxpe-peers-") as folder:
        for hosts in INTERVALS_NS:
            found = measure_all(systems, hosts, size, Path(folder))
            tables.append(report.table(hosts, size.rows[hosts], found))
            say(f"\n{tables[-1]}")
            for line in differences(found):
                say(f"THE ANSWERS DIFFER: {line}")
    return tables


def main() -> None:
    """Run, print, and write the document if one is named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--small", action="store_true", help="fewer rows, to try it out")
    parser.add_argument("--document", type=Path, help="write the tables into this file")
    options = parser.parse_args()
    for number in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, stop)
    signal.alarm(RUN_SECONDS_MAX)
    load = os.getloadavg()[0]
    try:
        written = report.document(measure_tables(SMALL if options.small else FULL), load)
    except StoppedError as why:
        sys.exit(f"bench-peers: {why}")
    if options.document:
        report.put(options.document, written)


if __name__ == "__main__":
    main()
