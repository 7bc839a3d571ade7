"""Calls as bytes: who may make them, and what a broken one is answered. The server lives on."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pyarrow as pa
import pytest
from pyarrow import flight

from influxpe.config import HTTP_REQUEST_BYTES_MAX
from influxpe.http.flight.protobuf import message
from influxpe.http.flight.status import Code
from tests.integration.flight.conftest import Asker
from tests.integration.flight.raw_calls import Outcome, RawCalls, frame, outcome
from tests.server_process import ServerProcess, serve_command


@pytest.fixture
def raw(server: ServerProcess) -> Iterator[RawCalls]:
    """Open a connection, which must still be usable after the test."""
    with RawCalls(server.address) as calls:
        yield calls
        assert calls.call("DoGet", frame(b"")).status == Code.INVALID_ARGUMENT


def told(reply: Outcome) -> tuple[int, str]:
    """Give the status of a reply."""
    return reply.status, reply.message


@pytest.mark.parametrize(
    "path", ["ListFlights", "DoExchange", "PollFlightInfo", "Nothing", "/other.Service/Method", "/"]
)
def test_what_is_not_there_is_unimplemented(raw: RawCalls, path: str) -> None:
    full = path if path.startswith("/") else f"/arrow.flight.protocol.FlightService/{path}"
    expected = (Code.UNIMPLEMENTED, f"{full} is not supported")
    assert told(raw.call(path, frame(b""))) == expected


def test_every_answer_is_grpc_over_http_200(raw: RawCalls) -> None:
    reply = raw.call("DoGet", frame(b""))
    assert reply.headers[b":status"] == b"200"
    assert reply.headers[b"content-type"] == b"application/grpc"


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        (b"", Code.INTERNAL, "the request has no message"),
        (b"\0\0", Code.INTERNAL, "the request ends amid the head of a message"),
        (frame(b"abc", size=9), Code.INTERNAL, "the request ends after 3 of 9 bytes of a message"),
        (
            frame(b"") + frame(b""),
            Code.INTERNAL,
            "the request has more than one message",
        ),
        (frame(b"", flag=1), Code.UNIMPLEMENTED, "compressed messages are not supported"),
        (frame(b"", flag=7), Code.INTERNAL, "a message begins with the byte 7, not with 0"),
        (
            frame(b"\x0a\x05abc"),
            Code.INVALID_ARGUMENT,
            "a field of 5 bytes ends after 3",
        ),
        (frame(b"\x0b"), Code.INVALID_ARGUMENT, "a field has the wire type 3"),
        (frame(b"\x08\x01"), Code.INVALID_ARGUMENT, "field 1 is a number"),
        (frame(b"\xff" * 11), Code.INVALID_ARGUMENT, "a number has no end"),
        (
            frame(b"", size=HTTP_REQUEST_BYTES_MAX + 1),
            Code.RESOURCE_EXHAUSTED,
            "a message of 10485761 bytes is larger than the limit of 10485760 bytes",
        ),
    ],
)
def test_a_broken_request_says_where(raw: RawCalls, body: bytes, code: Code, text: str) -> None:
    assert told(raw.call("DoGet", body)) == (code, text)


def test_a_message_past_the_limit_is_refused_and_the_connection_goes_on(raw: RawCalls) -> None:
    body = frame(bytes(HTTP_REQUEST_BYTES_MAX + 1))
    assert raw.call("DoGet", body).status == Code.RESOURCE_EXHAUSTED


def test_a_message_comes_in_any_pieces(raw: RawCalls) -> None:
    body = frame(message({1: b'{"database":"x","sql_query":"SELECT 1"}'}))
    stream = raw.begin("DoGet")
    for at in range(len(body)):
        raw.send(stream, body[at : at + 1])
    raw.send(stream, b"", end=True)
    assert outcome(raw.reply(stream)).status == Code.NOT_FOUND


@pytest.mark.parametrize("value", [b"1", b"1x", b"123456789S", b"-1S"])
def test_a_timeout_has_a_unit(raw: RawCalls, value: bytes) -> None:
    body = frame(message({1: b'{"database":"x","sql_query":"SELECT 1"}'}))
    reply = raw.call("DoGet", body, (b"grpc-timeout", value))
    assert told(reply) == (Code.INVALID_ARGUMENT, f"bad grpc-timeout: {value.decode()}")


def test_a_timeout_that_is_over_is_resource_exhausted(raw: RawCalls) -> None:
    body = frame(message({1: b'{"database":"x","sql_query":"SELECT 1"}'}))
    reply = raw.call("DoGet", body, (b"grpc-timeout", b"0n"))
    assert told(reply) in [
        (Code.RESOURCE_EXHAUSTED, "grpc-timeout elapsed: Deadline Exceeded"),
        (Code.NOT_FOUND, "Cannot retrieve database: External error: database not found: x"),
    ]


def test_a_call_that_is_reset_leaves_the_others(raw: RawCalls) -> None:
    for _ in range(20):
        stream = raw.begin("DoGet")
        raw.send(stream, frame(b"abc", size=1_000))
        raw.connection.reset_stream(stream)
        raw.flush()
    assert raw.call("DoGet", frame(b"")).status == Code.INVALID_ARGUMENT


def test_http_routes_and_calls_share_a_connection(raw: RawCalls) -> None:
    stream = raw.begin("/ping", (b"x-not", b"grpc"))
    raw.send(stream, b"", end=True)
    assert outcome(raw.reply(stream)).status == Code.UNIMPLEMENTED


def test_a_handshake_echoes_and_spells_the_token(asker: Asker, raw: RawCalls) -> None:
    header: tuple[object, object] = asker.client.authenticate_basic_token("anyone", "apiv3_token")
    assert header == (b"authorization", b"Bearer apiv3_token")
    body = message({1: 3, 2: b"payload"})
    assert raw.call("Handshake", frame(body)).body == frame(body)
    reply = raw.call("Handshake", frame(body), (b"authorization", b"Bearer a b"))
    assert told(reply) == (Code.UNAUTHENTICATED, "Unauthenticated")


def test_a_call_needs_a_token(tmp_path: Path) -> None:
    command = [argument for argument in serve_command(None) if argument != "--without-auth"]
    with ServerProcess(tmp_path, command) as server:
        made = httpx.post(f"{server.url}/api/v3/configure/token/admin").json()["token"]
        ticket = {"database": "x", "sql_query": "SELECT 1"}
        with flight.FlightClient(f"grpc://{server.address}") as client:
            asker = Asker(client)
            for value in (None, "Bearer wrong", f"bearer {made}", "Basic !"):
                headers = [] if value is None else [("authorization", value)]
                with pytest.raises(flight.FlightUnauthenticatedError, match="Unauthenticated"):
                    asker.read(ticket, *headers).read_all()
            for scheme in ("Bearer", "Token"):
                with pytest.raises(pa.ArrowKeyError, match="database not found: x"):
                    asker.read(ticket, ("authorization", f"{scheme} {made}")).read_all()
