"""A plugin that counts, while its server, its worker and what starts workers are killed at random.

In the end each row that was written has one derived row, the count in the state of the trigger has
gone up by one with each of them, and the history has as many: all that is one piece in the log.
"""

import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api_client import ApiClient
from tests.kills import kills, kills_seconds_max
from tests.polling import eventually
from tests.processes import children
from tests.server_process import ServerProcess, serve_command

KILLS_USUAL = 10
KILLS = kills(KILLS_USUAL)
SECONDS_BEFORE_KILL = (0.05, 0.6)
ROWS_PER_WRITE = 5
WRITERS = 2
SEED = random.SystemRandom().randrange(2**32)
DATABASE = "kill"
VICTIMS = ("server", "template", "worker", "worker")  # the last dies without harm between two runs

# No timestamps: a row that is served twice leaves two points. It rests within the run, so that some
# of the kills meet it there.
COUNTING = """
import time

def process_writes(influxdb3_local, table_batches, args=None):
    count = influxdb3_local.state.get("count", 0)
    for batch in table_batches:
        for row in batch["rows"]:
            count += 1
            line = LineBuilder("derived").tag("row", str(row["n"]))
            influxdb3_local.write(line.int64_field("n", row["n"]).int64_field("count", count))
        influxdb3_local.state.put("count", count)
        time.sleep(0.01)
"""


class Writer:
    """Writes numbers of its own until it is told to stop, through kills of the server."""

    def __init__(self, number: int) -> None:
        self.acknowledged: set[int] = set()
        self._next = number

    def run(self, url: str, stop: threading.Event) -> None:
        """Write until the server has gone or `stop` is set."""
        with ApiClient(url) as client, suppress(httpx.TransportError):
            while not stop.is_set():
                self._write(client)

    def _write(self, client: ApiClient) -> None:
        numbers = [self._next + WRITERS * n for n in range(ROWS_PER_WRITE)]
        self._next += WRITERS * ROWS_PER_WRITE
        client.write_all(DATABASE, "\n".join(f"source n={n}i {n + 1}" for n in numbers))
        self.acknowledged |= set(numbers)


@contextmanager
def writing(writers: list[Writer], url: str) -> Iterator[None]:
    """Let all writers write meanwhile."""
    stop = threading.Event()
    threads = [threading.Thread(target=writer.run, args=(url, stop)) for writer in writers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def kill_one(server: ServerProcess, victim: str) -> None:
    """End the server, the process that starts plugins, or a worker; the last two come again."""
    if victim == "server":
        server.kill()
        return
    templates = eventually(lambda: children(server.pid), bool)
    if victim == "template":
        found = templates
    else:
        found = eventually(lambda: [p for t in children(server.pid) for p in children(t)], bool)
    with suppress(ProcessLookupError):  # it has just ended
        os.kill(found[0], signal.SIGKILL)


def rows_of(server: ServerProcess, table: str) -> list[dict[str, Any]]:
    """Give all rows of a table."""
    with ApiClient(server.url) as client:
        return client.rows(DATABASE, f"SELECT * FROM {table}")  # noqa: S608 - names of this file


def start_counting(server: ServerProcess) -> None:
    """Make the trigger, which tries a run again when its process has died."""
    settings = {"run_async": False, "error_behavior": "retry"}
    with ApiClient(server.url) as client:
        client.write_all(DATABASE, "other v=1i 1")
        created = client.create_trigger(
            DATABASE,
            "counting",
            specification="table:source",
            plugin="counting.py",
            settings=settings,
        )
        assert created.status_code == 200, created.text


@pytest.mark.timeout(kills_seconds_max(KILLS_USUAL))
def test_a_count_over_rows_survives_kills_of_every_process(tmp_path: Path) -> None:
    print(f"seed {SEED}")  # noqa: T201 - pytest shows it when the test fails
    choice = random.Random(SEED)  # noqa: S311 - a repeatable choice, not a secret
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "counting.py").write_text(COUNTING)
    options = ["--plugin-dir", str(plugins), "--wal-flush-interval", "20ms"]
    writers = [Writer(number) for number in range(WRITERS)]
    with ServerProcess(tmp_path, serve_command(tmp_path / "data", *options)) as server:
        start_counting(server)
        for _ in range(KILLS):
            victim = choice.choice(VICTIMS)
            with writing(writers, server.url):
                threading.Event().wait(choice.uniform(*SECONDS_BEFORE_KILL))
                kill_one(server, victim)
            if not server.running():
                server.start()
        acknowledged = set().union(*(writer.acknowledged for writer in writers))
        assert len(acknowledged) > KILLS * ROWS_PER_WRITE
        source = {row["n"] for row in rows_of(server, "source")}
        assert acknowledged <= source
        derived = eventually(
            lambda: rows_of(server, "derived"), lambda rows: len(rows) >= len(source), seconds=40
        )
        runs = rows_of(server, "system.processing_engine_runs")
    assert sorted(row["n"] for row in derived) == sorted(source)
    assert sorted(row["count"] for row in derived) == list(range(1, len(source) + 1))
    assert sum(run["rows_in"] for run in runs if run["status"] == "ok") == len(source)
