"""P12: the published Python client writes in each of its ways, and asks, all over one port."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from influxdb_client_3 import InfluxDBClient3
from influxdb_client_3.exceptions.exceptions import InfluxDBPartialWriteError
from influxdb_client_3.write_client.client.write_api import WriteOptions, WriteType
from influxdb_client_3.write_client.domain.write_precision import WritePrecision
from influxdb_client_3.write_client.write_exceptions import ApiException

from tests.acceptance.plugins.environment import CLIENT, PANDAS_BELOW_3, Environment
from tests.acceptance.plugins.host import T0_NS, T0_S
from tests.server_process import ServerProcess, serve_command

ROW = f'm,host=a v=1.0,n=1i,s="x",b=true {T0_NS}'
WRONG = "m,host=a v=1.0 1\nm,host=a v=true 2"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("server"), serve_command(None)) as running:
        yield running


@contextmanager
def connected(server: ServerProcess, database: str, **options: Any) -> Iterator[Any]:  # noqa: ANN401 - untyped client
    """Open a client with the options of its constructor."""
    client: Any = InfluxDBClient3
    with client(host=server.url, token="any", database=database, **options) as opened:  # noqa: S106 - without authentication
        yield opened


def synchronous(**options: object) -> dict[str, object]:
    return {"write_options": WriteOptions(write_type=WriteType.synchronous, **options)}


def count(client: Any, table: str) -> int:  # noqa: ANN401 - untyped client
    found: int = client.query(f"SELECT count(*) AS n FROM {table}").to_pylist()[0]["n"]  # noqa: S608 - a name below
    return found


def times_ns(table: pa.Table) -> list[int | None]:
    return table.column("time").cast(pa.int64()).to_pylist()


WAYS: dict[str, dict[str, Any]] = {
    "as it comes": {},
    "synchronously": {"write_client_options": synchronous()},
    "by v3": {"write_client_options": synchronous(use_v2_api=False)},
    "by v3 without a sync": {"write_client_options": synchronous(use_v2_api=False, no_sync=True)},
    "by v2": {"write_client_options": synchronous(use_v2_api=True)},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_row_is_written_and_found(server: ServerProcess, way: str) -> None:
    database = way.replace(" ", "_")
    with connected(server, database, **WAYS[way]) as client:
        client.write(record=ROW)
        asked = "SELECT * FROM m WHERE host=$h AND n=$n"
        found = client.query(asked, query_parameters={"h": "a", "n": 1})
        assert times_ns(found) == [T0_NS]
        expected = {"host": "a", "v": 1.0, "n": 1, "s": "x", "b": True}
        assert found.drop_columns("time").to_pylist() == [expected]
        assert client.query(asked, query_parameters={"h": "b", "n": 1}).num_rows == 0


def test_many_rows_are_written_with_gzip(server: ServerProcess) -> None:
    options = synchronous()
    with connected(server, "zip", enable_gzip=True, write_client_options=options) as client:
        client.write(record=[f"m,host=a n={n}i {T0_NS + n}" for n in range(2000)])
        assert count(client, "m") == 2000


def test_a_batch_is_flushed_when_the_client_closes(server: ServerProcess) -> None:
    options = {"write_options": WriteOptions(batch_size=1000, flush_interval=60_000)}
    with connected(server, "batches", write_client_options=options) as client:
        for n in range(2500):
            client.write(record=f"m,host=a n={n}i {T0_NS + n}")
    with connected(server, "batches") as client:
        assert count(client, "m") == 2500


def test_times_are_in_the_precision_that_is_named(server: ServerProcess) -> None:
    with connected(server, "seconds", write_client_options=synchronous()) as client:
        client.write(record=f"m v=1 {T0_S}", write_precision=WritePrecision.S)
        assert times_ns(client.query("SELECT time FROM m")) == [T0_NS]


def test_a_frame_keeps_its_tags_and_types(server: ServerProcess) -> None:
    times = [datetime.fromtimestamp(T0_S + n, UTC) for n in range(3)]
    frame = pl.DataFrame(
        {"time": times, "host": ["a", "b", "a"], "v": [1.0, 2.0, 3.0], "n": [1, 2, 3]}
    )
    with connected(server, "frames", write_client_options=synchronous()) as client:
        client.write_dataframe(frame, "m", "time", tags=["host"])
        found = client.query_dataframe("SELECT * FROM m ORDER BY time", frame_type="polars")
        assert found["v"].to_list() == [1.0, 2.0, 3.0]
        assert (found["v"].dtype, found["n"].dtype) == (pl.Float64, pl.Int64)
        assert found["time"].dtype == pl.Datetime("ns")
        columns = "SELECT data_type FROM information_schema.columns WHERE column_name = 'host'"
        assert client.query(columns).to_pylist() == [{"data_type": "Dictionary(Int32, Utf8)"}]


# What a reader of pandas does: a frame goes in with its tags, and comes back with these types.
PANDAS = """
import json
import pandas
from influxdb_client_3 import InfluxDBClient3

