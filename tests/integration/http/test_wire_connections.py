"""The life of a connection: order, patience, bodies that nobody wants, other protocols, the end."""

import asyncio
import dataclasses
import threading
import time

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived
from starlette.types import Receive, Scope, Send

from influxpe.http.wire.limits import BODY_BYTES_BUFFERED_MAX, PARSED_AHEAD_BYTES_MAX, Timeouts
from tests.integration.http.wire_server import (
    PATIENT,
    RawClient,
    WireServer,
    body,
    echo,
    read,
    sized,
)
from tests.polling import eventually

GET = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: a\r\n"
UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"


def impatient(**limits: float) -> Timeouts:
    """Give limits of time that are met at once, where they are named."""
    return dataclasses.replace(PATIENT, **limits)


class Held:
    """An application that answers when it is allowed to."""

    def __init__(self) -> None:
        self.began = 0
        self.let_go = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait, then answer like `echo`."""
        self.began += 1
        await asyncio.to_thread(self.let_go.wait, 20)
        await echo(scope, receive, send)


async def without_reading(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer before the body has come."""
    await send(sized(3, 413))
    await send(body(b"no\n"))


# Order.


def test_pipelined_requests_are_answered_in_their_order() -> None:
    with WireServer(echo) as server, server.connect() as client:
        paths = [f"/{number}".encode() for number in range(500)]
        client.send(b"".join(b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % path for path in paths))
        assert [client.answer().body for _ in paths] == [b"GET %b " % path for path in paths]


def test_few_pipelined_requests_are_parsed_ahead_of_the_answers() -> None:
    app = Held()
    ahead_max = PARSED_AHEAD_BYTES_MAX // len(GET) + 1
    with WireServer(app) as server, server.connect() as client:
        client.send(GET * ahead_max * 4)
        eventually(lambda: app.began, lambda count: count == 1)
        (connection,) = server.listener.connections
        eventually(lambda: len(connection._waiting), lambda count: 0 < count <= ahead_max)
        app.let_go.set()
        assert {client.answer().body for _ in range(ahead_max * 4)} == {b"GET /a "}


def test_pipelined_requests_do_not_keep_other_clients_waiting() -> None:
    ran: list[str] = []
    others: list[RawClient] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if not ran:
            others[0].send(b"GET /other HTTP/1.1\r\nHost: a\r\n\r\n")
        ran.append(scope["path"])
        await echo(scope, receive, send)

    with WireServer(app) as server, server.connect() as greedy, server.connect() as other:
        others.append(other)
        eventually(lambda: len(server.listener.connections), (2).__eq__)
        greedy.send(GET * 2000)
        for _ in range(2000):
            greedy.answer()
        assert other.answer().status == 200
    assert ran.index("/other") < len(ran) // 2


def test_what_is_no_request_is_refused_after_the_answers_before_it() -> None:
    app = Held()
    with WireServer(app) as server, server.connect() as client:
        client.send(GET + GET + b"nonsense\r\n\r\n")
        eventually(lambda: app.began, bool)
        app.let_go.set()
        assert [client.answer().status for _ in range(3)] == [200, 200, 400]
        assert client.is_closed()


def test_a_broken_body_of_a_waiting_request_does_not_harm_the_one_before() -> None:
    broken = POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n"
    with WireServer(echo) as server, server.connect() as client:
        client.send(GET + broken)
        assert [client.answer().status for _ in range(2)] == [200, 400]


def test_a_client_that_has_closed_its_side_is_still_answered() -> None:
    app = Held()
    with WireServer(app) as server, server.connect() as client:
        client.send(GET + GET)
        client.socket.shutdown(1)
        eventually(lambda: app.began, bool)
        app.let_go.set()
        assert client.rest().count(b"GET /a ") == 2


# Bodies.


def test_a_body_in_many_pieces_arrives_whole() -> None:
    text = b"x" * (BODY_BYTES_BUFFERED_MAX * 8)
    with WireServer(echo) as server, server.connect() as client:
        client.send(POST + b"Content-Length: %d\r\n\r\n" % len(text) + text + GET)
        assert client.answer().body == b"POST /a " + text
        assert client.answer().body == b"GET /a "


