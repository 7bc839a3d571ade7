"""A server in memory for the tests of a file, and Flight clients of it."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, cast

import pyarrow as pa
import pytest
from pyarrow import flight

from tests.api_client import ApiClient
from tests.server_process import ServerProcess, serve_command


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server in memory for all tests of this file."""
    with ServerProcess(tmp_path_factory.mktemp("server"), serve_command(None)) as running:
        yield running


@pytest.fixture
def client(server: ServerProcess, connect: Callable[[str], ApiClient]) -> ApiClient:
    """Open an HTTP client of that server."""
    return connect(server.url)


@pytest.fixture
def open_flight() -> Iterator[Callable[[ServerProcess], flight.FlightClient]]:
    """Open Flight clients that are closed with the test."""
    with ExitStack() as opened:
        yield lambda server: opened.enter_context(flight.FlightClient(f"grpc://{server.address}"))


class Asker:
    """A Flight client that asks as the clients of InfluxDB 3 do: with a JSON ticket."""

    def __init__(self, client: flight.FlightClient) -> None:
        self.client = client

    def read(
        self, ticket: object, *headers: tuple[str, str], timeout_s: float | None = 30
    ) -> flight.FlightStreamReader:
        """Begin to read; `ticket` is JSON, or the bytes of one."""
        data = ticket if isinstance(ticket, bytes) else json.dumps(ticket).encode()
        spelled = [(name.encode(), value.encode()) for name, value in headers]
        # The stubs say text, pyarrow wants bytes.
        options = flight.FlightCallOptions(timeout=timeout_s, headers=cast("Any", spelled))
        return self.client.do_get(flight.Ticket(data), options)

    def batches(self, ticket: object) -> Iterator[pa.RecordBatch]:
        """Read batch by batch."""
        return (chunk.data for chunk in self.read(ticket) if chunk.data is not None)

    def table(self, database: str, sql: str, **more: object) -> pa.Table:
        """Give the rows of a query."""
        return self.read({"database": database, "sql_query": sql} | more).read_all()


@pytest.fixture
def asker(
    server: ServerProcess, open_flight: Callable[[ServerProcess], flight.FlightClient]
) -> Asker:
    """Open a Flight client of the server of this file."""
    return Asker(open_flight(server))