times = pandas.to_datetime([{t0} + n for n in range(3)], unit="s")
frame = pandas.DataFrame({{"time": times, "host": ["a", "b", "a"], "v": [1.0, 2.0, 3.0]}})
frame["n"], frame["s"], frame["b"] = [1, 2, 3], ["x", "y", "z"], [True, False, True]
with InfluxDBClient3(host="{url}", token="any", database="pandas") as client:
    client.write_dataframe(frame, "m", "time", tags=["host"])
    client.flush()
with InfluxDBClient3(host="{url}", token="any", database="pandas") as client:
    found = client.query("SELECT v, n, s, b, time, host FROM m ORDER BY time", mode="pandas")
    types = {{name: str(kind) for name, kind in found.dtypes.items() if name != "host"}}
    hosts = [str(host) for host in found["host"]]
    print(json.dumps([types, hosts, found["n"].tolist(), found["s"].tolist()]))
"""


@pytest.mark.network
@pytest.mark.timeout(900)
def test_a_frame_of_pandas_goes_and_comes(server: ServerProcess, environment: Environment) -> None:
    environment.install(PANDAS_BELOW_3, CLIENT)
    printed = environment.run(PANDAS.format(url=server.url, t0=T0_S))
    types, hosts, numbers, texts = json.loads(printed)
    assert types == {
        "v": "float64",
        "n": "int64",
        "s": "object",
        "b": "bool",
        "time": "datetime64[ns]",
    }
    assert (hosts, numbers, texts) == (["a", "b", "a"], [1, 2, 3], ["x", "y", "z"])


def test_influxql_shows_and_selects(server: ServerProcess) -> None:
    with connected(server, "influxql", write_client_options=synchronous()) as client:
        client.write(record=ROW)
        shown = client.query("SHOW MEASUREMENTS", language="influxql")
        assert shown.to_pylist() == [{"iox::measurement": "measurements", "name": "m"}]
        found = client.query("SELECT mean(v), count(n) FROM m GROUP BY host", language="influxql")
        assert found.drop_columns("time").to_pylist() == [
            {"iox::measurement": "m", "host": "a", "mean": 1.0, "count": 1}
        ]


def test_an_empty_answer_has_its_schema(server: ServerProcess) -> None:
    with connected(server, "asking", write_client_options=synchronous()) as client:
        client.write(record=ROW)
        empty = client.query("SELECT host, v, time FROM m WHERE host = 'nobody'")
        assert (empty.num_rows, empty.schema.names) == (0, ["host", "v", "time"])


def test_the_server_says_its_version(server: ServerProcess) -> None:
    with connected(server, "version") as client:
        assert client.get_server_version() is not None


def test_a_conflict_names_its_line_by_v3(server: ServerProcess) -> None:
    with connected(server, "wrong3", write_client_options=synchronous(use_v2_api=False)) as client:
        with pytest.raises(InfluxDBPartialWriteError) as caught:
            client.write(record=WRONG)
    assert [error.line_number for error in caught.value.line_errors] == [2]


def test_a_conflict_is_invalid_by_v2(server: ServerProcess) -> None:
    with connected(server, "wrong2", write_client_options=synchronous(use_v2_api=True)) as client:
        with pytest.raises(ApiException) as caught:
            client.write(record=WRONG)
    assert caught.value.status == 400
    assert '"invalid"' in str(caught.value.body)
    assert "write buffer error" in str(caught.value.body)
