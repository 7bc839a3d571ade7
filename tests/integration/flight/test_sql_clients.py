"""Flight SQL and tickets as published clients use them: ADBC, and the client of InfluxDB 3."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal

import adbc_driver_flightsql.dbapi as adbc
import adbc_driver_manager
import pyarrow as pa
import pytest
from influxdb_client_3 import InfluxDBClient3

from tests.api_client import ApiClient
from tests.server_process import ServerProcess

HEADER = "adbc.flight.sql.rpc.call_header."


@contextmanager
def connected(server: ServerProcess, database: str, **headers: str) -> Iterator[adbc.Connection]:
    """Open a connection of ADBC to one database."""
    options = {HEADER + "database": database}
    options |= {HEADER + name.replace("_", "-"): value for name, value in headers.items()}
    with adbc.connect(f"grpc://{server.address}", db_kwargs=options, autocommit=True) as found:
        yield found


def fill(client: ApiClient, database: str) -> None:
    client.write_all(database, "cpu,host=a v=1.5,n=1i 1\ncpu,host=b v=2.5,n=2i 2\nmem used=1i 1")


def test_a_statement_gives_its_rows(server: ServerProcess, client: ApiClient) -> None:
    fill(client, "f1")
    with connected(server, "f1") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT host, v, n FROM cpu ORDER BY time")
        assert cursor.fetchall() == [("a", 1.5, 1), ("b", 2.5, 2)]
        cursor.execute("SHOW TABLES")
        assert "cpu" in {row[2] for row in cursor.fetchall()}
        cursor.execute("SELECT a.host, b.host FROM cpu a, cpu b WHERE a.n < b.n -- a comment")
        assert cursor.fetchall() == [("a", "b")]


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        ("SELECT v FROM cpu WHERE host = $1 AND n >= $2", ("b", 2)),
        ("SELECT v FROM cpu WHERE host = $1 AND v > $2 AND $3", ("b", 1.0, True)),
        ("SELECT v FROM cpu WHERE host = $1 OR $2 IS NOT NULL", ("b", None)),
    ],
)
def test_values_are_bound_by_their_place(
    server: ServerProcess, client: ApiClient, sql: str, values: tuple[object, ...]
) -> None:
    fill(client, "f2")
    with connected(server, "f2") as connection, connection.cursor() as cursor:
        cursor.execute(sql, values)
        assert cursor.fetchall() == [(2.5,)]
        cursor.execute(sql, ("nobody", *values[1:]))
        assert cursor.fetchall() == []


def test_a_prepared_statement_has_its_schema(server: ServerProcess, client: ApiClient) -> None:
    fill(client, "f3")
    with connected(server, "f3") as connection, connection.cursor() as cursor:
        schema = cursor.adbc_execute_schema("SELECT host, n FROM cpu")
        assert schema.names == ["host", "n"]
        parameters = cursor.adbc_prepare("SELECT v FROM cpu WHERE host = $1 AND n > $2 AND v < $z")
        assert parameters is not None
        assert parameters.to_string() == "1: string\n2: int64\nz: double"


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        ("SELECT v FROM cpu WHERE host = ? AND n >= ? -- ?", ("b", 2)),
        ("SELECT v FROM cpu WHERE time >= ?", (datetime(1970, 1, 1, microsecond=2, tzinfo=UTC),)),
        ("SELECT v FROM cpu WHERE time > ?", ("1970-01-01T00:00:00.000000001Z",)),
        ("SELECT v FROM cpu ORDER BY time DESC LIMIT ?", (1,)),
    ],
)
def test_question_marks_are_bound_in_their_order(
    server: ServerProcess, client: ApiClient, sql: str, values: tuple[object, ...]
) -> None:
    client.write_all("f11", "cpu,host=a v=1.5,n=1i 1\ncpu,host=b v=2.5,n=2i 2000")
    with connected(server, "f11") as connection, connection.cursor() as cursor:
        cursor.execute(sql, values)
        assert cursor.fetchall() == [(2.5,)]


@pytest.mark.parametrize(
    ("database", "sql", "text"),
    [
        ("f4", "SELEC", "Error while planning query: SQL error: ParserError"),
        ("f4", "SELECT x FROM cpu", "No field named x"),
        ("nowhere", "SELECT 1", "database not found: nowhere"),
    ],
)
def test_a_bad_statement_says_what_is_bad(
    server: ServerProcess, client: ApiClient, database: str, sql: str, text: str
) -> None:
    fill(client, "f4")
    with connected(server, database) as connection, connection.cursor() as cursor:
        with pytest.raises(adbc_driver_manager.Error, match=text):
            cursor.execute(sql)


def test_objects_are_listed(server: ServerProcess, client: ApiClient) -> None:
    fill(client, "f5")
    with connected(server, "f5") as connection:
        objects = connection.adbc_get_objects(depth="all", db_schema_filter="iox").read_all()
        [catalog] = objects.to_pylist()
        assert catalog["catalog_name"] == "public"
        [schema] = catalog["catalog_db_schemas"]
        assert schema["db_schema_name"] == "iox"
        columns = {
            table["table_name"]: [column["column_name"] for column in table["table_columns"]]
            for table in schema["db_schema_tables"]
        }
        assert columns == {"cpu": ["host", "n", "time", "v"], "mem": ["time", "used"]}
        assert connection.adbc_get_table_types() == ["BASE TABLE", "VIEW"]
        info = connection.adbc_get_info()
        assert (info["vendor_name"], info["vendor_version"]) == ("InfluxDB IOx", "2")
        assert connection.adbc_get_table_schema("cpu").names == ["host", "n", "time", "v"]


def test_a_header_renames_base_tables(server: ServerProcess, client: ApiClient) -> None:
    fill(client, "f6")
    with connected(server, "f6", x_influxdata_base_table_type="TABLE") as connection:
        assert connection.adbc_get_table_types() == ["TABLE", "VIEW"]
        objects = connection.adbc_get_objects(
            depth="tables", table_types_filter=["TABLE"]
        ).read_all()
        names = {
            table["table_name"]
            for schema in objects.to_pylist()[0]["catalog_db_schemas"]
            for table in schema["db_schema_tables"]
        }
        assert {"cpu", "mem"} <= names
        assert "df_settings" not in names


def test_the_client_of_influxdb_3_asks_and_writes(server: ServerProcess) -> None:
    client: Any = InfluxDBClient3
    with client(host=server.url, token="any", database="f7") as influx:  # noqa: S106 - without authentication
        influx.write(record="cpu,host=a v=1 1700000000000000000")
        table = influx.query("SELECT host, v FROM cpu", language="sql")
        assert isinstance(table, pa.Table)
        assert table.to_pylist() == [{"host": "a", "v": 1.0}]
        found = influx.query(
            "SELECT v FROM cpu WHERE host = $host", query_parameters={"host": "a"}, mode="all"
        )
        assert found.to_pylist() == [{"v": 1.0}]
        reader = influx.query("SELECT v FROM cpu", mode="reader")
        assert reader.schema.names == ["v"]


TAG = pa.dictionary(pa.int32(), pa.string())


def rows(*values: int) -> pa.Table:
    """Give rows of a table with a tag."""
    hosts = pa.array(["a"] * len(values)).cast(TAG)
    return pa.table({"host": hosts, "v": list(values), "time": list(values)})


def test_tables_are_ingested(server: ServerProcess, client: ApiClient) -> None:
    with connected(server, "f8") as connection, connection.cursor() as cursor:
        assert cursor.adbc_ingest("m", rows(1, 2), mode="create") == 2
        assert cursor.adbc_ingest("m", rows(3), mode="append") == 1
        assert cursor.adbc_ingest("m", rows(4), mode="create_append") == 1
        assert cursor.adbc_ingest("n", rows(5), mode="create_append", db_schema_name="iox") == 1
    found = client.rows("f8", "SELECT host, v FROM m ORDER BY time")
    assert found == [{"host": "a", "v": v} for v in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("table", "mode", "more", "text"),
    [
        ("m", "create", {}, "the table 'm' exists already"),
        ("x", "append", {}, "the table 'x' does not exist"),
        ("m", "replace", {}, "a table cannot be replaced: delete it first"),
        ("m", "append", {"temporary": True}, "temporary tables are not supported"),
        ("m", "append", {"db_schema_name": "system"}, "rows are written to public.iox"),
        ("m", "append", {"catalog_name": "other"}, "rows are written to public.iox"),
    ],
)
def test_an_ingestion_that_cannot_be_says_why(
    server: ServerProcess,
    client: ApiClient,
    table: str,
    mode: Literal["append", "create", "replace"],
    more: dict[str, Any],
    text: str,
) -> None:
    client.write_all("f9", "m,host=a v=1i 1")
    with connected(server, "f9") as connection, connection.cursor() as cursor:
        with pytest.raises(adbc_driver_manager.Error, match=text):
            cursor.adbc_ingest(table, rows(1), mode=mode, **more)


def test_refused_rows_fail_an_ingestion(server: ServerProcess, client: ApiClient) -> None:
    client.write_all("f10", "m,host=a v=1.5 1")
    with connected(server, "f10") as connection, connection.cursor() as cursor:
        with pytest.raises(adbc_driver_manager.Error, match="partial write of line protocol"):
            cursor.adbc_ingest("m", rows(1), mode="append")
