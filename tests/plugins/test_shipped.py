"""What holds for each shipped plugin: it is whole, small and described."""

import json
from pathlib import Path

import pytest

from influxpe.plugin.metadata import read_metadata
from influxpe.testing.check import check
from tests.plugins.conftest import PLUGINS

LINES_MAX = 200
DOCUMENT = Path(__file__).parents[2] / "docs" / "plugins-shipped.md"
SHIPPED = sorted(PLUGINS.glob("*.py"))


@pytest.mark.parametrize("plugin", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_plugin_is_fine(plugin: Path) -> None:
    assert check(plugin).findings == ()
    assert len(plugin.read_text().splitlines()) < LINES_MAX


@pytest.mark.parametrize("plugin", SHIPPED, ids=lambda path: path.stem)
def test_its_arguments_are_documented(plugin: Path) -> None:
    sections = DOCUMENT.read_text().split("\n## ")
    section = next(text for text in sections if text.startswith(f"`{plugin.name}`"))
    metadata = read_metadata(plugin.read_text())
    assert metadata is not None
    lists = [value for key, value in metadata.items() if key.endswith("_args_config")]
    names = {argument["name"] for described in lists for argument in described}
    assert {name for name in names if f"| `{name}` |" not in section} == set()


def test_metadata_are_json_as_they_stand() -> None:
    for plugin in SHIPPED:
        text = plugin.read_text().split('"""')[1]
        assert isinstance(json.loads(text), dict)
