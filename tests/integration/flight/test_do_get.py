"""DoGet with a ticket: rows, their schema, and every way in which a question can be wrong."""

import json
from collections.abc import Callable

import pyarrow as pa
import pytest
from pyarrow import flight

from influxpe.config import ServerConfig
from influxpe.http.flight.protobuf import message
from influxpe.http.flight.reading import BATCH_BYTES_MAX
from influxpe.http.flight.status import Code
from influxpe.http.flight.tickets import READ_INFO
from influxpe.http.threads import QUERIES_WAITING
from tests.api_client import ApiClient
from tests.integration.flight.conftest import Asker
from tests.integration.flight.raw_calls import RawCalls, frame, outcome
from tests.polling import eventually
from tests.server_process import ServerProcess

# Threads for queries, and queries that may be asked at once without being refused.
THREADS = ServerConfig().queries_running_max() + QUERIES_WAITING
AT_ONCE = 32
PREFIX = "Flight returned "


def fault(error: BaseException) -> str:
    """Give what pyarrow says of a status: its kind, and the message."""
    return str(error).removeprefix(PREFIX).partition(". gRPC client debug context")[0]


def test_rows_arrive_with_the_types_and_roles_of_their_columns(
    client: ApiClient, asker: Asker
) -> None:
    client.write_all("g1", 'cpu,host=a b=t,f=1.5,i=1i,s="é",u=2u 1\ncpu,host=b f=2 2')
    table = asker.table("g1", "SELECT * FROM cpu ORDER BY time")
    roles = {
        field.name: (field.type, (field.metadata or {}).get(b"iox::column::type"))
        for field in table.schema
    }
    prefix = b"iox::column_type::"
    assert roles == {
        "b": (pa.bool_(), prefix + b"field::boolean"),
        "f": (pa.float64(), prefix + b"field::float"),
        "host": (pa.string(), prefix + b"tag"),
        "i": (pa.int64(), prefix + b"field::integer"),
        "s": (pa.string(), prefix + b"field::string"),
        "time": (pa.timestamp("ns"), prefix + b"timestamp"),
        "u": (pa.uint64(), prefix + b"field::uinteger"),
    }
    assert table.schema.metadata[b"iox::series::key"] == b"host"
    assert table.column("host").to_pylist() == ["a", "b"]
    assert table.column("s").to_pylist() == ["é", None]


def test_an_answer_without_rows_has_its_schema(client: ApiClient, asker: Asker) -> None:
    client.write_all("g2", "cpu v=1 1")
    table = asker.table("g2", "SELECT v FROM cpu WHERE v > 2")
    assert (table.num_rows, table.schema.names) == (0, ["v"])


def test_an_answer_of_many_batches_is_whole_and_in_order(client: ApiClient, asker: Asker) -> None:
    client.write_all("g3", "\n".join(f"m i={i}i {i}" for i in range(100_000)))
    table = asker.table("g3", "SELECT i FROM m ORDER BY time")
    assert table.column("i").to_pylist() == list(range(100_000))


def test_batches_are_split_near_what_clients_take(client: ApiClient, asker: Asker) -> None:
    text = "x" * 2_000
    client.write_all("g4", "\n".join(f'm s="{text}",i={i}i {i}' for i in range(4_000)))
    ticket = {"database": "g4", "sql_query": "SELECT i, s FROM m ORDER BY time"}
    batches = list(asker.batches(ticket))
    assert max(batch.nbytes for batch in batches) <= BATCH_BYTES_MAX * 1.1
    assert pa.Table.from_batches(batches).column("i").to_pylist() == list(range(4_000))


@pytest.mark.parametrize("name", ["database", "namespace_name", "bucket", "bucket-name"])
def test_the_database_of_a_ticket_has_four_names(
    client: ApiClient, asker: Asker, name: str
) -> None:
    client.write_all("g5", "cpu v=1 1")
    ticket = {name: "g5", "sql_query": "SELECT v FROM cpu", "query_type": None, "is_debug": True}
    assert asker.read(ticket).read_all().to_pylist() == [{"v": 1.0}]


def test_a_header_names_the_database_that_a_ticket_does_not(
    client: ApiClient, asker: Asker
) -> None:
    client.write_all("g6", "cpu v=1 1")
    ticket = {"sql_query": "SELECT v FROM cpu"}
    headers = [("database", "g6"), ("bucket", "g6")]
    assert asker.read(ticket, *headers).read_all().num_rows == 1
    with pytest.raises(pa.ArrowInvalid) as none:
        asker.read(ticket).read_all()
    assert fault(none.value).endswith("Invalid ticket. Error: no database is named")
    with pytest.raises(pa.ArrowInvalid) as two:
        asker.read(ticket, ("database", "g6"), ("bucket", "other")).read_all()
    assert "more than one database: 'database' is 'g6', 'bucket' is 'other'" in str(two.value)