def test_reading_pauses_while_the_application_does_not_take_a_body() -> None:
    app = Held()
    sent: list[int] = []
    piece = b"x" * 65_536

    def upload(client: RawClient) -> None:
        for _ in range(128):
            client.send(piece)
            sent.append(1)

    with WireServer(app) as server, server.connect() as client:
        client.send(POST + b"Content-Length: %d\r\n\r\n" % (128 * len(piece)))
        thread = threading.Thread(target=upload, args=(client,))
        thread.start()
        eventually(lambda: app.began, bool)
        (connection,) = server.listener.connections
        eventually(lambda: connection._is_reading, lambda reading: not reading)
        assert connection._newest is not None
        assert connection._newest.buffered_bytes < 4 * BODY_BYTES_BUFFERED_MAX
        assert len(sent) < 128
        app.let_go.set()
        assert len(client.answer().body) >= 128 * len(piece)
        thread.join()


def test_a_client_that_expects_it_is_told_to_continue_once() -> None:
    request = POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    with WireServer(echo) as server, server.connect() as client:
        for _ in range(2):
            assert client.ask(request).status == 100
            assert client.ask(b"abc").body == b"POST /a abc"


def test_nobody_is_told_to_continue_who_has_begun_or_is_refused() -> None:
    request = POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    with WireServer(echo) as server, server.connect() as client:
        assert client.ask(request + b"abc").status == 200
    with WireServer(without_reading) as server, server.connect() as client:
        answer = client.ask(request)
        assert (answer.status, answer.headers["connection"]) == (413, "close")
        assert client.is_closed()


def test_an_answer_before_the_end_of_a_body_can_be_read() -> None:
    with WireServer(without_reading) as server, server.connect() as client:
        size = 32 << 20
        client.send(POST + b"Content-Length: %d\r\n\r\n" % size)
        client.send(b"x" * size)
        answer = client.answer()
        assert (answer.status, answer.headers["connection"]) == (413, "close")
        assert client.is_closed()


def test_a_client_that_does_not_stop_sending_is_cut_off() -> None:
    with (
        WireServer(without_reading, impatient(linger_s=0.05)) as server,
        server.connect() as client,
    ):
        client.send(POST + b"Content-Length: 100000000\r\n\r\n")
        client.answer()
        with pytest.raises(ConnectionError):
            flood(client)


def flood(client: RawClient) -> None:
    """Send for as long as anybody takes it."""
    for _ in range(100_000):
        client.send(b"x" * 65_536)


# Patience.


def test_a_connection_at_rest_is_closed_after_its_time() -> None:
    with WireServer(echo, impatient(keep_alive_s=0.2)) as server, server.connect() as client:
        assert client.ask(GET).status == 200
        assert client.is_closed()


def test_a_head_that_drips_in_is_408() -> None:
    with WireServer(echo, impatient(head_s=0.2)) as server, server.connect() as client:
        client.send(b"GET /a HTTP/1.1\r\nX: ")
        while not client.has_answer(0.01):
            client.send(b"x")
        assert client.answer().status == 408
        assert client.is_closed()


def test_a_body_that_stops_is_408() -> None:
    with WireServer(echo, impatient(pause_s=0.2)) as server, server.connect() as client:
        client.send(POST + b"Content-Length: 3\r\n\r\nab")
        assert client.answer().status == 408
        assert client.is_closed()


def test_a_body_that_was_not_read_for_long_has_not_stopped() -> None:
    app = Held()
    size = 64 * BODY_BYTES_BUFFERED_MAX
    with (
        WireServer(app, impatient(pause_s=0.3)) as server,
        server.connect() as client,
    ):
        client.send(POST + b"Content-Length: %d\r\n\r\n" % size)
        thread = threading.Thread(target=client.send, args=(b"x" * size,))
        thread.start()
        swept = threading.Event()
        server.later(1.0, swept.set)
        assert swept.wait(10)
        app.let_go.set()
        assert client.head().status == 200
        thread.join()


def test_an_answer_that_takes_long_is_not_a_rest() -> None:
    app = Held()
    with (
        WireServer(app, impatient(keep_alive_s=0.05, head_s=0.05, pause_s=0.05)) as server,
        server.connect() as client,
    ):
        client.send(GET)
        eventually(lambda: app.began, bool)
        swept = threading.Event()
        server.later(0.3, swept.set)
        assert swept.wait(10)
        app.let_go.set()
        assert client.answer().status == 200


