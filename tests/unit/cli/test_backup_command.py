"""`backup` towards a server: what is asked, again where a connection broke, and kept open."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from influxpe.backup.offer import Offered
from influxpe.cli.backup import KEEP_OPEN_AFTER_NS, _Server
from influxpe.cli.client import Client, ServerError, host_url
from influxpe.cli.command import CommandError
from influxpe.config import BACKUP_IDLE_SECONDS_MAX
from tests.unit.cli.conftest import CommandLine
from tests.unit.cli.recording_server import RecordingServer

OBJECT = Offered("wal/1", 8)
NS_PER_SECOND = 1_000_000_000


@dataclass
class Clock:
    """Stands still until it is moved."""

    ns: int = 0

    def now_ns(self) -> int:
        """Tell the time."""
        return self.ns


def test_an_object_is_asked_for_by_name(recorder: RecordingServer) -> None:
    recorder.will_answer(200, b"whole")
    server = _Server(Client(host_url(recorder.url), "secret"), "x")
    assert b"".join(server.pieces(OBJECT)) == b"whole"
    assert recorder.only.query == {"id": "x", "name": "wal/1", "offset": "0"}
    assert recorder.only.headers["authorization"] == "Bearer secret"


class Broken(_Server):
    """A server whose connections break behind four bytes each."""

    def __init__(self) -> None:
        super().__init__(Client(host_url("127.0.0.1:1")), "x")
        self.offsets: list[int] = []
        self.content = b"12345678"
        self.step = 4

    def _from(self, name: str, offset: int):  # type: ignore[no-untyped-def]  # noqa: ANN202
        self.offsets.append(offset)
        yield self.content[offset : offset + self.step]
        if offset + self.step < len(self.content):
            raise CommandError("the server broke off its answer")


def test_a_broken_connection_is_asked_for_the_rest() -> None:
    server = Broken()
    assert b"".join(server.pieces(OBJECT)) == b"12345678"
    assert server.offsets == [0, 4]


def test_one_that_breaks_at_once_ends_the_backup() -> None:
    server = Broken()
    server.step = 0
    with pytest.raises(CommandError, match="broke off"):
        list(server.pieces(OBJECT))


def test_a_refusal_is_not_asked_again(recorder: RecordingServer) -> None:
    recorder.will_answer(404, "no backup 'x' is open")
    server = _Server(Client(host_url(recorder.url)), "x")
    with pytest.raises(ServerError, match="no backup 'x' is open"):
        list(server.pieces(OBJECT))
    assert len(recorder.received) == 1


def test_a_backup_is_kept_open_while_nothing_is_read(recorder: RecordingServer) -> None:
    clock = Clock()
    server = _Server(Client(host_url(recorder.url)), "x", clock.now_ns)
    clock.ns = KEEP_OPEN_AFTER_NS - 1
    server.keep_open(OBJECT)
    assert recorder.received == []
    clock.ns = KEEP_OPEN_AFTER_NS
    server.keep_open(OBJECT)
    server.keep_open(OBJECT)
    assert recorder.only.query == {"id": "x", "name": "wal/1", "offset": "8"}
    assert KEEP_OPEN_AFTER_NS < BACKUP_IDLE_SECONDS_MAX * NS_PER_SECOND / 2


def test_a_backup_that_fails_is_let_go(
    client: CommandLine, recorder: RecordingServer, tmp_path: Path
) -> None:
    document = {
        "id": "x",
        "format": 1,
        "node_id": "n",
        "cluster_uuid": "u",
        "position": 1,
        "manifest": None,
        "taken_at": "2026-01-01T12:00:00Z",
        "objects": [{"name": "store/n/a.parquet", "bytes": 3, "crc32": 1}],
    }
    recorder.will_answer(200, json.dumps(document))
    recorder.will_answer(200, "abc")
    done = client("backup", str(tmp_path / "copy"))
    assert (done.status, done.output) == (1, "")
    assert "'store/n/a.parquet' of the server is damaged: its checksum does not fit" in done.errors
    assert [request.method for request in recorder.received] == ["POST", "GET", "DELETE"]
    assert recorder.received[-1].query == {"id": "x"}


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"id": 1}', "<html>"])
def test_what_answers_but_is_no_such_server_is_told(
    client: CommandLine, recorder: RecordingServer, tmp_path: Path, body: str
) -> None:
    recorder.will_answer(200, body)
    done = client("backup", str(tmp_path / "copy"))
    assert done.status == 1
    assert done.errors.startswith("Backup command failed: the ")
    assert "Traceback" not in done.errors
