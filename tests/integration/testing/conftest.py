"""The fixtures that authors of plugins have, and an engine that tests share."""

from collections.abc import Iterator

import pytest

from influxpe.testing import PluginEngine
from influxpe.testing import plugin_engine as plugin_engine


@pytest.fixture(scope="module")
def engine() -> Iterator[PluginEngine]:
    """Give one engine to all tests of a file; each has a plugin of its own."""
    with PluginEngine() as opened:
        yield opened