# Other protocols.


@pytest.mark.parametrize("piece_bytes", [1, 1 << 20])
def test_http_2_is_handed_on_from_its_first_byte(piece_bytes: int) -> None:
    with WireServer(echo) as server, server.connect() as client:
        assert ask_h2(client, H2Connection(H2Configuration()), piece_bytes) == b"GET /b "


def ask_h2(client: RawClient, connection: H2Connection, piece_bytes: int = 1 << 20) -> bytes:
    """Ask for `/b`; gives the body of the answer."""
    connection.initiate_connection()
    names = {":method": "GET", ":path": "/b", ":scheme": "http", ":authority": "a"}
    connection.send_headers(1, list(names.items()), end_stream=True)
    client.send_in_pieces(connection.data_to_send(), piece_bytes)
    return h2_answer(client, connection)


def h2_answer(client: RawClient, connection: H2Connection) -> bytes:
    """Wait for data on any stream."""
    while True:
        for event in connection.receive_data(client.some()):
            if isinstance(event, DataReceived):
                return event.data


def test_an_upgrade_to_http_2_is_handed_on_after_the_answers_before() -> None:
    app = Held()
    with WireServer(app) as server, server.connect() as client:
        client.send(GET + GET + b"GET /up HTTP/1.1\r\nHost: a\r\n" + UPGRADE + b"\r\n")
        eventually(lambda: app.began, bool)
        app.let_go.set()
        assert [client.answer().body for _ in range(2)] == [b"GET /a ", b"GET /a "]
        assert client.head().status == 101
        connection = H2Connection(H2Configuration())
        connection.initiate_upgrade_connection()
        client.send(connection.data_to_send())
        assert h2_answer(client, connection) == b"GET /up "


def test_an_upgrade_with_a_body_keeps_its_body() -> None:
    request = POST + UPGRADE + b"Content-Length: 28\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n"
    with WireServer(echo) as server, server.connect() as client:
        assert client.ask(request).body.startswith(b"POST /a GET /x HTTP/1.1")
        assert client.ask(GET).body == b"GET /a "


def test_an_upgrade_to_something_else_is_answered_as_http_1() -> None:
    request = POST + b"Connection: upgrade\r\nUpgrade: foo\r\nContent-Length: 3\r\n\r\nabc"
    with WireServer(echo) as server, server.connect() as client:
        assert client.ask(request).body == b"POST /a abc"


# The end.


def test_a_stop_closes_connections_at_rest_and_finishes_answers() -> None:
    app = Held()
    with (
        WireServer(app) as server,
        server.connect() as resting,
        server.connect() as client,
    ):
        client.send(GET + GET)
        eventually(lambda: app.began, bool)
        server.begin_stop()
        assert resting.is_closed()
        app.let_go.set()
        answer = client.answer()
        assert (answer.body, answer.headers["connection"]) == (b"GET /a ", "close")


def test_a_stop_cuts_off_what_takes_longer_than_its_grace() -> None:
    told = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await read(receive)
        try:
            await asyncio.Event().wait()
        finally:
            told.set()

    with WireServer(app) as server, server.connect() as client:
        client.send(GET)
        eventually(lambda: any(c._current for c in server.listener.connections), bool)
        server.begin_stop()
        assert client.is_closed()
        assert told.wait(10)


def test_a_stop_waits_for_the_work_of_clients_that_have_gone() -> None:
    app = Held()
    with WireServer(app) as server:
        client = server.connect()
        client.send(GET)
        eventually(lambda: app.began, bool)
        client.reset()
        eventually(lambda: len(server.listener.connections), lambda count: count == 0)
        server.begin_stop()
        assert len(server.listener._left_behind) == 1
        app.let_go.set()
        server.stop()
        assert len(server.listener._left_behind) == 0


def test_a_stop_ends_clients_that_do_not_read_their_answer() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(sized(64 << 20))
        await send(body(b"x" * (64 << 20)))

    with WireServer(app) as server, server.connect() as client:
        client.send(GET)
        client.head()
        started_s = time.monotonic()
        server.stop()
        assert time.monotonic() - started_s < 8
