"""The worker's end of its socket: frames in and out, and calls that wait for their reply."""

import itertools
import os
import socket
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Final, TypeAlias

from influxpe.worker import wire

Answer: TypeAlias = tuple[wire.Reply, bytes]

_GONE: Final = "the connection to the server is not usable in this process"


class Connection:
    """One blocking stream socket. `receive` is for one thread; all else may come from any."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._identity = _identity(sock.fileno())
        self._pid = os.getpid()
        self._sending = threading.Lock()
        self._calls = itertools.count(1)
        self._waiting: dict[int, SimpleQueue[Answer]] = {}
        os.register_at_fork(after_in_child=self._forget)

    @property
    def is_forked(self) -> bool:
        """Whether this is a child that the plugin forked, which has no connection."""
        return os.getpid() != self._pid

    def receive(self) -> tuple[wire.ToWorker, bytes] | None:
        """Wait for the next frame; `None` when the server has gone."""
        prefix = self._read(wire.PREFIX.size)
        if prefix is None:
            return None
        header_bytes, payload_bytes = wire.PREFIX.unpack(prefix)
        header = self._read(header_bytes)
        payload = self._read(payload_bytes)
        if header is None or payload is None:
            return None
        return wire.to_worker_decoder.decode(header), payload

    def send(self, message: wire.ToHost, payload: Sequence[bytes] = ()) -> None:
        """Send a message, and the pieces of its payload as they are.

        Raises `FrameTooLargeError`, `OSError` if the socket is not ours now.
        """
        frame = wire.encode_frame(message, sum(map(len, payload)))
        with self._sending:
            self._check_is_ours()
            self._socket.sendall(frame)
            for piece in payload:
                self._socket.sendall(piece)

    def call(self, make: Callable[[int], wire.Call]) -> Answer:
        """Send the message that `make` gives for a call number, and wait for its reply."""
        number = next(self._calls)
        waiter: SimpleQueue[Answer] = SimpleQueue()
        self._waiting[number] = waiter
        try:
            self.send(make(number))
            return waiter.get()
        finally:
            self._waiting.pop(number, None)

    def answer(self, reply: wire.Reply, payload: bytes) -> None:
        """Hand a reply to the thread that waits for it."""
        waiter = self._waiting.get(reply.call)
        if waiter is not None:
            waiter.put((reply, payload))

    def _read(self, size_bytes: int) -> bytes | None:
        """Read exactly so many bytes, or give `None` at the end of the stream.

        `recv` with MSG_WAITALL fills fresh, uninitialised bytes in one call: no copy of a batch.
        """
        data = self._socket.recv(size_bytes, socket.MSG_WAITALL) if size_bytes else b""
        while len(data) < size_bytes:  # a signal or the end of the stream cut it short
            more = self._socket.recv(size_bytes - len(data), socket.MSG_WAITALL)
            if not more:
                return None
            data += more
        return data

    def _check_is_ours(self) -> None:
        """Refuse to write where the plugin has closed the socket and opened a file of its own."""
        if self.is_forked or _identity(self._socket.fileno()) != self._identity:
            raise OSError(_GONE)

    def _forget(self) -> None:
        """In a child that the plugin forked: let go, so that the server sees the worker end."""
        self._sending = threading.Lock()
        self._socket.close()


def _identity(descriptor: int) -> tuple[int, int]:
    """What tells an open file from every other one. Raises `OSError` for a closed one."""
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino
