"""Flight SQL message by message: what no client at hand asks for, and what is wrong."""

import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import flight

from influxpe.http.flight.commands import PACKAGE
from influxpe.http.flight.messages import TYPE_URL
from influxpe.http.flight.protobuf import Fields, message
from influxpe.http.flight.sql_facts import FUNCTIONS, SQL_BYTES_MAX
from influxpe.http.flight.status import Code
from tests.api_client import ApiClient
from tests.integration.flight.conftest import Asker
from tests.integration.flight.raw_calls import Outcome, RawCalls, frame
from tests.server_process import ServerProcess

Ask = Callable[..., pa.Table]
# The place of 64 bits in the union of facts: the driver of JDBC takes no others for this one.
BIGINT = 2


def wrapped(name: str, fields: dict[int, object] | None = None) -> bytes:
    """Spell a command."""
    return message({1: TYPE_URL + PACKAGE + name, 2: message(fields or {})})


def options(**headers: str) -> flight.FlightCallOptions:
    """Give options of calls with headers."""
    spelled = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    return flight.FlightCallOptions(headers=spelled)  # type: ignore[arg-type]  # the stubs say text, pyarrow wants bytes


@pytest.fixture
def ask(asker: Asker, client: ApiClient) -> Ask:
    """Ask a command: GetFlightInfo, then DoGet; both must have one schema."""
    client.write_all("s1", "cpu,host=a v=1.5 1\nmem used=1i 1")

    def run(name: str, fields: dict[int, object] | None = None, **headers: str) -> pa.Table:
        chosen = options(database="s1", **headers)
        descriptor = flight.FlightDescriptor.for_command(wrapped(name, fields))
        info = asker.client.get_flight_info(descriptor, chosen)
        assert info.descriptor == descriptor
        assert (info.total_records, info.total_bytes, info.endpoints[0].locations) == (-1, -1, [])
        result: Any = asker.client.get_schema(descriptor, chosen)
        assert result.schema == info.schema
        table = asker.client.do_get(info.endpoints[0].ticket, chosen).read_all()
        assert table.schema == info.schema
        return table

    return run


def test_a_statement_needs_no_state_between_its_calls(ask: Ask) -> None:
    assert ask("CommandStatementQuery", {1: "SELECT v FROM cpu"}).to_pylist() == [{"v": 1.5}]
    assert ask("CommandStatementQuery", {1: "EXPLAIN SELECT v FROM cpu"}).num_rows == 2


def test_a_prepared_statement_may_be_the_text_itself(ask: Ask) -> None:
    table = ask("CommandPreparedStatementQuery", {1: "SELECT host FROM cpu"})
    assert table.to_pylist() == [{"host": "a"}]


def test_catalogs_and_schemas_are_listed(ask: Ask) -> None:
    assert ask("CommandGetCatalogs").to_pylist() == [{"catalog_name": "public"}]
    names = ask("CommandGetDbSchemas").column("db_schema_name").to_pylist()
    assert names == ["information_schema", "iox", "system"]
    assert ask("CommandGetDbSchemas", {1: "public", 2: "i%"}).num_rows == 2
    assert ask("CommandGetDbSchemas", {2: "io_"}).num_rows == 1
    assert ask("CommandGetDbSchemas", {1: "other"}).num_rows == 0


def test_tables_are_listed_by_patterns_and_types(ask: Ask) -> None:
    def names(**fields: object) -> list[str]:
        spelled = {int(number[1:]): value for number, value in fields.items()}
        return [str(name) for name in ask("CommandGetTables", spelled).column("table_name")]

    assert names(_2="iox") == ["cpu", "mem"]
    assert names(_2="iox", _3="c%") == names(_2="iox", _3="_p_") == ["cpu"]
    assert names(_2="iox", _3="\\_p_") == names(_2="iox", _3="c\\%") == []
    assert names(_3="parquet\\_files") == ["parquet_files"]
    assert len(names(_4=["VIEW"])) == 7
    assert names(_4=["NOTHING"]) == names(_1="other") == []
    assert len(names()) == len(set(names())) > 9
    renamed = ask("CommandGetTables", {3: "cpu"}, x_influxdata_base_table_type="TABLE")
    assert renamed.column("table_type").to_pylist() == ["TABLE"]


def test_tables_come_with_their_schemas(ask: Ask) -> None:
    [row] = ask("CommandGetTables", {3: "cpu", 5: 1}).to_pylist()
    schema = pa.ipc.read_schema(pa.py_buffer(row["table_schema"]))
    assert schema.names == ["host", "time", "v"]


