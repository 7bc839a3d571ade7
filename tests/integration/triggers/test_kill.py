"""`kill -9` of the server while a trigger works: every row is served, and served once."""

import random
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from tests.api_client import ApiClient
from tests.kills import kills, kills_seconds_max
from tests.polling import eventually
from tests.server_process import ServerProcess, serve_command

KILLS_USUAL = 8
KILLS = kills(KILLS_USUAL)
SECONDS_BEFORE_KILL = (0.1, 0.8)
ROWS_PER_WRITE = 5
SEED = random.SystemRandom().randrange(2**32)

# No timestamps: a row that is served twice leaves two points.
COPY = """
def process_writes(influxdb3_local, table_batches, args=None):
    for batch in table_batches:
        for row in batch["rows"]:
            line = LineBuilder("served").tag("n", str(row["n"])).int64_field("value", row["n"])
            influxdb3_local.write(line)
"""


class Numbers:
    """Writes numbers, one after the other, and keeps which were acknowledged."""

    def __init__(self) -> None:
        self.next = 0
        self.acknowledged: set[int] = set()

    def write_until_killed(self, server: ServerProcess, seconds: float) -> None:
        """Write for some time, then end the server in the middle of it."""
        deadline_s = time.monotonic() + seconds
        with ApiClient(server.url) as client:
            while time.monotonic() < deadline_s:
                self._write(client)
            server.kill()

    def _write(self, client: ApiClient) -> None:
        numbers = range(self.next, self.next + ROWS_PER_WRITE)
        self.next += ROWS_PER_WRITE
        lines = "\n".join(f"input n={n}i {n + 1}" for n in numbers)
        try:
            client.write_all("kill", lines)
        except httpx.TransportError:
            return
        self.acknowledged |= set(numbers)


def served(server: ServerProcess) -> Counter[int]:
    """Count the points that the plugin wrote for each number."""
    with ApiClient(server.url) as client:
        rows = client.rows("kill", "SELECT value FROM served")
    return Counter(row["value"] for row in rows)


@pytest.mark.timeout(kills_seconds_max(KILLS_USUAL))
def test_every_row_is_served_once_over_kills(tmp_path: Path) -> None:
    print(f"seed {SEED}")  # noqa: T201 - pytest shows it when the test fails
    moments = random.Random(SEED)  # noqa: S311 - a repeatable choice, not a secret
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "copy.py").write_text(COPY)
    options = ["--plugin-dir", str(plugins), "--wal-flush-interval", "20ms"]
    server = ServerProcess(tmp_path, serve_command(tmp_path / "data", *options))
    numbers = Numbers()
    with server:
        with ApiClient(server.url) as client:
            client.write_all("kill", "other v=1i 1")
            created = client.create_trigger(
                "kill", "copy", specification="table:input", plugin="copy.py"
            )
            assert created.status_code == 200, created.text
        for _ in range(KILLS):
            numbers.write_until_killed(server, moments.uniform(*SECONDS_BEFORE_KILL))
            server.start()
        counted = eventually(
            lambda: served(server), lambda found: numbers.acknowledged <= found.keys(), seconds=30
        )
    assert len(numbers.acknowledged) > KILLS * ROWS_PER_WRITE
    assert [n for n, count in counted.items() if count != 1] == []
