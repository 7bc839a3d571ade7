"""A connection of HTTP/2 without a socket: what it does to its transport."""

import asyncio
from collections.abc import Iterable
from typing import Any, cast

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from influxpe.http.wire.h2_connection import Http2Connection
from influxpe.http.wire.h2_stream import JOINED_BYTES, H2Stream
from influxpe.http.wire.limits import UNREAD_BYTES_MAX, Timeouts


class Transport:
    """Takes all bytes; tells a size of what waits that the test sets."""

    def __init__(self) -> None:
        self.written = b""
        self.waiting_bytes = 0
        self.was_aborted = self.was_closed = False

    def get_extra_info(self, _: str) -> None:
        """Know nothing."""

    def set_protocol(self, _: object) -> None:
        """Ask for nothing."""

    def set_write_buffer_limits(self, *, high: int) -> None:
        """Keep no limit."""
        assert high > 0

    def get_write_buffer_size(self) -> int:
        """Give what the test has set."""
        return self.waiting_bytes

    def is_closing(self) -> bool:
        """Tell whether it was closed."""
        return self.was_closed

    def write(self, data: bytes) -> None:
        """Keep bytes."""
        self.written += data

    def writelines(self, pieces: Iterable[bytes]) -> None:
        """Keep many."""
        self.written += b"".join(pieces)

    def close(self) -> None:
        """Note it."""
        self.was_closed = True

    def abort(self) -> None:
        """Note it."""
        self.was_aborted = True


async def no_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer nothing."""


class Listener:
    """What a connection needs of its listener."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.timeouts = Timeouts()
        self.is_stopping = False
        self.date_line = b"date: now\r\n"
        self.app: ASGIApp = no_app
        self.joined: list[Http2Connection] = []

    def join(self, connection: Http2Connection) -> None:
        """Keep a connection."""
        self.joined.append(connection)

    def forget(self, connection: Http2Connection) -> None:
        """Let it go."""
        self.joined.remove(connection)

    def left_behind(self, task: asyncio.Task[None]) -> None:
        """Expect no task."""
        raise AssertionError(task)


def client_bytes() -> H2Connection:
    client = H2Connection(H2Configuration())
    client.initiate_connection()
    return client


@pytest.mark.parametrize("waiting_bytes", [UNREAD_BYTES_MAX, UNREAD_BYTES_MAX + 1])
def test_a_client_that_asks_and_never_reads_is_cut_off(waiting_bytes: int) -> None:
    async def run() -> bool:
        transport = Transport()
        connection = Http2Connection(Listener(), cast("Any", transport))
        client = client_bytes()
        client.ping(b"12345678")
        transport.waiting_bytes = waiting_bytes
        connection.data_received(client.data_to_send())
        assert b"12345678" in transport.written
        return transport.was_aborted

    assert asyncio.run(run()) is (waiting_bytes > UNREAD_BYTES_MAX)


def test_a_goodbye_closes_the_connection() -> None:
    async def run() -> bool:
        transport = Transport()
        connection = Http2Connection(Listener(), cast("Any", transport))
        client = client_bytes()
        client.close_connection()
        connection.data_received(client.data_to_send())
        return transport.was_closed

    assert asyncio.run(run())


def test_tiny_parts_of_a_body_are_kept_together_and_empty_ones_not_at_all() -> None:
    given_back: list[int] = []

    async def run() -> list[Message]:
        stream = H2Stream(cast("Any", GivenBack(given_back)), 1, {"method": "POST"})
        for _ in range(100_000):
            stream.body_came(b"", 0)
            stream.body_came(b"x", 1)
        stream.body_came(bytes(JOINED_BYTES), JOINED_BYTES + 256)
        stream.end_body()
        found = [await stream.receive()]
        while found[-1]["more_body"]:
            found.append(await stream.receive())
        return found

    found = asyncio.run(run())
    sizes = [len(message["body"]) for message in found]
    assert sizes == [JOINED_BYTES] * 6 + [100_000 - 6 * JOINED_BYTES, JOINED_BYTES]
    assert sum(given_back) == sum(sizes) + 256


class GivenBack:
    """Notes what a stream gives back of its window."""

    def __init__(self, sizes: list[int]) -> None:
        self._sizes = sizes

    def give_back(self, _: int, size: int) -> None:
        """Note a size."""
        self._sizes.append(size)
