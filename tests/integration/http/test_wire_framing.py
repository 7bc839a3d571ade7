"""What is a request and what is none: the borders that two readers must not see differently."""

import pytest

from influxpe.http.wire.limits import HEAD_BYTES_MAX, HEADERS_MAX
from tests.integration.http.wire_server import WireServer, echo

HOST = b"Host: a\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
POST = b"POST /a HTTP/1.1\r\n" + HOST
END = b"0\r\n\r\n"

REFUSED = {
    # Two lengths, or one that two readers may understand differently.
    "a length twice": (400, POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
    "two lengths": (400, POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
    "a list of lengths": (400, POST + b"Content-Length: 3, 3\r\n\r\nabc"),
    "a signed length": (400, POST + b"Content-Length: +3\r\n\r\nabc"),
    "a hexadecimal length": (400, POST + b"Content-Length: 0x3\r\n\r\nabc"),
    "an empty length": (400, POST + b"Content-Length:\r\n\r\nabc"),
    "a negative length": (400, POST + b"Content-Length: -1\r\n\r\n"),
    "an endless length": (400, POST + b"Content-Length: 99999999999999999999\r\n\r\n"),
    "a length and chunks": (400, POST + b"Content-Length: 5\r\n" + CHUNKED + b"\r\n" + END),
    "chunks and a length": (400, POST + CHUNKED + b"Content-Length: 5\r\n\r\n" + END),
    # Codings of a transfer.
    "chunked, identity": (400, POST + b"Transfer-Encoding: chunked, identity\r\n\r\n" + END),
    "identity, chunked": (501, POST + b"Transfer-Encoding: identity, chunked\r\n\r\n" + END),
    "gzip, chunked": (501, POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + END),
    "xchunked": (501, POST + b"Transfer-Encoding: xchunked\r\n\r\n" + END),
    "a tab before chunked": (400, POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + END),
    "chunked twice": (400, POST + CHUNKED + CHUNKED + b"\r\n" + END),
    "chunks in 1.0": (400, b"POST /a HTTP/1.0\r\n" + CHUNKED + b"\r\n" + END),
    # Headers.
    "a space before the colon": (400, POST + b"Content-Length : 3\r\n\r\nabc"),
    "a space before the first header": (400, b"POST /a HTTP/1.1\r\n Host: a\r\n\r\n"),
    "a folded header": (400, POST + b"X: a\r\n b\r\n\r\n"),
    "a header without a name": (400, POST + b": a\r\n\r\n"),
    "a header without a colon": (400, POST + b"abc\r\n\r\n"),
    "a bare CR": (400, POST + b"X: a\rY: b\r\n\r\n"),
    "a bare LF": (400, POST + b"X: a\nY: b\r\n\r\n"),
    "line feeds only": (400, b"POST /a HTTP/1.1\nHost: a\n\n"),
    "a zero byte": (400, POST + b"X: a\x00b\r\n\r\n"),
    "a control byte": (400, POST + b"X: a\x01b\r\n\r\n"),
    "no host": (400, b"GET /a HTTP/1.1\r\n\r\n"),
    "two hosts": (400, b"GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    # The first line.
    "a target with a space": (400, b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n"),
    "a target that is not ASCII": (400, b"GET /\xc3\xa4 HTTP/1.1\r\n" + HOST + b"\r\n"),
    "a method in lower case": (400, b"get /a HTTP/1.1\r\n" + HOST + b"\r\n"),
    "an unknown method": (400, b"FLY /a HTTP/1.1\r\n" + HOST + b"\r\n"),
    "HTTP/0.9": (400, b"GET /a\r\n\r\n"),
    "HTTP/1.2": (400, b"GET /a HTTP/1.2\r\n" + HOST + b"\r\n"),
    "HTTP/2.0 in words": (505, b"GET /a HTTP/2.0\r\n" + HOST + b"\r\n"),
    "RTSP": (400, b"POST /a RTSP/1.0\r\n" + HOST + b"\r\n"),
    "ICE": (400, b"SOURCE /a ICE/1.0\r\n" + HOST + b"\r\n"),
    "TLS": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    # Chunks.
    "a chunk size that is no number": (400, POST + CHUNKED + b"\r\nxyz\r\n"),
    "a chunk size with 0x": (400, POST + CHUNKED + b"\r\n0x3\r\nabc\r\n" + END),
    "a chunk size with a space": (400, POST + CHUNKED + b"\r\n3 \r\nabc\r\n" + END),
    "a chunk size without a CR": (400, POST + CHUNKED + b"\r\n3\nabc\r\n" + END),
    "a chunk that is too long": (400, POST + CHUNKED + b"\r\n3\r\nabcd\r\n" + END),
    "an endless chunk": (400, POST + CHUNKED + b"\r\nfffffffffffffffff\r\n"),
    "a negative chunk": (400, POST + CHUNKED + b"\r\n-1\r\n"),
    # Too much.
    "too many headers": (431, POST + b"X: 1\r\n" * HEADERS_MAX + b"\r\n"),
    "a header too long": (431, POST + b"X: " + b"x" * HEAD_BYTES_MAX + b"xxx"),
    "a target too long": (431, b"GET /" + b"x" * HEAD_BYTES_MAX + b"xxx"),
    "a chunk extension too long": (400, POST + CHUNKED + b"\r\n3;" + b"x" * HEAD_BYTES_MAX * 2),
}

TAKEN = {
    "a length": (POST + b"Content-Length: 3\r\n\r\nabc", b"POST /a abc"),
    "chunks": (POST + CHUNKED + b"\r\n3\r\nabc\r\n2;x=y\r\nde\r\n" + END, b"POST /a abcde"),
    "a trailer": (POST + CHUNKED + b"\r\n3\r\nabc\r\n0\r\nHost: b\r\n\r\n", b"POST /a abc"),
    "no body": (b"GET /a?b=c HTTP/1.1\r\n" + HOST + b"\r\n", b"GET /a "),
    "an empty header": (b"GET /a HTTP/1.1\r\nX:\r\n" + HOST + b"\r\n", b"GET /a "),
    "line ends before it": (b"\r\n\r\nGET /a HTTP/1.1\r\n" + HOST + b"\r\n", b"GET /a "),
    "1.0 without a host": (b"GET /a HTTP/1.0\r\n\r\n", b"GET /a "),
    "a body that speaks of RTSP": (
        POST + b"Content-Length: 14\r\n\r\nGET / RTSP/1.0",
        b"POST /a GET / RTSP/1.0",
    ),
    "many headers": (POST + b"X: 1\r\n" * (HEADERS_MAX - 1) + b"\r\n", b"POST /a "),
    "an upgrade that nobody asked for": (POST + b"Upgrade: h2c\r\n\r\n", b"POST /a "),
}


@pytest.mark.parametrize("piece_bytes", [1, 7, 1 << 20])
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_request_is_refused_once_and_closed(case: str, piece_bytes: int) -> None:
    status, data = REFUSED[case]
    with WireServer(echo) as server, server.connect() as client:
        client.send_in_pieces(data, max(piece_bytes, len(data) // 1000))
        answer = client.answer()
        assert (answer.status, answer.body) == (status, b"")
        assert answer.headers["connection"] == "close"
        assert client.is_closed()


@pytest.mark.parametrize("piece_bytes", [1, 1 << 20])
@pytest.mark.parametrize("case", TAKEN)
def test_what_is_a_request_is_answered_however_it_is_split(case: str, piece_bytes: int) -> None:
    data, text = TAKEN[case]
    with WireServer(echo) as server, server.connect() as client:
        client.send_in_pieces(data, piece_bytes)
        answer = client.answer()
        assert (answer.status, answer.body) == (200, text)


@pytest.mark.parametrize(
    "hidden", ["Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: xchunked"]
)
def test_a_request_hidden_in_a_body_is_never_run(hidden: str) -> None:
    asked: list[str] = []

    async def app(scope, receive, send):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - ASGI
        asked.append(scope["path"])
        await echo(scope, receive, send)

    inner = b"GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
    with WireServer(app) as server, server.connect() as client:
        client.send(POST + hidden.encode() + b"\r\n\r\n" + END + inner)
        assert client.answer().status in {400, 501}
        assert client.is_closed()
    assert asked == []
