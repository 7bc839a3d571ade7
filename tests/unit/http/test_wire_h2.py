"""A connection of HTTP/2 without a socket: what it does to its transport."""

import asyncio
import struct
from collections.abc import Iterable
from typing import Any, cast

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from hypothesis import given
from hypothesis import strategies as st
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
        self.tasks: list[asyncio.Task[None]] = []

    def join(self, connection: Http2Connection) -> None:
        """Keep a connection."""
        self.joined.append(connection)

    def forget(self, connection: Http2Connection) -> None:
        """Let it go."""
        self.joined.remove(connection)

    def left_behind(self, task: asyncio.Task[None]) -> None:
        """Keep a task that ends by itself."""
        self.tasks.append(task)


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


FRAMES = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.integers(0, 255),
        st.integers(0, 5),
        st.one_of(st.binary(max_size=40), st.sampled_from([bytes(4), bytes(5), bytes(8)])),
    ),
    max_size=12,
)
GET = client_bytes()
GET.clear_outbound_data_buffer()
GET.send_headers(1, [(":method", "GET"), (":path", "/"), (":scheme", "http"), (":authority", "a")])
OPENED = GET.data_to_send()


@given(FRAMES, st.booleans())
def test_no_frames_end_anything_but_their_connection(
    frames: list[tuple[int, int, int, bytes]], begins: bool
) -> None:
    async def run() -> bool:
        transport = Transport()
        connection = Http2Connection(Listener(), cast("Any", transport))
        connection.data_received(client_bytes().data_to_send() + (OPENED if begins else b""))
        for kind, flags, stream_id, payload in frames:
            head = struct.pack(">BHBBI", 0, len(payload), kind, flags, stream_id)
            connection.data_received(head + payload)
            await asyncio.sleep(0)
        connection.connection_lost(None)
        await asyncio.sleep(0)
        return transport.was_aborted

    # That would be the end by an error that `h2` does not promise.
    assert not asyncio.run(run())
