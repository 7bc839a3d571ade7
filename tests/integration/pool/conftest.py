"""Pools with real processes, whose plugins are saved in a folder of the test."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Unpack

import pytest

from tests.integration.pool.driver import Driver, Limits, MakeDriver, RecordingHost


@pytest.fixture(scope="module")
def shared_driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    with Driver(Path(sys.executable), tmp_path_factory.mktemp("plugins")) as driver:
        yield driver


@pytest.fixture
def driver(shared_driver: Driver) -> Driver:
    """A pool for all tests of a module: a plugin that dies takes only its worker along."""
    shared_driver.host = RecordingHost()
    return shared_driver


@pytest.fixture
def make_driver(tmp_path: Path) -> Iterator[MakeDriver]:
    """Pools of a test's own: `make_driver(run_seconds_max=0.5)`."""
    with ExitStack() as opened:

        def make(python: Path = Path(sys.executable), **limits: Unpack[Limits]) -> Driver:
            return opened.enter_context(Driver(python, tmp_path, **limits))

        yield make
