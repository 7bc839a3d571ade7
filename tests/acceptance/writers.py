"""Writers that keep account: which points were sent, and which of them were acknowledged."""

import http.client
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.server_process import ServerProcess

REQUEST_SECONDS_MAX = 10.0
FIRST_TIMESTAMP_NS = 1_700_000_000_000_000_000


def value_of(writer: int, sequence: int) -> int:
    """Give the value that a point must carry: any mix-up of two points changes it."""
    return (sequence * 2_654_435_761 + writer * 40_503) % 1_000_000_007


@dataclass
class Batch:
    """Points `first` to `last` (included) of a writer, sent in one request."""

    first: int
    last: int


@dataclass
class Writer:
    """One connection's worth of points; all of a writer's points have different times."""

    number: int
    lines_per_request: int
    acknowledged: list[Batch] = field(default_factory=list)
    unanswered: list[Batch] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    _next: int = 0

    def run(self, address: str, stop: threading.Event) -> None:
        """Send request after request until the server is gone or `stop` is set."""
        connection = http.client.HTTPConnection(address, timeout=REQUEST_SECONDS_MAX)
        try:
            while not stop.is_set() and self._send_one(connection):
                pass
        finally:
            connection.close()

    def _send_one(self, connection: http.client.HTTPConnection) -> bool:
        batch = Batch(self._next, self._next + self.lines_per_request - 1)
        self._next = batch.last + 1
        try:
            connection.request("POST", "/api/v3/write_lp?db=kill&precision=ns", self._lines(batch))
            response = connection.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException):
            self.unanswered.append(batch)
            return False
        if response.status != 204:
            self.refused.append(f"{response.status} {text}")
            return False
        self.acknowledged.append(batch)
        return True

    def _lines(self, batch: Batch) -> str:
        return "\n".join(self._line(n) for n in range(batch.first, batch.last + 1))

    def _line(self, sequence: int) -> str:
        value = value_of(self.number, sequence)
        return f"points,writer={self.number} value={value}i {FIRST_TIMESTAMP_NS + sequence}"


def start_writing(
    writers: Iterable[Writer], address: str, stop: threading.Event
) -> list[threading.Thread]:
    """Let each writer run in a thread of its own."""
    threads = [threading.Thread(target=w.run, args=(address, stop), daemon=True) for w in writers]
    for thread in threads:
        thread.start()
    return threads


def join(threads: Iterable[threading.Thread]) -> None:
    """Wait until the writers have ended."""
    for thread in threads:
        thread.join(timeout=20)
        assert not thread.is_alive()


def kill_under_writes(server: ServerProcess, writers: Iterable[Writer], *, seconds: float) -> None:
    """Kill the server after a while in which all writers write, and start it again."""
    stop = threading.Event()
    threads = start_writing(writers, server.address, stop)
    stop.wait(seconds)
    server.kill()
    join(threads)
    server.start()
