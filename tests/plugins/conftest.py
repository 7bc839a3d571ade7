"""What tests of shipped plugins start from: an engine at noon, and a server without state."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from influxpe.testing import PluginEngine

PLUGINS = Path(__file__).parents[2] / "plugins"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def engine() -> Iterator[PluginEngine]:
    """Give an engine of its own to the test, whose clock stands at noon."""
    with PluginEngine(now=NOON, plugin_dir=PLUGINS) as opened:
        yield opened


def without_state(name: str) -> str:
    """Give a plugin as a server runs it that knows no `influxdb3_local.state`."""
    code = (PLUGINS / name).read_text()
    assert 'getattr(local, "state", local.cache)' in code
    return code.replace('getattr(local, "state", local.cache)', "local.cache")