def test_facts_are_told_by_number(ask: Ask) -> None:
    facts = ask("CommandGetSqlInfo", {1: [0, 1, 2, 3, 999]}).to_pylist()
    assert [(row["info_name"], row["value"]) for row in facts] == [
        (0, "InfluxDB IOx"),
        (1, "2"),
        (2, "1.3"),
        (3, True),
    ]


def test_every_fact_that_a_driver_of_jdbc_asks_for_is_told(ask: Ask) -> None:
    found = ask("CommandGetSqlInfo")
    told = dict(zip(*(found.column(place).to_pylist() for place in (0, 1)), strict=True))
    assert {*range(500, 577)} <= told.keys()
    assert told[563] is False
    assert "ILIKE" in told[508]
    assert (told[517], told[557], told[567]) == ([], SQL_BYTES_MAX, 2)
    kinds: Any = found.column(1).combine_chunks()
    assert dict(zip(told, kinds.type_codes.to_pylist(), strict=True))[562] == BIGINT


def test_a_statement_may_be_as_long_as_is_told(ask: Ask) -> None:
    longest = "SELECT 1".ljust(SQL_BYTES_MAX)
    assert ask("CommandStatementQuery", {1: longest}).num_rows == 1
    with pytest.raises(pa.ArrowInvalid, match=f"the maximum is {SQL_BYTES_MAX} bytes"):
        ask("CommandStatementQuery", {1: longest + " "})


def test_every_function_that_is_told_can_be_called(ask: Ask) -> None:
    asked = {1: "SELECT DISTINCT routine_name AS n FROM information_schema.routines"}
    there = {*ask("CommandStatementQuery", asked).column("n").to_pylist()}
    built_in = {"coalesce", "current_date", "current_time", "substr", "ceil", "trim"}
    told = {name for names in FUNCTIONS.values() for name in names}
    assert told - there - built_in == set()


def test_types_are_told_by_number(ask: Ask) -> None:
    assert ask("CommandGetXdbcTypeInfo").num_rows == 6
    assert ask("CommandGetXdbcTypeInfo", {1: -5}).column("type_name").to_pylist() == [
        "BIGINT",
        "BIGINT UNSIGNED",
    ]


@pytest.mark.parametrize("what", ["PrimaryKeys", "ExportedKeys", "ImportedKeys", "CrossReference"])
def test_there_are_no_keys(ask: Ask, what: str) -> None:
    table = ask(f"CommandGet{what}", {3: "cpu"})
    assert table.num_rows == 0
    assert "key_sequence" in table.schema.names


def test_a_statement_is_prepared_bound_and_closed(asker: Asker, ask: Ask) -> None:
    del ask
    chosen = options(database="s1")
    body = wrapped("ActionCreatePreparedStatementRequest", {1: "SELECT v FROM cpu WHERE host = $h"})
    [made] = asker.client.do_action(flight.Action("any name", body), chosen)
    result = Fields(Fields(made.body.to_pybytes()).bytes_of(2))
    schema = pa.ipc.read_schema(pa.py_buffer(bytes(result.bytes_of(2))))
    assert schema.names == ["v"]
    parameters = pa.ipc.read_schema(pa.py_buffer(bytes(result.bytes_of(3))))
    assert parameters.to_string() == "h: string"

    def command(handle: bytes) -> flight.FlightDescriptor:
        return flight.FlightDescriptor.for_command(
            wrapped("CommandPreparedStatementQuery", {1: handle})
        )

    values = pa.RecordBatch.from_pydict({"h": ["a", "ignored"]})
    writer, reader = asker.client.do_put(command(bytes(result.bytes_of(1))), values.schema, chosen)
    writer.write_batch(values)
    writer.done_writing()
    told = reader.read()  # type: ignore[attr-defined]  # the stubs take it for another reader
    writer.close()
    bound = command(bytes(Fields(told.to_pybytes()).bytes_of(1)))
    info = asker.client.get_flight_info(bound, chosen)
    assert asker.client.do_get(info.endpoints[0].ticket).read_all().to_pylist() == [{"v": 1.5}]
    body = wrapped("ActionClosePreparedStatementRequest", {1: b"whatever"})
    [closed] = asker.client.do_action(flight.Action("close", body), chosen)
    assert closed.body.to_pybytes() == b""


def told(reply: Outcome) -> tuple[int, str]:
    """Give the status of a reply."""
    return reply.status, reply.message


def descriptor(command: bytes) -> bytes:
    """Spell a descriptor with a command."""
    return message({1: 2, 2: command})


