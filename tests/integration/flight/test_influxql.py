"""InfluxQL over Flight: tickets in protobuf, a header of Flight SQL, and what is refused."""

from typing import Any, cast

import pyarrow as pa
import pytest
from pyarrow import flight

from influxpe.http.flight.protobuf import message
from tests.api_client import ApiClient
from tests.integration.flight.conftest import Asker

QUERY_TYPE = 2


@pytest.fixture(autouse=True)
def rows(client: ApiClient) -> None:
    """Write two rows of two series."""
    client.write_all("i1", "cpu,host=a v=1 1\ncpu,host=b v=2 2")


def test_a_ticket_in_protobuf_names_its_language(asker: Asker) -> None:
    ticket = message({1: "i1", 2: "SHOW MEASUREMENTS", 3: QUERY_TYPE})
    assert asker.read(ticket).read_all().column("name").to_pylist() == ["cpu"]


def test_an_answer_without_rows_has_its_schema(asker: Asker) -> None:
    text = "SELECT v FROM cpu WHERE v > 5"
    table = asker.table("i1", text, query_type="influxql")
    assert (table.num_rows, table.schema.names) == (0, ["iox::measurement", "time", "v"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SHOW DATABASES", "This feature is not implemented: SHOW DATABASES"),
        ("DROP MEASUREMENT cpu", "This feature is not implemented: DROP MEASUREMENT"),
        ("SELECT", "parsing error: "),
    ],
)
def test_what_is_not_answered_is_an_invalid_argument(asker: Asker, text: str, told: str) -> None:
    with pytest.raises(pa.ArrowInvalid, match=told):
        asker.table("i1", text, query_type="influxql")


def test_a_header_makes_a_statement_influxql(asker: Asker) -> None:
    statement = message({1: "SHOW TAG KEYS"})
    url = "type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery"
    descriptor = flight.FlightDescriptor.for_command(message({1: url, 2: statement}))
    headers = [(b"database", b"i1"), (b"x-influxdata-query-language", b"influxql")]
    # The stubs say text, pyarrow wants bytes; they do not know what GetSchema gives either.
    options = flight.FlightCallOptions(headers=cast("Any", headers))
    info = asker.client.get_flight_info(descriptor, options)
    assert info.schema.names == ["iox::measurement", "tagKey"]
    result = cast("Any", asker.client.get_schema(descriptor, options))
    assert result.schema.names == info.schema.names
    table = asker.client.do_get(info.endpoints[0].ticket, options).read_all()
    assert table.column("tagKey").to_pylist() == ["host"]