def test_parameters_fill_the_placeholders(client: ApiClient, asker: Asker) -> None:
    client.write_all("g7", "cpu,host=a v=1 1\ncpu,host=b v=2 2")
    sql = "SELECT host FROM cpu WHERE host = $host AND v > $least"
    table = asker.table("g7", sql, params={"host": "b", "least": 1})
    assert table.to_pylist() == [{"host": "b"}]


def test_influxql_is_asked_by_a_ticket(client: ApiClient, asker: Asker) -> None:
    client.write_all("iql", "cpu,host=a v=1 1\ncpu,host=b v=2 2")
    asked = "SELECT last(v) FROM cpu WHERE v > $least GROUP BY host"
    table = asker.table("iql", asked, query_type="influxql", params={"least": 1})
    assert table.column_names == ["iox::measurement", "time", "host", "last"]
    assert table.drop_columns("time").to_pylist() == [
        {"iox::measurement": "cpu", "host": "b", "last": 2.0}
    ]
    key = json.loads(table.schema.metadata[b"iox::influxql::group_key::metadata"])
    tag = {"tag_key": "host", "column_index": 2, "is_projected": False}
    assert key == {"measurement_column_index": 0, "tag_key_columns": [tag]}
    with pytest.raises(pa.ArrowInvalid, match="parsing error: invalid SELECT statement"):
        asker.table("iql", "SELECT FROM cpu", query_type="influxql")


def test_tickets_of_protobuf_are_taken_wrapped_and_bare(client: ApiClient, asker: Asker) -> None:
    client.write_all("g8", "cpu v=1,i=7i 1")
    params = [
        message({1: "i", 5: 7}),
        message({1: "v", 6: 1.0}),
        message({1: "yes", 3: True}),
        message({1: "no", 2: 0}),
        message({1: "u", 4: 7}),
        message({1: "s", 7: "text"}),
    ]
    sql = (
        "SELECT v FROM cpu WHERE i = $i AND v = $v AND $yes AND $no IS NULL "
        "AND i = $u AND $s = 'text'"
    )
    bare = message({1: "g8", 2: sql, 3: 1, 6: params})
    wrapped = message({1: f"type.googleapis.com/{READ_INFO}", 2: bare})
    for ticket in (bare, wrapped):
        assert asker.read(ticket).read_all().to_pylist() == [{"v": 1.0}]


@pytest.mark.parametrize(
    "ticket",
    [
        b"",
        b"{",
        b"\xff\xff",
        b"[]",
        b'{"database":"x"}',
        b'{"sql_query":1}',
        b'{"sql_query":"\x80"}',
        b'{"sql_query":"SELECT 1","params":{"a":' + b"[" * 100_000 + b"}}",
    ],
)
def test_what_is_no_ticket_is_an_invalid_argument(asker: Asker, ticket: bytes) -> None:
    with pytest.raises(pa.ArrowInvalid) as refused:
        asker.read(ticket).read_all()
    expected = "invalid argument error, with message: Invalid ticket. Error: Invalid ticket"
    assert fault(refused.value) == expected


PLANNING = "invalid argument error, with message: Error while logically planning query: "


@pytest.mark.parametrize(
    ("database", "sql", "kind", "text"),
    [
        (
            "nowhere",
            "SELECT 1",
            KeyError,
            "not found error, with message: Cannot retrieve database: "
            "External error: database not found: nowhere",
        ),
        ("g9", "SELEC", pa.ArrowInvalid, PLANNING + "SQL error: ParserError("),
        (
            "g9",
            "SELECT * FROM x",
            pa.ArrowInvalid,
            PLANNING + "Error during planning: table 'public.iox.x' not found",
        ),
        ("g9", "SELECT x FROM cpu", pa.ArrowInvalid, PLANNING + "Schema error: No field named x."),
        ("g9", "DROP TABLE cpu", pa.ArrowInvalid, PLANNING),
        (
            "g9",
            "SELECT v FROM cpu WHERE v = $v",
            pa.ArrowInvalid,
            PLANNING + "Error during planning: No value found for placeholder with name $v",
        ),
        (
            "g9",
            "SELECT 1 / (i - i) FROM cpu",
            pa.ArrowInvalid,
            "invalid argument error, with message: Arrow error: Divide by zero error",
        ),
    ],
)
def test_a_bad_question_says_what_is_bad(
    client: ApiClient, asker: Asker, database: str, sql: str, kind: type[Exception], text: str
) -> None:
    client.write_all("g9", "cpu v=1,i=1i 1")
    with pytest.raises(kind) as refused:
        asker.table(database, sql)
    assert fault(refused.value).startswith(text)


