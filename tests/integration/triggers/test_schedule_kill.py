"""`kill -9` of the server while a schedule runs: each tick is served, and served once."""

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.api_client import ApiClient
from tests.kills import kills, kills_seconds_max
from tests.polling import eventually
from tests.server_process import ServerProcess, serve_command

KILLS_USUAL = 4
KILLS = kills(KILLS_USUAL)
PERIOD_MS = 100
ROWS_BEFORE_KILL_MAX = 12
SEED = random.SystemRandom().randrange(2**32)

# No timestamps: a tick that is served twice leaves two points.
COUNT = """
def process_scheduled_call(influxdb3_local, call_time, args=None):
    influxdb3_local.write(LineBuilder("ticks").int64_field("ms", round(call_time * 1000)))
"""


def served(client: ApiClient) -> Counter[int]:
    """Count the points of each tick."""
    logged = client.rows("kill", "SELECT ms FROM ticks")
    return Counter(row["ms"] for row in logged)


@pytest.mark.timeout(kills_seconds_max(KILLS_USUAL))
def test_every_tick_is_served_once_over_kills(tmp_path: Path) -> None:
    print(f"seed {SEED}")  # noqa: T201 - pytest shows it when the test fails
    moments = random.Random(SEED)  # noqa: S311 - a repeatable choice, not a secret
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "count.py").write_text(COUNT)
    server = ServerProcess(tmp_path, serve_command(tmp_path / "data", "--plugin-dir", str(plugins)))
    with server:
        with ApiClient(server.url) as client:
            client.write_all("kill", "ticks ms=0i 1")
            created = client.create_trigger(
                "kill",
                "count",
                specification=f"every:{PERIOD_MS}ms",
                plugin="count.py",
                settings={"missed_runs": "all"},
            )
            assert created.status_code == 200, created.text
        for _ in range(KILLS):
            with ApiClient(server.url) as client:
                enough = len(served(client)) + moments.randint(1, ROWS_BEFORE_KILL_MAX)
                eventually(lambda: len(served(client)), lambda count: count >= enough)  # noqa: B023 - called at once
            server.kill()
            server.start()
        with ApiClient(server.url) as client:
            before = len(served(client))
            counted = eventually(lambda: served(client), lambda found: len(found) > before + 20)
    del counted[0]
    assert [ms for ms, count in counted.items() if count != 1] == []
    assert sorted(counted) == list(range(min(counted), max(counted) + 1, PERIOD_MS))
