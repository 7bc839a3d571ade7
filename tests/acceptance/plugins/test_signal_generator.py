"""P9: what a run leaves in the cache lets the next one go on where it ended."""

import json
import time

from tests.acceptance.plugins.host import NS, Host
from tests.acceptance.plugins.repository import SIGNALS
from tests.polling import eventually

ARGUMENTS = {
    "waveforms": json.dumps([{"type": "constant", "value": 30.0}]),
    "jitter_amplitude_seconds": "0",
    "gap_enabled": "false",
    "points_per_second": "1",
    "tags": json.dumps({"site": "x"}),
}
QUERY = "SELECT CAST(time AS BIGINT) AS t, * FROM signal ORDER BY time"
RUN_SECONDS = 12


def test_runs_follow_one_another_without_a_gap(host: Host) -> None:
    host.create_database("signals")
    begun_s = time.time()
    host.trigger("signals", "generate", "every:2s", SIGNALS, ARGUMENTS)
    eventually(
        lambda: host.client.rows("signals", QUERY),
        lambda rows: len(rows) >= RUN_SECONDS - 4 and time.time() >= begun_s + RUN_SECONDS,
        seconds=RUN_SECONDS + 8,
    )
    rows = host.client.rows("signals", QUERY)
    times_ns = [row["t"] for row in rows]
    assert times_ns == [times_ns[0] + n * NS for n in range(len(times_ns))]
    assert times_ns[0] >= begun_s * NS, "the first run wrote rows"
    assert abs(times_ns[-1] / NS - time.time()) <= 3
    assert {row["site"] for row in rows} == {"x"}
    assert {value for row in rows for value in row.values() if isinstance(value, float)} == {30.0}
    logged = host.client.logs("signals", "generate")
    assert sum("initializing, first data on next execution" in line for line in logged) == 1
    assert host.errors("signals", "generate") == []