def test_a_failure_amid_the_rows_ends_them_with_its_status(client: ApiClient, asker: Asker) -> None:
    lines = (f'cut s="{"x" * 100}",i={i}i {i}' for i in range(50_000))
    client.write_all("g10", "\n".join(lines))
    ticket = {"database": "g10", "sql_query": "SELECT s, 1/(i-49999) FROM cut"}
    batches = asker.batches(ticket)
    assert next(batches).num_rows > 0
    with pytest.raises(pa.ArrowInvalid, match="Divide by zero"):
        list(batches)


def test_a_list_is_no_parameter(client: ApiClient, asker: Asker) -> None:
    client.write_all("g11", "cpu v=1 1")
    with pytest.raises(pa.ArrowInvalid, match="JSON arrays are not supported"):
        asker.table("g11", "SELECT 1", params={"a": [1]})


def test_a_long_message_is_cut(client: ApiClient, asker: Asker) -> None:
    client.write_all("g12", "cpu v=1 1")
    with pytest.raises(pa.ArrowInvalid) as refused:
        asker.table("g12", 'SELECT "NAME" FROM cpu'.replace("NAME", "ä" * 3_000))
    assert 900 < fault(refused.value).count("ä") < 1_000


def test_the_time_that_a_client_sets_ends_its_stream(client: ApiClient, asker: Asker) -> None:
    client.write_all("g13", "\n".join(f"m v={i} {i}" for i in range(700)))
    sql = "SELECT count(*) FROM m a, m b, m c WHERE a.v * b.v > c.v"
    ticket = json.dumps({"database": "g13", "sql_query": sql}).encode()
    with pytest.raises((flight.FlightTimedOutError, pa.ArrowException), match=r"(?i)time|dead"):
        asker.read(ticket, timeout_s=0.2).read_all()


def test_many_streams_share_a_connection(client: ApiClient, asker: Asker) -> None:
    client.write_all("g14", "\n".join(f"m i={i}i {i}" for i in range(50_000)))
    ticket = {"database": "g14", "sql_query": "SELECT i, time FROM m ORDER BY time"}
    readers = [asker.read(ticket) for _ in range(30)]
    # All have begun before any is read: each must come although the others wait.
    for reader in reversed(readers):
        assert reader.read_all().num_rows == 50_000


def test_clients_that_do_not_read_hold_no_thread(
    server: ServerProcess, client: ApiClient, asker: Asker
) -> None:
    client.write_all("g16", "\n".join(f"m i={i}i {i}" for i in range(50_000)))
    sql = "SELECT a.i, b.time FROM m a, m b"
    ticket = message({1: json.dumps({"database": "g16", "sql_query": sql}).encode()})
    with RawCalls(server.address) as raw:
        for _ in range(THREADS // AT_ONCE + 1):
            streams = [raw.begin("DoGet") for _ in range(AT_ONCE)]
            for stream in streams:
                raw.send(stream, frame(ticket), end=True)
            while not all(raw.replies[stream].headers for stream in streams):
                raw.receive(acknowledge=False)
        assert asker.table("g16", "SELECT count(*) AS n FROM m").to_pylist() == [{"n": 50_000}]


def test_a_query_that_is_ended_by_its_id_is_a_cancelled_call(
    server: ServerProcess, client: ApiClient
) -> None:
    client.write_all("g17", "m i=1i 1")
    sql = "SELECT count(*) AS n FROM generate_series(1, 9000000000000000)"
    ticket = message({1: json.dumps({"database": "g17", "sql_query": sql}).encode()})
    running = "SELECT id FROM system.queries WHERE running AND query_text = $text"

    def ids() -> list[dict[str, str]]:
        found: list[dict[str, str]] = client.sql("g17", running, params={"text": sql}).json()
        return found

    with RawCalls(server.address) as raw:
        stream = raw.begin("DoGet")
        raw.send(stream, frame(ticket), end=True)
        [row] = eventually(ids, bool)
        client.http.delete("/api/v3/query", params=row).raise_for_status()
        ended = outcome(raw.reply(stream))
    assert (ended.status, ended.message) == (Code.CANCELLED, "query cancelled")


def test_a_client_that_leaves_ends_its_query(
    server: ServerProcess,
    client: ApiClient,
    asker: Asker,
    open_flight: Callable[[ServerProcess], flight.FlightClient],
) -> None:
    client.write_all("g15", "\n".join(f"m i={i}i {i}" for i in range(50_000)))
    ticket = {"database": "g15", "sql_query": "SELECT a.i FROM m a, m b"}
    for _ in range(40):
        reader = asker.read(ticket)
        reader.read_chunk()
        reader.cancel()
    with open_flight(server) as leaving:
        Asker(leaving).read(ticket).read_chunk()
    sql = "SELECT phase FROM system.queries WHERE query_text LIKE '%FROM m a, m b'"
    phases = eventually(
        lambda: {row["phase"] for row in client.rows("g15", sql)}, lambda found: len(found) == 1
    )
    assert phases == {"cancel"}
