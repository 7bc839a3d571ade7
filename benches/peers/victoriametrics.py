"""VictoriaMetrics as a system that is measured: writes answered from memory, MetricsQL."""

import json
from typing import Any

from benches.peers import metricsql
from benches.peers.disk import bytes_below, wait_until_quiet
from benches.peers.questions import Answer, Question
from benches.peers.system import Request, System

FLUSH, MERGE = "/internal/force_flush", "/internal/force_merge"
MERGES = b"vm_active_force_merges "


class VictoriaMetrics(System):
    """One server with default settings, but for folders, ports, logs, and the retention."""

    name = "VictoriaMetrics"
    promise = "taken into memory"
    write_path = "/write?precision=ns"

    def command(self) -> list[str]:
        """Start it; the rows are older than the month that it keeps by default."""
        return [
            str(self.program),
            f"-httpListenAddr={self.address}",
            f"-storageDataPath={self.data}",
            "-retentionPeriod=100y",
            "-search.maxQueryDuration=60s",
            "-loggerLevel=WARN",
        ]

    def answers(self) -> bool:
        """Ask for its health."""
        return self.send("GET", "/health")[0] == 200

    def request(self, question: Question) -> Request | None:
        """Ask in MetricsQL."""
        path = metricsql.spelled(question)
        return None if path is None else Request("GET", path)

    def read(self, body: bytes) -> Answer:
        """Read series, or the values of a label."""
        return summed(json.loads(body)["data"])

    def settle(self) -> None:
        """Force what lies in memory to disk, and the parts into one."""
        for path in (FLUSH, MERGE):
            status, text = self.send("GET", path)
            assert status == 200, text[:500]
        wait_until_quiet(lambda: bytes_below(self.data), self._merged)

    def _merged(self) -> bool:
        lines = self.send("GET", "/metrics")[1].splitlines()
        return all(line.endswith(b" 0") for line in lines if line.startswith(MERGES))

    def stored(self, rows: int) -> tuple[float, str]:
        """Weigh samples and index; its caches can be rebuilt."""
        parts = (self.data / "data", self.data / "indexdb")
        return sum(map(bytes_below, parts)) / rows, "parts"


def summed(data: Any) -> Answer:  # noqa: ANN401 - JSON as it came
    """Count the times of each group of labels and add up the values."""
    if isinstance(data, list):
        return Answer(len(data), 0)
    rows, total = set(), 0.0
    for series in data["result"]:
        labels = tuple(sorted((k, v) for k, v in series["metric"].items() if k != "__name__"))
        for at, value in series.get("values") or [series["value"]]:
            rows.add((labels, at))
            total += float(value)
    return Answer(len(rows), total)
