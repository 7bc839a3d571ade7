"""QuestDB as a system that is measured: writes answered before they are synced, its own SQL."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from benches.peers.disk import bytes_below, wait_until_quiet
from benches.peers.questions import HIGH, Answer, Question
from benches.peers.sql import called, chosen
from benches.peers.system import Request, System

# What stands below comes from this folder, never from a user.
# ruff: noqa: S608

BEHIND = "SELECT count() FROM wal_tables() WHERE writerTxn <> sequencerTxn"


class QuestDB(System):
    """One server with default settings, but for folders, ports, and what it tells its makers."""

    name = "QuestDB"
    promise = "written, not synced"
    write_path = "/write?precision=n"

    def command(self) -> list[str]:
        """Start it; the program is its archive of classes."""
        collector, main = "-XX:+UseParallelGC", "io.questdb.ServerMain"
        return ["java", collector, "-cp", str(self.program), main, "-d", str(self.data)]

    def environment(self) -> dict[str, str]:
        """Set it up."""
        return super().environment() | {
            "QDB_HTTP_BIND_TO": self.address,
            "QDB_HTTP_MIN_ENABLED": "false",
            "QDB_PG_ENABLED": "false",
            "QDB_LINE_TCP_ENABLED": "false",
            "QDB_TELEMETRY_ENABLED": "false",
        }

    def answers(self) -> bool:
        """Ask something."""
        return self.send("GET", asking("SELECT 1"))[0] == 200

    def request(self, question: Question) -> Request:
        """Ask in its SQL."""
        return Request("GET", asking(spelled(question)))

    def read(self, body: bytes) -> Answer:
        """Read the rows, which are arrays."""
        return summed(json.loads(body))

    def settle(self) -> None:
        """Wait until its log has been applied to the tables."""
        wait_until_quiet(lambda: bytes_below(self.data), self._applied)

    def _applied(self) -> bool:
        status, text = self.send("GET", asking(BEHIND))
        assert status == 200, text[:500]
        return summed(json.loads(text)).total == 0

    def stored(self, rows: int) -> tuple[float, str]:
        """Weigh the folders of the table; its log lies in them."""
        folders = (self.data / "db").glob("cpu~*")
        return sum(map(bytes_below, folders)) / rows, "columns"


def asking(statement: str) -> str:
    """Write the path that asks a statement."""
    return f"/exec?{urlencode({'query': statement})}"


def spelled(question: Question) -> str:
    """Write a question as a statement."""
    where = f"WHERE {window(question)}{chosen(question.hosts)}"
    sampled = f"SAMPLE BY {question.step_s}s"
    match question.kind:
        case "maxima":
            return f"SELECT timestamp, {called('max', question.fields)} FROM cpu {where} {sampled}"
        case "averages":
            calls = called("avg", question.fields)
            ordered = f"{sampled} ORDER BY timestamp, hostname"
            return f"SELECT timestamp, hostname, {calls} FROM cpu {where} {ordered}"
        case "high":
            return f"SELECT * FROM cpu {where} AND {question.fields[0]} > {HIGH}"
        case "last":
            return "SELECT * FROM cpu LATEST ON timestamp PARTITION BY hostname"
        case "latest":
            calls = called("max", question.fields)
            until = f"WHERE timestamp < '{at(question.end_s)}'"
            ordered = f"{sampled} ORDER BY timestamp DESC LIMIT 5"
            return f"SELECT timestamp, {calls} FROM cpu {until} {ordered}"
        case "count":
            return "SELECT count() FROM cpu"
        case "hosts":
            return "SELECT DISTINCT hostname FROM cpu"


def window(question: Question) -> str:
    """Write the condition on the time."""
    return f"timestamp >= '{at(question.start_s)}' AND timestamp < '{at(question.end_s)}'"


def at(time_s: int) -> str:
    """Write a time."""
    return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%dT%H:%M:%SZ}"


def summed(answer: dict[str, Any]) -> Answer:
    """Count the rows and add up their numbers; tags and times are texts."""
    rows = answer["dataset"]
    return Answer(len(rows), sum(v for row in rows for v in row if isinstance(v, int | float)))