DATABASE = (b"database", b"s2")
INVALID = Code.INVALID_ARGUMENT
UNSUPPORTED = f"Unsupported FlightSQL message type: {TYPE_URL}"


@pytest.mark.parametrize(
    ("method", "body", "expected"),
    [
        ("GetFlightInfo", b"", (Code.UNIMPLEMENTED, "descriptors with a path are not supported")),
        (
            "GetFlightInfo",
            message({1: 1, 3: ["a"]}),
            (Code.UNIMPLEMENTED, "descriptors with a path are not supported"),
        ),
        (
            "GetFlightInfo",
            descriptor(b"SELECT 1"),
            (INVALID, "a field has the wire type 3"),
        ),
        (
            "GetFlightInfo",
            descriptor(b""),
            (INVALID, "the command is not an Any with a message of Flight SQL"),
        ),
        (
            "GetFlightInfo",
            descriptor(message({1: TYPE_URL + "a.B"})),
            (INVALID, UNSUPPORTED + "a.B"),
        ),
        (
            "GetFlightInfo",
            descriptor(wrapped("CommandStatementUpdate")),
            (INVALID, UNSUPPORTED + PACKAGE + "CommandStatementUpdate"),
        ),
        (
            "GetFlightInfo",
            descriptor(wrapped("CommandPreparedStatementQuery", {1: b"\xff"})),
            (INVALID, "bad handle of a prepared statement"),
        ),
        (
            "DoAction",
            message({1: "BeginTransaction", 2: wrapped("ActionBeginTransactionRequest")}),
            (INVALID, UNSUPPORTED + PACKAGE + "ActionBeginTransactionRequest"),
        ),
        (
            "DoPut",
            message({1: descriptor(wrapped("CommandStatementUpdate", {1: "DELETE"}))}),
            (INVALID, UNSUPPORTED + PACKAGE + "CommandStatementUpdate"),
        ),
    ],
)
def test_what_is_no_command_of_ours_is_named(
    server: ServerProcess, method: str, body: bytes, expected: tuple[int, str]
) -> None:
    with RawCalls(server.address) as raw:
        assert told(raw.call(method, frame(body), DATABASE)) == expected


@pytest.mark.parametrize("method", ["GetFlightInfo", "GetSchema", "DoAction"])
def test_a_database_must_be_named(server: ServerProcess, method: str) -> None:
    body = frame(descriptor(wrapped("CommandGetCatalogs")))
    with RawCalls(server.address) as raw:
        expected = (INVALID, "no 'database' header in request")
        assert told(raw.call(method, body)) == expected
        assert told(raw.call(method, body, (b"bucket", b""))) == expected


def test_languages_and_table_types_are_known_names(server: ServerProcess) -> None:
    statement = frame(descriptor(wrapped("CommandStatementQuery", {1: "SELECT 1"})))
    tables = frame(descriptor(wrapped("CommandGetTables")))
    with RawCalls(server.address) as raw:
        header = (b"x-influxdata-query-language", b"influxql")
        code, text = told(raw.call("GetFlightInfo", statement, DATABASE, header))
        assert (code, "database not found" in text) == (Code.NOT_FOUND, True)
        header = (b"x-influxdata-query-language", b"flux")
        reply = raw.call("GetFlightInfo", statement, DATABASE, header)
        assert told(reply) == (INVALID, "bad x-influxdata-query-language: flux")
        header = (b"x-influxdata-base-table-type", b"HEAP")
        reply = raw.call("GetFlightInfo", tables, DATABASE, header)
        assert told(reply) == (INVALID, "bad x-influxdata-base-table-type: HEAP")


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (pa.array([[1]]), "the parameter 'p' has the type list<item: int64>"),
        (pa.array(["a"]).dictionary_encode(), "parameters cannot be dictionaries"),
    ],
)
def test_values_that_no_placeholder_takes_are_refused(
    asker: Asker, column: "pa.Array[Any]", text: str
) -> None:
    batch = pa.RecordBatch.from_arrays([column], names=["p"])
    command = wrapped("CommandPreparedStatementQuery", {1: "SELECT $p"})
    writer, _ = asker.client.do_put(flight.FlightDescriptor.for_command(command), batch.schema)
    writer.write_batch(batch)
    with pytest.raises(pa.ArrowInvalid, match=text):
        writer.close()


def test_a_ticket_of_json_with_a_wrong_language_is_none(asker: Asker) -> None:
    ticket = json.dumps({"database": "s2", "sql_query": "SELECT 1", "query_type": "flightsql"})
    with pytest.raises(pa.ArrowInvalid, match="Invalid ticket"):
        asker.read(ticket.encode()).read_all()
