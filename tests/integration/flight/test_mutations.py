"""Requests that were right, with bytes changed: each is answered with a status."""

from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from influxpe.http.flight import ipc
from influxpe.http.flight.commands import PACKAGE
from influxpe.http.flight.messages import TYPE_URL
from influxpe.http.flight.protobuf import message
from influxpe.http.flight.tickets import FLIGHT_SQL, READ_INFO
from tests.api_client import ApiClient
from tests.integration.flight.raw_calls import RawCalls, frame
from tests.server_process import ServerProcess

DATABASE = (b"database", b"z1")


def wrapped(name: str, fields: dict[int, object]) -> bytes:
    return message({1: TYPE_URL + PACKAGE + name, 2: message(fields)})


def stream(descriptor: bytes, batch: pa.RecordBatch) -> bytes:
    """Spell the whole request of a DoPut."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    body = b""
    for found in ipc.Splitter().feed(sink.getvalue().to_pybytes()):
        body += frame(message({1: descriptor or None, 2: found.header, 1000: found.body}))
        descriptor = b""
    return body


HOSTS = pa.array(["a", "b", None, "a"]).dictionary_encode()
BATCH = pa.RecordBatch.from_pydict({"t": HOSTS, "s": ["x", "", None, "yz"], "v": [1, 2, 3, 4]})
VALUES = pa.RecordBatch.from_pydict({"p": ["a"], "q": [[1, 2]], "r": [1.5], "u": [True]})
PREPARED = wrapped("CommandPreparedStatementQuery", {1: "SELECT $p, $q"})
TABLES = wrapped("CommandGetTables", {1: "public", 2: "i%", 3: "%", 4: ["VIEW"], 5: 1})
STATEMENT = wrapped("CommandStatementQuery", {1: "SELECT * FROM m WHERE v = 1"})
CREATE = wrapped("ActionCreatePreparedStatementRequest", {1: "SELECT 1"})
TICKET = {1: "z1", 2: "SELECT 1", 3: 1, 6: [message({1: "a", 5: 7}), message({1: "b", 6: 1.5})]}
REQUESTS: list[tuple[str, bytes]] = [
    ("DoGet", frame(message({1: b'{"database":"z1","sql_query":"SELECT v FROM m"}'}))),
    ("DoGet", frame(message({1: message({1: TYPE_URL + READ_INFO, 2: message(TICKET)})}))),
    ("DoGet", frame(message({1: message({1: "z1", 3: FLIGHT_SQL, 4: TABLES})}))),
    ("DoPut", stream(message({1: 1, 3: ["z1", "put"]}), BATCH)),
    ("DoPut", stream(message({1: 2, 2: b'{"db":"z1","table":"put","tags":["t"]}'}), BATCH)),
    ("DoPut", stream(message({1: 2, 2: PREPARED}), VALUES)),
    ("DoPut", stream(message({1: 2, 2: wrapped("CommandStatementIngest", {2: "put"})}), BATCH)),
    ("GetFlightInfo", frame(message({1: 2, 2: TABLES}))),
    ("GetFlightInfo", frame(message({1: 2, 2: STATEMENT}))),
    ("GetSchema", frame(message({1: 2, 2: wrapped("CommandGetSqlInfo", {1: [1, 2]})}))),
    (
        "DoAction",
        frame(
            message({1: "a", 2: wrapped("ActionCreatePreparedStatementRequest", {1: "SELECT 1"})})
        ),
    ),
    ("Handshake", frame(message({1: 1, 2: b"payload"}))),
]


@pytest.fixture(scope="module")
def raw(server: ServerProcess) -> Iterator[RawCalls]:
    """Open one connection for all examples: none of them may end it."""
    with ApiClient(server.url) as client:
        client.write_all("z1", 'm,t=a v=1,s="x" 1')
    with RawCalls(server.address) as calls:
        yield calls


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(REQUESTS),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=6),
    st.one_of(st.none(), st.integers(0, 10**6)),
)
def test_a_changed_request_is_answered_with_a_status(
    server: ServerProcess,
    raw: RawCalls,
    request_: tuple[str, bytes],
    changes: list[tuple[int, int]],
    end: int | None,
) -> None:
    method, body = request_[0], bytearray(request_[1])
    for place, value in changes:
        body[place % len(body)] = value
    if end is not None:
        del body[end % len(body) :]
    reply = raw.call(method, bytes(body), DATABASE)
    assert reply.status >= 0
    assert not reply.message.startswith("internal error"), reply.message
    assert server.running()
