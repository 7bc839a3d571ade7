"""Measures one system: ingest, disk, questions, single rows, in this order."""

import http.client
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path

from benches.generator import bodies
from benches.load import percentile, send_all
from benches.peers import figures
from benches.peers.disk import bytes_below
from benches.peers.figures import Measured
from benches.peers.influxpe_itself import BODIES_PER_LATE, Influxpe
from benches.peers.questions import Question
from benches.peers.system import REQUEST_SECONDS_MAX, Request, System

CONNECTIONS = 4
WRITERS = 64
ROUNDS = 3
TIMES = 20
WARMING = 3
# What takes longer than this is asked less: it is nobody's best, and a run has an end.
SLOW_SECONDS = 1.0
TIMES_OF_SLOW = 5
SYNCS = 500
BLOCK_BYTES = 4096


def ingest(system: System, rounds: list[list[bytes]], rows: int, into: Measured) -> None:
    """Load all rows, a round at a time, and let them come to rest."""
    before_s = system.cpu_seconds()
    rates = []
    for batches in rounds:
        took_s = seconds_of(partial(post, system, batches, CONNECTIONS))
        rates.append(rows / len(rounds) / took_s)
    answered_s = system.cpu_seconds()
    system.settle()
    settled_s = system.cpu_seconds()
    stored, what = system.stored(rows)
    into.values |= {
        figures.INGEST_BEST: max(rates),
        figures.INGEST_MEDIAN: statistics.median(rates),
        figures.CPU_INGEST: (answered_s - before_s) / rows * 1e6,
        figures.CPU_SETTLED: (settled_s - before_s) / rows * 1e6,
        figures.DISK: stored,
        figures.DISK_WHOLE: bytes_below(system.data) / rows,
    }
    into.notes[figures.DISK] = what


def ask_stored(
    system: Influxpe, batches: list[bytes], asked: list[Question], into: Measured
) -> None:
    """Ask with all rows in files, and where new rows and late ones are in the buffer."""
    late = batches[BODIES_PER_LATE // 2 :: BODIES_PER_LATE] if into.role == "mixture" else []
    new = batches[-(len(batches) // BODIES_PER_LATE) :] if late else []
    post(system, batches[: len(batches) - len(new)], CONNECTIONS)
    system.store_all()
    post(system, new + late, CONNECTIONS)
    ask_all(system, asked, into)


def post(system: System, batches: list[bytes], connections: int) -> list[float]:
    """Write bodies; gives the time of each answer in ms, sorted."""
    return send_all(system.address, system.write_path, batches, connections=connections)


def seconds_of(work: Callable[[], object]) -> float:
    """Give how long a piece of work takes."""
    began_ns = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - began_ns) / 1e9


def single_rows(system: System, alone: int, together: int, into: Measured) -> None:
    """Write one row a request, into a table of its own: one client, then 64 at a time.

    No row is written twice.
    """
    made = bodies(alone + ROUNDS * (alone + together), 1)
    rows = iter([body.replace(b"cpu,", b"single,", 1) for body in made])
    into.values[figures.SYNC] = sync_ms(system.folder / "overwritten")
    post(system, list(islice(rows, alone)), 1)
    found = [post(system, list(islice(rows, alone)), 1) for _ in range(ROUNDS)]
    best = min(found, key=lambda times_ms: percentile(times_ms, 0.5))
    into.values[figures.ACK_P50] = percentile(best, 0.5)
    into.values[figures.ACK_P99] = percentile(best, 0.99)
    shares = [list(islice(rows, together)) for _ in range(ROUNDS)]
    fastest_s = min(seconds_of(partial(post, system, share, WRITERS)) for share in shares)
    into.values[figures.ACKS] = together / fastest_s


def sync_ms(path: Path) -> float:
    """Give the median time of an overwrite and its `fdatasync`, on the disk of the data."""
    path.write_bytes(bytes(BLOCK_BYTES))
    with path.open("r+b", buffering=0) as file:
        os.fsync(file.fileno())
        times_s = [seconds_of(partial(overwrite, file.fileno())) for _ in range(SYNCS)]
    return 1000 * statistics.median(times_s)


def overwrite(descriptor: int) -> None:
    """Write the first block again, and have it on disk."""
    os.pwrite(descriptor, bytes(BLOCK_BYTES), 0)
    os.fdatasync(descriptor)


def ask_all(system: System, asked: list[Question], into: Measured) -> None:
    """Ask each question again and again, over one kept-alive connection."""
    connection = http.client.HTTPConnection(system.address, timeout=REQUEST_SECONDS_MAX)
    for question in asked:
        request = system.request(question)
        if request is None:
            continue
        into.answers[question.name] = system.read(ask(connection, request))
        into.values[figures.asked(question.name)] = median_ms(partial(ask, connection, request))
    connection.close()


def ask(connection: http.client.HTTPConnection, request: Request) -> bytes:
    """Ask once and read the whole answer; nothing of it is decoded."""
    connection.request(request.method, request.path, request.body)
    response = connection.getresponse()
    text = response.read()
    assert response.status == 200, (request, text[:500])
    return text


def median_ms(work: Callable[[], object]) -> float:
    """Give the median time of repeated work that is warm; slow work is repeated less."""
    slow = seconds_of(work) > SLOW_SECONDS
    for _ in range(0 if slow else WARMING - 1):
        work()
    times = TIMES_OF_SLOW if slow else TIMES
    return 1000 * statistics.median(seconds_of(work) for _ in range(times))
