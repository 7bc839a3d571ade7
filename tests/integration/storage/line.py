"""A line to a port of this machine that can be cut."""

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Line:
    """Carries connections to a port for as long as it is not cut, until `close`.

    Of what comes from there only the first `bytes_max` bytes are passed on, over all connections.
    Each connection has a thread of its own, which closes it: none outlives the cut.
    """

    def __init__(self, target: int, *, bytes_max: int = sys.maxsize) -> None:
        self.port = free_port()
        self._target = target
        self._bytes_left = bytes_max
        self._counting = threading.Lock()
        self._near_ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.mend()

    @property
    def is_used_up(self) -> bool:
        """Whether nothing more is passed on."""
        return self._bytes_left == 0

    def mend(self) -> None:
        """Carry connections."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._taker = threading.Thread(target=self._take, args=(self._listener,))
        self._taker.start()

    def cut(self) -> None:
        """End all connections and take no more."""
        _shut(self._listener)
        self._taker.join(10)
        for end in self._near_ends:
            _shut(end)
        for thread in self._threads:
            thread.join(10)
        self._near_ends, self._threads = [], []

    close = cut

    def _take(self, listener: socket.socket) -> None:
        with listener:
            while True:
                try:
                    near, _ = listener.accept()
                except OSError:
                    return  # it was cut
                self._near_ends.append(near)
                self._threads.append(threading.Thread(target=self._carry, args=(near,)))
                self._threads[-1].start()

    def _carry(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError):  # the far port may be gone: so is the connection
            with socket.create_connection(("127.0.0.1", self._target)) as far:
                answers = threading.Thread(target=self._answer, args=(far, near))
                answers.start()
                _copy(near, far)
                answers.join()

    def _answer(self, far: socket.socket, near: socket.socket) -> None:
        with _ending_both(far, near):
            while data := far.recv(65_536):
                with self._counting:
                    passed = data[: self._bytes_left]
                    self._bytes_left -= len(passed)
                near.sendall(passed)


def _copy(near: socket.socket, far: socket.socket) -> None:
    with _ending_both(near, far):
        while data := near.recv(65_536):
            far.sendall(data)


@contextlib.contextmanager
def _ending_both(*ends: socket.socket) -> Iterator[None]:
    """End a connection on both sides as soon as one of them ends."""
    try:
        yield
    except OSError:
        pass  # the other direction has ended it
    finally:
        for end in ends:
            _shut(end)


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it may be shut by then
        end.shutdown(socket.SHUT_RDWR)
