"""The pytest plugin: the fixture `plugin_engine`. Where it is not used only this file is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from influxpe.testing.engine import PluginEngine


@pytest.fixture
def plugin_engine() -> Iterator[PluginEngine]:
    """Give an engine of its own to the test, with an empty database `test`."""
    from influxpe.testing.engine import PluginEngine

    with PluginEngine() as engine:
        yield engine
