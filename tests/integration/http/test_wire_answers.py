"""How answers are framed, and what becomes of those that fail or that nobody takes."""

import asyncio
import email.utils
import socket
import threading
import time

import pytest
from starlette.types import Message, Receive, Scope, Send

from influxpe.http.wire.limits import COPIED_BYTES_MAX
from tests.integration.http.wire_server import (
    RawClient,
    WireServer,
    body,
    echo,
    read,
    sized,
    start,
)
from tests.polling import eventually

GET = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
OLD_GET = b"GET /a HTTP/1.0\r\n\r\n"
HEAD = b"HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n"
BIG_BYTES = 8 << 20


class Script:
    """Sends messages in turn, then fails if there is an exception among them."""

    def __init__(self, *messages: Message | Exception) -> None:
        self._messages = messages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await read(receive)
        for message in self._messages:
            if isinstance(message, Exception):
                raise message
            await send(message)


def ask_twice(client: RawClient, request: bytes) -> tuple[bytes, bytes]:
    """Ask two times on one connection; gives both bodies."""
    return client.ask(request).body, client.ask(request).body


def test_a_known_length_is_kept_and_the_connection_too() -> None:
    with WireServer(echo) as server, server.connect() as client:
        answer = client.ask(GET)
        assert answer.headers["content-length"] == "7"
        assert "transfer-encoding" not in answer.headers
        assert "connection" not in answer.headers
        assert client.ask(GET).body == b"GET /a "


def test_every_answer_says_when_it_was_made() -> None:
    with WireServer(echo) as server, server.connect() as client:
        date = email.utils.parsedate_to_datetime(client.ask(GET).headers["date"])
        assert abs(date.timestamp() - time.time()) < 5


def test_an_unknown_length_is_sent_in_chunks() -> None:
    app = Script(start(), body(b"abc", more=True), body(b"", more=True), body(b"de"))
    with WireServer(app) as server, server.connect() as client:
        assert ask_twice(client, GET) == (b"abcde", b"abcde")


def test_an_unknown_length_ends_a_connection_of_http_1_0() -> None:
    app = Script(start(), body(b"abc", more=True), body(b"de"))
    with WireServer(app) as server, server.connect() as client:
        answer = client.ask(OLD_GET)
        assert answer.body == b"abcde"
        assert "transfer-encoding" not in answer.headers


def test_a_client_of_http_1_0_is_not_kept() -> None:
    with WireServer(echo) as server, server.connect() as client:
        assert client.ask(OLD_GET).headers["connection"] == "close"
        assert client.is_closed()


def test_a_client_that_asks_to_close_is_answered_and_closed() -> None:
    with WireServer(echo) as server, server.connect() as client:
        answer = client.ask(b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + GET)
        assert answer.headers["connection"] == "close"
        assert client.is_closed()


def test_an_answer_to_head_has_the_headers_and_no_body() -> None:
    with WireServer(echo) as server, server.connect() as client:
        for _ in range(2):
            client.send(HEAD)
            head = client.head()
            assert (head.status, head.headers["content-length"]) == (200, "8")
        assert client.ask(GET).body == b"GET /a "


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_has_no_body_has_no_framing(status: int) -> None:
    app = Script(start(status), body(b"not sent"))
    with WireServer(app) as server, server.connect() as client:
        for _ in range(2):
            answer = client.ask(GET)
            assert answer.status == status
            assert not {"transfer-encoding", "content-length"} & set(answer.headers)


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [ValueError("oh")],
        [start(), ValueError("oh")],
        [start()],
        [body(b"abc")],
        [sized(3), body(b"abcd")],
        [start(200, {"content-length": "three"}), body(b"abc")],
        [start(200, {"x": "a\r\nSet-Cookie: b"}), body(b"abc")],
        [start(99), body(b"abc")],
        [start(), start()],
    ],
)
def test_an_application_that_fails_before_its_first_byte_is_500(messages: list[Message]) -> None:
    with WireServer(Script(*messages)) as server, server.connect() as client:
        answer = client.ask(GET)
        assert (answer.status, answer.headers["connection"]) == (500, "close")
        assert client.is_closed()


