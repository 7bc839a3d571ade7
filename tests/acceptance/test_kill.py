"""`kill -9` at random moments under concurrent writes: what was acknowledged is there, once."""

import random
import threading
from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance.writers import FIRST_TIMESTAMP_NS, Batch, Writer, value_of, write_until_killed
from tests.api_client import ApiClient
from tests.server_process import ServerProcess, serve_command

KILLS = 24
SECONDS_BEFORE_KILL = (0.02, 0.5)
SEED = random.SystemRandom().randrange(2**32)

Stored = dict[tuple[int, int], int]


# Megabytes of memory for rows; a quarter of it is stored at a time.
SMALL_BUFFER = ("--force-snapshot-mem-threshold", "16")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("options", [(), SMALL_BUFFER], ids=["in the log", "in files"])
def test_acknowledged_points_survive_kill_exactly_once(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    print(f"seed {SEED}")  # noqa: T201 - pytest shows it when the test fails
    moments = random.Random(SEED)  # noqa: S311 - a repeatable choice, not a secret
    writers = [Writer(0, 1), Writer(1, 1), Writer(2, 100), Writer(3, 500)]
    server = ServerProcess(tmp_path, serve_command(tmp_path / "data", *options))
    with server:
        for _ in range(KILLS):
            kill_once(server, writers, seconds=moments.uniform(*SECONDS_BEFORE_KILL))
        check(server, writers)
    assert bool(list(tmp_path.rglob("*.parquet"))) == bool(options)


def kill_once(server: ServerProcess, writers: list[Writer], *, seconds: float) -> None:
    if not server.running():
        server.start()
    threads = write_until_killed(writers, server.address, seconds=seconds)
    server.kill()
    join(threads)
    server.start()
    check_counts(server, writers)


def join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(timeout=20)
        assert not thread.is_alive()


def check_counts(server: ServerProcess, writers: list[Writer]) -> None:
    """Compare counts after each kill: nothing acknowledged is missing, nothing is too much."""
    query = "SELECT writer, count(*) AS points FROM points GROUP BY writer"
    with ApiClient(server.url) as client:
        counted = {int(row["writer"]): row["points"] for row in client.rows("kill", query)}
    for writer in writers:
        assert writer.refused == []
        least = sum(batch.last - batch.first + 1 for batch in writer.acknowledged)
        most = least + sum(batch.last - batch.first + 1 for batch in writer.unanswered)
        assert least <= counted.get(writer.number, 0) <= most, f"writer {writer.number}"


def check(server: ServerProcess, writers: list[Writer]) -> None:
    """Compare every stored point with the account of its writer."""
    assert all(writer.acknowledged for writer in writers)
    assert sum(len(writer.unanswered) for writer in writers) >= KILLS
    stored = read_points(server)
    for writer in writers:
        for batch in writer.acknowledged:
            assert all_there(stored, writer.number, batch)
        for batch in writer.unanswered:
            assert whole_or_not_at_all(stored, writer.number, batch)
    assert stored == {}, "points that nobody sent"


def read_points(server: ServerProcess) -> Stored:
    """Read all points back as (writer, sequence) -> value; a point that comes twice fails."""
    query = "SELECT writer, CAST(time AS BIGINT) AS t, value FROM points"
    with ApiClient(server.url) as client:
        answer = client.sql("kill", query, format="csv")
    assert answer.status_code == 200, answer.text
    rows = [line.split(",") for line in answer.text.splitlines()[1:]]
    points = [((int(w), int(t) - FIRST_TIMESTAMP_NS), int(value)) for w, t, value in rows]
    counted = Counter(point for point, _ in points)
    assert [point for point, times in counted.items() if times > 1] == []
    return dict(points)


def all_there(stored: Stored, writer: int, batch: Batch) -> bool:
    sequences = range(batch.first, batch.last + 1)
    return all(stored.pop((writer, n), None) == value_of(writer, n) for n in sequences)


def whole_or_not_at_all(stored: Stored, writer: int, batch: Batch) -> bool:
    absent = (writer, batch.first) not in stored
    if not absent:
        return all_there(stored, writer, batch)
    return all((writer, n) not in stored for n in range(batch.first, batch.last + 1))
