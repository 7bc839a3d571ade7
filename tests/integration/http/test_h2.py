"""HTTP/2 over real sockets, in front of an application of the test itself."""

import asyncio
import contextlib
import threading

import pytest
from h2.errors import ErrorCodes
from h2.events import StreamReset
from h2.exceptions import ProtocolError
from starlette.types import Receive, Scope, Send

from influxpe.http.wire.limits import (
    CONNECTION_WINDOW_BYTES_MAX,
    FRAME_BYTES_MAX,
    HEADERS_MAX,
    STREAM_WINDOW_BYTES_MAX,
    STREAMS_MAX,
    UNSENT_BYTES_MAX,
    Timeouts,
)
from tests.integration.http.h2_client import H2Client, Reply
from tests.integration.http.wire_server import WireServer
from tests.polling import eventually

LARGE = bytes(range(256)) * 40_000


class App:
    """Answers by path; `/held` waits for `let_go`, `/deaf` does so without taking its body."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.began: list[str] = []
        self.ended: list[str] = []
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope["path"]
        self.scopes.append(scope)
        self.began.append(path)
        try:
            await getattr(self, path.strip("/").replace("-", "_"), self.echo)(scope, receive, send)
        finally:
            self.ended.append(path)

    async def echo(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with method, path and body."""
        text = f"{scope['method']} {scope['path']} ".encode()
        await answer(send, text + (await read(receive) or b""))

    async def held(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer once it is let go."""
        await read(receive)
        await self.deaf(scope, receive, send)

    async def deaf(self, _: Scope, receive: Receive, send: Send) -> None:
        """Do the same without looking at the request."""
        del receive
        while not self.let_go.is_set():  # noqa: ASYNC110 - another thread sets it
            await asyncio.sleep(0.01)
        await answer(send, b"let go")

    async def early(self, _: Scope, receive: Receive, send: Send) -> None:
        """Answer before the body has come."""
        del receive
        await answer(send, b"early")

    async def large(self, _: Scope, receive: Receive, send: Send) -> None:
        """Answer with much."""
        await read(receive)
        await answer(send, LARGE)

    async def endless(self, _: Scope, receive: Receive, send: Send) -> None:
        """Send until the client goes away."""
        gone = asyncio.ensure_future(disconnected(receive))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not gone.done():
            await send({"type": "http.response.body", "body": LARGE, "more_body": True})
            await asyncio.sleep(0)

    async def trailers(self, _: Scope, receive: Receive, send: Send) -> None:
        """Answer with a header behind the body."""
        await read(receive)
        start = {"type": "http.response.start", "status": 200, "headers": [], "trailers": True}
        await send(start)
        await send({"type": "http.response.body", "body": b"body"})
        await send({"type": "http.response.trailers", "headers": [(b"after", b"all")]})

    async def empty(self, _: Scope, receive: Receive, send: Send) -> None:
        """Answer 204 with a body that must not be sent."""
        await read(receive)
        await answer(send, b"nothing", status=204)

    async def failing(self, _: Scope, receive: Receive, send: Send) -> None:
        """Fail before the answer."""
        raise RuntimeError("on purpose")

    async def cut_off(self, _: Scope, receive: Receive, send: Send) -> None:
        """Return amid the answer."""
        await read(receive)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})


async def read(receive: Receive) -> bytes | None:
    """Read a whole body; nothing where the client goes."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        piece: bytes = message["body"]
        body += piece
        if not message["more_body"]:
            return body


async def disconnected(receive: Receive) -> None:
    """Wait for the client to go."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def answer(send: Send, body: bytes, status: int = 200) -> None:
    """Send a whole answer."""
    headers = [(b"content-length", b"%d" % len(body))] if status == 200 else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def connect(server: WireServer) -> H2Client:
    """Open a connection with prior knowledge."""
    return H2Client(f"127.0.0.1:{server.port}")


def until_closed(client: H2Client) -> None:
    """Read until the server closes the connection."""
    with contextlib.suppress(ConnectionError, ProtocolError):
        while data := client.socket.recv(65_536):
            client.connection.receive_data(data)


def test_requests_are_answered_side_by_side() -> None:
    app = App()
    with WireServer(app) as server, connect(server) as client:
        held = client.open("GET", "/held", end=True)
        eventually(lambda: app.began, bool)
        post = client.open("POST", "/b%20c?d=e")
        client.send(post, b"body", end=True)
        assert client.reply(post).body == b"POST /b c body"
        assert client.reply(post).headers[b":status"] == b"200"
        assert b"date" in client.reply(post).headers
        app.let_go.set()
        assert client.reply(held).body == b"let go"
        scope = app.scopes[1]
        assert (scope["raw_path"], scope["query_string"]) == (b"/b%20c", b"d=e")
        assert (scope["http_version"], scope["scheme"]) == ("2", "http")
        assert (b"host", b"a") in scope["headers"]


def test_large_bodies_go_both_ways_whole() -> None:
    with WireServer(App()) as server, connect(server) as client:
        stream = client.open("POST", "/b")
        client.send(stream, LARGE, end=True)
        assert client.reply(stream).body == b"POST /b " + LARGE
        assert len(LARGE) > 4 * FRAME_BYTES_MAX


def test_an_answer_waits_for_its_window_and_no_other_answer_does() -> None:
    with WireServer(App()) as server, connect(server) as client:
        slow = client.open("GET", "/large", end=True)
        while len(client.replies[slow].body) < 65_535:
            client.receive(acknowledge=False)
        # The window of the connection is used up too: open that one alone.
        client.connection.increment_flow_control_window(1_000_000)
        client.flush()
        assert client.ask("/b").body == b"GET /b "
        assert len(client.replies[slow].body) == 65_535
        client.connection.increment_flow_control_window(2**30, slow)
        client.connection.increment_flow_control_window(2**30)
        client.flush()
        assert client.reply(slow).body == LARGE


def test_a_body_that_nobody_takes_stops_itself_and_nothing_else() -> None:
    app = App()
    with WireServer(app) as server, connect(server) as client:
        client.receive()
        deaf = client.open("POST", "/deaf")
        client.send(deaf, bytes(STREAM_WINDOW_BYTES_MAX))
        assert client.connection.local_flow_control_window(deaf) == 0
        assert client.ask("/b").body == b"GET /b "
        app.let_go.set()
        assert client.reply(deaf).body == b"let go"


def test_the_windows_of_a_connection_bound_what_waits_for_applications() -> None:
    app = App()
    with WireServer(app) as server, connect(server) as client:
        client.receive()
        streams = CONNECTION_WINDOW_BYTES_MAX // STREAM_WINDOW_BYTES_MAX
        for _ in range(streams):
            client.send(client.open("POST", "/deaf"), bytes(STREAM_WINDOW_BYTES_MAX))
        last = client.open("POST", "/deaf")
        assert client.connection.local_flow_control_window(last) == 0
        assert client.ask("/b").body == b"GET /b "
        app.let_go.set()
        eventually(lambda: len(app.ended), (streams + 2).__eq__)
        post = client.open("POST", "/b")
        client.send(post, b"again", end=True)
        assert client.reply(post).body == b"POST /b again"


def test_an_answer_before_the_end_of_its_request_ends_the_request() -> None:
    with WireServer(App()) as server, connect(server) as client:
        stream = client.open("POST", "/early")
        resets: list[StreamReset] = []
        while not resets:
            resets = [event for event in client.receive() if isinstance(event, StreamReset)]
        assert client.replies[stream].body == b"early"
        assert resets[0].error_code == ErrorCodes.NO_ERROR
        assert client.ask("/b").body == b"GET /b "


def test_an_answer_has_trailers() -> None:
    with WireServer(App()) as server, connect(server) as client:
        reply = client.ask("/trailers")
        assert (reply.body, reply.headers[b"after"]) == (b"body", b"all")


def test_some_answers_have_no_body() -> None:
    with WireServer(App()) as server, connect(server) as client:
        reply = client.ask("/empty")
        assert (reply.status, reply.body) == (204, b"")
        reply = client.reply(client.open("HEAD", "/b", end=True))
        assert (reply.status, reply.body, reply.headers[b"content-length"]) == (200, b"", b"8")


def test_a_failure_is_500_or_a_reset(caplog: pytest.LogCaptureFixture) -> None:
    with WireServer(App()) as server, connect(server) as client:
        assert client.ask("/failing").status == 500
        reply = client.ask("/cut-off")
        assert (reply.body, reply.was_reset) == (b"half", True)
        assert client.ask("/b").body == b"GET /b "
    assert "the application failed" in caplog.text


@pytest.mark.parametrize("path", ["/held", "/endless"])
def test_a_request_that_is_reset_is_a_disconnect(path: str) -> None:
    app = App()
    with WireServer(app) as server, connect(server) as client:
        stream = client.open("POST", path)
        eventually(lambda: app.began, bool)
        client.connection.reset_stream(stream)
        client.flush()
        app.let_go.set()
        eventually(lambda: app.ended, [path].__eq__)
        assert client.ask("/b").body == b"GET /b "


def test_a_connection_that_is_lost_is_a_disconnect_of_all() -> None:
    app = App()
    with WireServer(app) as server:
        with connect(server) as client:
            client.open("POST", "/endless")
            client.open("POST", "/b")
            eventually(lambda: len(app.began), (2).__eq__)
        eventually(lambda: sorted(app.ended), ["/b", "/endless"].__eq__)
        eventually(lambda: len(server.listener.h2_connections), (0).__eq__)


def test_requests_past_the_limit_are_refused_also_where_others_were_reset() -> None:
    app = App()
    with WireServer(app) as server, connect(server) as client:
        client.receive()
        for _ in range(STREAMS_MAX):
            stream = client.open("GET", "/deaf", end=True)
            client.connection.reset_stream(stream)
        client.flush()
        eventually(lambda: len(app.began), STREAMS_MAX.__eq__)
        assert client.ask("/b").was_reset
        app.let_go.set()
        eventually(lambda: len(app.ended), STREAMS_MAX.__eq__)
        assert client.ask("/b").body == b"GET /b "


def test_headers_past_the_limit_are_431() -> None:
    with WireServer(App()) as server, connect(server) as client:
        many = [(b"x-%d" % number, b"") for number in range(HEADERS_MAX)]
        assert client.ask("/b", *many).status == 431
        assert client.ask("/b", *many[:-10]).body == b"GET /b "
        assert client.ask("/b", (b"x-long", b"x" * 300_000)).body == b"GET /b "


@pytest.mark.parametrize(("path", "status"), [("*", 200), ("b", 400), ("/\xff", 400)])
def test_a_path_is_one(path: str, status: int) -> None:
    with WireServer(App()) as server, connect(server) as client:
        assert client.ask(path).status == status


def test_a_tunnel_is_not_implemented() -> None:
    with WireServer(App()) as server, connect(server) as client:
        stream = client.connection.get_next_available_stream_id()
        client.connection.send_headers(stream, [(b":method", b"CONNECT"), (b":authority", b"a")])
        client.flush()
        client.replies[stream] = Reply()
        assert client.reply(stream).status == 501


def test_what_is_no_http_2_ends_the_connection_alone() -> None:
    with WireServer(App()) as server, connect(server) as other:
        with connect(server) as client:
            client.socket.sendall(b"\0\0\4\x09\0\0\0\0\1nope")
            until_closed(client)
        assert other.ask("/b").body == b"GET /b "


def test_answers_wait_outside_for_a_client_that_does_not_read() -> None:
    app = App()
    with WireServer(app) as server, connect(server) as client:
        client.connection.increment_flow_control_window(2**30)
        stream = client.open("GET", "/endless", end=True)
        client.connection.increment_flow_control_window(2**30, stream)
        client.flush()
        [connection] = eventually(lambda: list(server.listener.h2_connections), bool)
        transport = connection._transport
        sizes = [eventually(transport.get_write_buffer_size, bool) for _ in range(20)]
        assert max(sizes) <= UNSENT_BYTES_MAX + 2 * FRAME_BYTES_MAX


def test_a_connection_that_rests_is_closed() -> None:
    timeouts = Timeouts(keep_alive_s=0.1, sweep_s=0.02)
    with WireServer(App(), timeouts) as server, connect(server) as client:
        assert client.ask("/b").status == 200
        until_closed(client)


def test_a_client_that_stops_reading_is_cut_off_after_a_pause() -> None:
    app = App()
    timeouts = Timeouts(pause_s=0.2, sweep_s=0.02)
    with WireServer(app, timeouts) as server, connect(server) as client:
        client.connection.increment_flow_control_window(2**30)
        stream = client.open("GET", "/endless", end=True)
        client.connection.increment_flow_control_window(2**30, stream)
        client.flush()
        eventually(lambda: app.ended, ["/endless"].__eq__)


def test_a_stop_finishes_answers_and_takes_no_more() -> None:
    app = App()
    with WireServer(app) as server, connect(server) as client, connect(server) as resting:
        resting.receive()
        held = client.open("GET", "/held", end=True)
        eventually(lambda: app.began, bool)
        server.begin_stop()
        until_closed(resting)
        refused = client.open("GET", "/b", end=True)
        assert client.reply(refused).was_reset
        app.let_go.set()
        assert client.reply(held).body == b"let go"


def test_a_stop_cuts_off_what_takes_longer_than_its_grace() -> None:
    app = App()
    with WireServer(app) as server, connect(server) as client:
        client.open("GET", "/deaf", end=True)
        eventually(lambda: app.began, bool)
        server.begin_stop()
        until_closed(client)
