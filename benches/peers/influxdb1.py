"""InfluxDB 1 as a system that is measured: synced writes, InfluxQL."""

import json
from typing import Any
from urllib.parse import urlencode

from benches.peers import influxql
from benches.peers.disk import bytes_below, wait_until_quiet
from benches.peers.questions import Answer, Question
from benches.peers.system import Request, System, free_port

# The default waits 10 minutes and 4 hours after the last write; while writes come, it is the same.
COLD_AFTER = "5s"
EMPTY_LOG_BYTES_MAX = 65_536


class InfluxDB1(System):
    """One server with default settings, but for folders, ports, logs, and when a shard is cold."""

    name = "InfluxDB 1"
    promise = "synced to disk"
    write_path = "/write?db=bench&precision=ns"

    def command(self) -> list[str]:
        """Start it without a file of settings."""
        return [str(self.program), "run", "-config", "/dev/null"]

    def environment(self) -> dict[str, str]:
        """Set it up."""
        return super().environment() | {
            "INFLUXDB_BIND_ADDRESS": f"127.0.0.1:{free_port()}",
            "INFLUXDB_HTTP_BIND_ADDRESS": self.address,
            "INFLUXDB_META_DIR": str(self.data / "meta"),
            "INFLUXDB_DATA_DIR": str(self.data / "data"),
            "INFLUXDB_DATA_WAL_DIR": str(self.data / "wal"),
            "INFLUXDB_DATA_WAL_FSYNC_DELAY": "0s",
            "INFLUXDB_DATA_CACHE_SNAPSHOT_WRITE_COLD_DURATION": COLD_AFTER,
            "INFLUXDB_DATA_COMPACT_FULL_WRITE_COLD_DURATION": COLD_AFTER,
            "INFLUXDB_DATA_QUERY_LOG_ENABLED": "false",
            "INFLUXDB_HTTP_LOG_ENABLED": "false",
            "INFLUXDB_MONITOR_STORE_ENABLED": "false",
            "INFLUXDB_REPORTING_DISABLED": "true",
        }

    def answers(self) -> bool:
        """Make the database."""
        return self.send("POST", f"/query?{urlencode({'q': 'CREATE DATABASE bench'})}")[0] == 200

    def request(self, question: Question) -> Request:
        """Ask in InfluxQL."""
        asked = {"db": "bench", "q": influxql.spelled(question)}
        return Request("GET", f"/query?{urlencode(asked)}")

    def read(self, body: bytes) -> Answer:
        """Read the series of the only result."""
        return summed(json.loads(body))

    def settle(self) -> None:
        """Wait until the log has been compacted away."""
        log = self.data / "wal"
        wait_until_quiet(
            lambda: bytes_below(self.data), lambda: bytes_below(log) <= EMPTY_LOG_BYTES_MAX
        )

    def stored(self, rows: int) -> tuple[float, str]:
        """Weigh its files, the index of series with them."""
        return bytes_below(self.data / "data") / rows, "TSM"


def summed(answer: dict[str, Any]) -> Answer:
    """Count the values of all series and add up the numbers; tags and times are texts."""
    result = answer["results"][0]
    assert "error" not in result, result
    values = [row for series in result.get("series", []) for row in series["values"]]
    numbers = (v for row in values for v in row if isinstance(v, int | float))
    return Answer(len(values), sum(numbers))
