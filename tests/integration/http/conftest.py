"""What most tests of the HTTP interface start from: a server in memory, and a client of it."""

from collections.abc import Callable, Iterator

import pytest

from tests.api_client import ApiClient
from tests.server_process import ServerProcess, serve_command


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server in memory for all tests of this file."""
    with ServerProcess(tmp_path_factory.mktemp("server"), serve_command(None)) as running:
        yield running


@pytest.fixture
def client(server: ServerProcess, connect: Callable[[str], ApiClient]) -> ApiClient:
    """Open a client of that server."""
    return connect(server.url)
