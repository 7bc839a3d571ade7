"""Rows on their way to files and back, without HTTP: storing, merging, replay, and who waits."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.generator import bodies
from benches.load import percentile
from influxpe._engine import Engine

LINES_PER_BATCH = 5_000
BATCHES = 100
ROWS = BATCHES * LINES_PER_BATCH
HOSTS = 4_000
LAYERS = 4
ROUNDS = 3


@pytest.fixture(scope="module")
def batches() -> list[bytes]:
    """Give new rows for every round, all of 4,000 hosts."""
    return bodies(BATCHES * LAYERS * (ROUNDS + 1), LINES_PER_BATCH, HOSTS)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Open an engine whose buffer takes all rows of a bench."""
    opened = open_engine(tmp_path)
    yield opened
    opened.close()


def open_engine(folder: Path) -> Engine:
    return Engine.open(str(folder), buffer_bytes_max=2**33, query_bytes_max=2**28, query_threads=1)


def write(engine: Engine, database: str, body: bytes) -> int:
    ticket = engine.write(
        database,
        body,
        precision="nanosecond",
        accept_partial=False,
        no_sync=False,
        now_ns=0,
    )
    return ticket.sequence


def fill(engine: Engine, part: list[bytes]) -> None:
    last = max(write(engine, "bench", body) for body in part)
    engine.wait(last)


def test_storing_the_buffer(
    benchmark: BenchmarkFixture, engine: Engine, batches: list[bytes]
) -> None:
    """Sort, encode and commit, while a writer of single rows waits for each of its answers."""
    waits_ms: list[float] = []
    parts = iter(range(0, len(batches), BATCHES))

    def next_part() -> None:
        start = next(parts)
        fill(engine, batches[start : start + BATCHES])

    def store() -> None:
        while_writing(engine, engine.persist, waits_ms)

    benchmark.pedantic(store, setup=next_part, rounds=ROUNDS)
    benchmark.extra_info |= {"unit": "rows/s", "quantity": ROWS} | acknowledgements(waits_ms)


def test_merging_four_layers(
    benchmark: BenchmarkFixture, engine: Engine, batches: list[bytes]
) -> None:
    """Merge what was stored one by one, while a writer of single rows waits for its answers."""
    waits_ms: list[float] = []
    for start in range(0, LAYERS * BATCHES, BATCHES):
        fill(engine, batches[start : start + BATCHES])
        if start + BATCHES < LAYERS * BATCHES:
            engine.persist()  # the fourth layer would be merged at once, unmeasured

    def store_and_merge() -> None:
        engine.persist()
        engine.compact()

    def merge() -> None:
        while_writing(engine, store_and_merge, waits_ms)

    benchmark.pedantic(merge, rounds=1)
    stored = engine.stats()
    benchmark.extra_info |= {"unit": "rows/s", "quantity": LAYERS * ROWS}
    benchmark.extra_info |= acknowledgements(waits_ms)
    benchmark.extra_info["stored_bytes_per_row"] = stored.stored_bytes / (LAYERS * ROWS)


def test_replay_of_the_log(
    benchmark: BenchmarkFixture, tmp_path: Path, batches: list[bytes]
) -> None:
    """Open a data directory all of whose rows are in its log."""
    engine = open_engine(tmp_path)
    fill(engine, batches[: LAYERS * BATCHES])
    engine.close()

    def replay() -> None:
        open_engine(tmp_path).close()

    benchmark.pedantic(replay, rounds=ROUNDS)
    benchmark.extra_info |= {"unit": "rows/s", "quantity": LAYERS * ROWS}


def while_writing(engine: Engine, work: Callable[[], None], waits_ms: list[float]) -> None:
    """Do work in a thread of its own, and write single rows until it has ended."""
    thread = threading.Thread(target=work)
    thread.start()
    while thread.is_alive():
        started_s = perf_counter()
        engine.wait(write(engine, "single", f"m v=1i {len(waits_ms)}".encode()))
        waits_ms.append((perf_counter() - started_s) * 1_000)
    thread.join()


def acknowledgements(waits_ms: list[float]) -> dict[str, float]:
    ordered = sorted(waits_ms)
    return {"ack_p50_ms": percentile(ordered, 0.5), "ack_p99_ms": percentile(ordered, 0.99)}
