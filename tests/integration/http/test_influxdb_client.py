"""The client library of InfluxDB 1 against `/write`, `/query` and `/ping`."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from influxdb import InfluxDBClient  # type: ignore[import-untyped]
from influxdb.exceptions import InfluxDBClientError  # type: ignore[import-untyped]

from tests.server_process import ServerProcess

# It makes times for the epoch when it is asked for points, in a way that Python gives up.
pytestmark = pytest.mark.filterwarnings(
    "ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning"
)
Open = Callable[..., InfluxDBClient]
POINTS = [
    {"measurement": "cpu", "tags": {"host": host}, "fields": {"v": float(i)}, "time": i * 10**9}
    for i, host in enumerate("abab")
]


@pytest.fixture
def open_v1(server: ServerProcess) -> Iterator[Open]:
    """Open clients of version 1 that are closed with the test."""
    opened: list[InfluxDBClient] = []

    def make(database: str, **more: Any) -> InfluxDBClient:  # noqa: ANN401 - its own arguments
        host, port = server.address.split(":")
        opened.append(InfluxDBClient(host, int(port), database=database, **more))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture(params=["application/json", "application/x-msgpack"])
def v1(open_v1: Open, request: pytest.FixtureRequest) -> InfluxDBClient:
    """Open a client that takes answers in one of two forms, with four points written by it."""
    client = open_v1("v1", headers={"Accept": request.param})
    assert client.write_points(POINTS)
    return client


def test_points_come_back_with_the_times_that_were_asked_for(v1: InfluxDBClient) -> None:
    points = list(v1.query("SELECT v FROM cpu", epoch="ms").get_points())
    assert points == [{"time": i * 1000, "v": i} for i in range(4)]
    points = list(v1.query("SELECT v FROM cpu LIMIT 1").get_points())
    assert points == [{"time": "1970-01-01T00:00:00Z", "v": 0}]


def test_series_are_told_apart_by_their_tags(v1: InfluxDBClient) -> None:
    found = v1.query("SELECT v FROM cpu GROUP BY host", epoch="s")
    assert found.keys() == [("cpu", {"host": "a"}), ("cpu", {"host": "b"})]
    assert [point["v"] for point in found.get_points(tags={"host": "b"})] == [1, 3]


def test_parameters_are_bound(v1: InfluxDBClient) -> None:
    found = v1.query("SELECT v FROM cpu WHERE host = $h", bind_params={"h": "a"})
    assert [point["v"] for point in found.get_points()] == [0, 2]


def test_statements_have_results_of_their_own(v1: InfluxDBClient) -> None:
    first, second = v1.query("SELECT v FROM cpu LIMIT 1; SHOW MEASUREMENTS")
    assert len(list(first.get_points())) == 1
    assert list(second.get_points()) == [{"name": "cpu"}]


def test_databases_and_policies_are_listed(v1: InfluxDBClient) -> None:
    assert {"name": "v1"} in v1.get_list_database()
    assert v1.get_list_retention_policies("v1") == [
        {"name": "v1", "duration": "0s", "default": True}
    ]
    assert v1.get_list_measurements() == [{"name": "cpu"}]


def test_an_error_of_a_statement_is_raised(v1: InfluxDBClient) -> None:
    with pytest.raises(InfluxDBClientError, match="database not found: nowhere"):
        v1.query("SHOW MEASUREMENTS", database="nowhere")


def test_a_chunk_is_read(open_v1: Open) -> None:
    client = open_v1("v1chunks", headers={"Accept": "application/json"})
    client.write_points(POINTS)
    (found,) = client.query("SELECT v FROM cpu", chunked=True, chunk_size=4)
    assert [point["v"] for point in found.get_points()] == [0, 1, 2, 3]


def test_ping_answers_200_as_version_3_does(open_v1: Open) -> None:
    # This client takes 204 alone; other clients look at the header.
    with pytest.raises(InfluxDBClientError, match="200: "):
        open_v1("v1").ping()
