"""`kill -9` at random moments under concurrent writes: what was acknowledged is there, once."""

import random
from pathlib import Path

import pytest

from tests.acceptance.accounts import check_counts, check_points
from tests.acceptance.writers import Writer, kill_under_writes
from tests.kills import kills, kills_seconds_max
from tests.server_process import ServerProcess, serve_command

KILLS_USUAL = 24
KILLS = kills(KILLS_USUAL)
SECONDS_BEFORE_KILL = (0.02, 0.5)
SEED = random.SystemRandom().randrange(2**32)

# Megabytes of memory for rows; a quarter of it is stored at a time.
SMALL_BUFFER = ("--force-snapshot-mem-threshold", "8")


@pytest.mark.timeout(kills_seconds_max(KILLS_USUAL))
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
            kill_under_writes(server, writers, seconds=moments.uniform(*SECONDS_BEFORE_KILL))
            check_counts(server.url, writers)
        assert sum(len(writer.unanswered) for writer in writers) >= KILLS
        check_points(server.url, writers)
    assert bool(list(tmp_path.rglob("*.parquet"))) == bool(options)
