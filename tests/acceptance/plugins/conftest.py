"""The official plugins, one Python environment for all of them, and a server for each file."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.plugins.environment import Environment
from tests.acceptance.plugins.host import Host, started
from tests.acceptance.plugins.repository import Repository

VARIABLE = "INFLUXDB3_PLUGINS_DIR"


@pytest.fixture(scope="session")
def repository() -> Repository:
    """The official plugins, where the variable says they are; skips where it is not set."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        pytest.skip(f"{VARIABLE} does not name a copy of influxdata/influxdb3_plugins")
    return Repository(Path(folder))


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The Python environment that the plugins of this session run in, at first an empty one."""
    return Environment(tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="module")
def host(
    repository: Repository, environment: Environment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Host]:
    """A server in memory, with a plugin folder of its own, for the tests of a file."""
    with started(tmp_path_factory.mktemp("host"), repository, environment) as running:
        yield running
        assert running.server.running()