@pytest.mark.parametrize("request_bytes", [GET, OLD_GET])
@pytest.mark.parametrize("length", [{}, {"content-length": "6"}])
def test_an_answer_that_fails_half_way_is_not_taken_for_whole(
    request_bytes: bytes, length: dict[str, str]
) -> None:
    app = Script(start(200, length), body(b"abc", more=True), ValueError("oh"))
    with WireServer(app) as server, server.connect() as client:
        client.send(request_bytes)
        if request_bytes == OLD_GET and not length:
            with pytest.raises(ConnectionResetError):
                client.rest()
        else:
            with pytest.raises((AssertionError, ConnectionResetError)):
                client.answer()


def test_a_big_answer_arrives_whole_with_its_length() -> None:
    data = bytes(range(256)) * (BIG_BYTES // 256)
    app = Script(sized(len(data)), body(data))
    with WireServer(app) as server, server.connect() as client:
        assert ask_twice(client, GET) == (data, data)


@pytest.mark.parametrize("size", [COPIED_BYTES_MAX, COPIED_BYTES_MAX + 1])
def test_an_answer_is_the_same_whether_it_is_copied_or_not(size: int) -> None:
    app = Script(sized(size), body(b"x" * size))
    with WireServer(app) as server, server.connect() as client:
        assert ask_twice(client, GET) == (b"x" * size, b"x" * size)


def test_an_answer_waits_for_a_client_that_is_slow_to_read() -> None:
    sent: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        for number in range(BIG_BYTES // 65_536):
            await send(body(b"x" * 65_536, more=True))
            sent.append(number)
        await send(body(b""))

    with WireServer(app) as server, server.connect() as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.send(GET)
        client.until(b"\r\n\r\n")
        (connection,) = server.listener.connections
        eventually(lambda: connection.is_behind, bool)
        assert len(sent) < BIG_BYTES // 65_536
        assert len(client.until(b"\r\n0\r\n\r\n")) > BIG_BYTES


def test_answers_wait_for_each_other_while_the_client_does_not_read() -> None:
    ran: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        ran.append(scope["path"])
        await send(sized(BIG_BYTES))
        await send(body(b"x" * BIG_BYTES))

    with WireServer(app) as server, server.connect() as client:
        client.send(GET * 10)
        client.head()
        (connection,) = server.listener.connections
        eventually(lambda: connection.is_behind, bool)
        assert len(ran) == 1
        client.exactly(BIG_BYTES)
        for _ in range(9):
            assert len(client.answer().body) == BIG_BYTES


def test_an_application_learns_that_its_client_has_gone() -> None:
    gone = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await read(receive)
        assert (await receive())["type"] == "http.disconnect"
        gone.set()

    with WireServer(app) as server:
        with server.connect() as client:
            client.send(GET)
        assert gone.wait(10)


def test_a_streamed_answer_ends_when_its_client_goes() -> None:
    ended = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await read(receive)
        gone = asyncio.ensure_future(receive())
        await send(start())
        while not gone.done():
            await send(body(b"x" * 65_536, more=True))
        ended.set()

    with WireServer(app) as server:
        with server.connect() as client:
            client.send(GET)
            client.until(b"\r\n\r\n")
        assert ended.wait(10)


def test_a_client_that_goes_in_the_middle_of_its_body_is_told_to_the_application() -> None:
    found: list[tuple[list[bytes], bool]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found.append(await read(receive))

    with WireServer(app) as server:
        with server.connect() as client:
            client.send(b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
        eventually(lambda: found, lambda now: now == [([b"abc"], False)])


def test_a_body_that_came_whole_is_one_message() -> None:
    found: list[tuple[list[bytes], bool]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found.append(await read(receive))
        await send(start(204))
        await send(body(b""))

    with WireServer(app) as server, server.connect() as client:
        client.ask(b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
        client.ask(GET)
    assert found == [([b"abc"], True), ([b""], True)]
