"""Posts prepared bodies over a fixed number of connections, as fast as answers come.

One thread serves all connections, and an answer is only looked at to see that it is whole and 204:
the client shares the machine, so what it spends is missing at the server.
"""

import contextlib
import http.client
import select
import socket
import time
from collections.abc import Iterator, Sequence

REQUEST_SECONDS_MAX = 60.0
WRITTEN = b"HTTP/1.1 204 "
ANSWER_BYTES_MAX = 65_536


class RefusedError(Exception):
    """A write that was not answered 204; says how it was."""

    @property
    def is_busy(self) -> bool:
        """Whether it may be sent again."""
        return " 503 " in str(self)


class Writer:
    """One kept-alive connection that posts one body after another."""

    # How an answer begins, and how it ends.
    well = WRITTEN
    end = b"\r\n\r\n"

    def __init__(self, address: str, path: str) -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), REQUEST_SECONDS_MAX)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        self._head = f"POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: ".encode()
        self._unsent = memoryview(b"")
        self._answer = b""
        self._began_ns = 0

    def fileno(self) -> int:
        """Its descriptor."""
        return self._socket.fileno()

    def begin(self, body: bytes) -> bool:
        """Send a request; false where a part of it has to wait."""
        self._unsent = memoryview(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
        self._answer = b""
        self._began_ns = time.perf_counter_ns()
        return self.push()

    def push(self) -> bool:
        """Send more of it; false where there is a rest."""
        with contextlib.suppress(BlockingIOError):
            self._unsent = self._unsent[self._socket.send(self._unsent) :]
        return not self._unsent

    def take(self) -> float | None:
        """Read the answer; gives how long it took in ms, or nothing while it is not whole.

        Raises `RefusedError`; nothing more can be sent then.
        """
        data = self._socket.recv(ANSWER_BYTES_MAX)
        self._answer += data
        assert data, "the server closed the connection"
        if not self._answer.startswith(self.well):
            raise RefusedError(self._answer[:500].decode())
        if not self._answer.endswith(self.end):
            return None
        return (time.perf_counter_ns() - self._began_ns) / 1e6

    def post(self, body: bytes) -> float:
        """Send a small request and wait for its answer; gives how long it took in ms.

        Raises as `take` does.
        """
        assert self.begin(body), "the body is too large to be sent at once"
        while True:
            assert select.select([self], [], [], REQUEST_SECONDS_MAX)[0], "no answer"
            if (taken_ms := self.take()) is not None:
                return taken_ms

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


def send_all(
    address: str,
    path: str,
    bodies: Sequence[bytes],
    *,
    connections: int,
    client: type[Writer] = Writer,
) -> list[float]:
    """Post all bodies, each over the next free connection; gives the time of each in ms, sorted."""
    with contextlib.ExitStack() as open_writers:
        writers = [
            open_writers.enter_context(contextlib.closing(client(address, path)))
            for _ in range(connections)
        ]
        return sorted(_run(writers, iter(bodies)))


def _run(writers: Sequence[Writer], bodies: Iterator[bytes]) -> Iterator[float]:
    by_descriptor = {writer.fileno(): writer for writer in writers}
    with select.epoll() as ready:

        def begin(writer: Writer) -> bool:
            body = next(bodies, None)
            if body is not None and not writer.begin(body):
                ready.modify(writer, select.EPOLLIN | select.EPOLLOUT)
            return body is not None

        for writer in writers:
            ready.register(writer, select.EPOLLIN)
        under_way = sum([begin(writer) for writer in writers])
        while under_way:
            for descriptor, event in ready.poll(REQUEST_SECONDS_MAX):
                writer = by_descriptor[descriptor]
                if event & select.EPOLLOUT and writer.push():
                    ready.modify(writer, select.EPOLLIN)
                if event & ~select.EPOLLOUT and (taken_ms := writer.take()) is not None:
                    yield taken_ms
                    under_way -= not begin(writer)


def percentile(ordered: Sequence[float], share: float) -> float:
    """Give the value below which `share` (0 to 1) of the ordered values lie."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Connection:
    """One kept-alive connection for requests whose answers are read."""

    def __init__(self, address: str) -> None:
        self._http = http.client.HTTPConnection(address, timeout=REQUEST_SECONDS_MAX)

    def post(self, path: str, body: bytes, *, expected: int = 204) -> bytes:
        """Send a body and read the answer, which must have the expected status."""
        self._http.request("POST", path, body)
        response = self._http.getresponse()
        text = response.read()
        assert response.status == expected, text[:500]
        return text

    def close(self) -> None:
        """Close the connection."""
        self._http.close()
