"""A server for measurements, with its data on the disk that temporary files are on."""

from collections.abc import Iterator

import pytest

from tests.server_process import ServerProcess, serve_command


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Run one server per file of benches."""
    folder = tmp_path_factory.mktemp("bench")
    with ServerProcess(folder, serve_command(folder / "data")) as running:
        yield running
