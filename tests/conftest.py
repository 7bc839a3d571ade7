"""Fixtures that every folder of tests may use."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings

from tests.api_client import ApiClient
from tests.server_process import ServerProcess, StartServer, serve_command

# Chosen with `--hypothesis-profile=long`.
settings.register_profile("long", max_examples=5_000, deadline=None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make test-s3` choose a service."""
    parser.addoption(
        "--s3-server",
        choices=("moto", "versitygw"),
        default="moto",
        help="which service the tests of the store on S3 talk to",
    )


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Start servers that end with the test: `start_server("--plugin-dir", ...)`."""
    with ExitStack() as running:

        def start(*arguments: str, data_dir: Path | None = None) -> ServerProcess:
            command = serve_command(data_dir, *arguments)
            return running.enter_context(ServerProcess(tmp_path, command))

        yield start


@pytest.fixture
def connect() -> Iterator[Callable[..., ApiClient]]:
    """Open clients that are closed with the test: `connect(server.url)`."""
    with ExitStack() as opened:

        def open_client(url: str, *, token: str | None = None) -> ApiClient:
            return opened.enter_context(ApiClient(url, token=token))

        yield open_client
