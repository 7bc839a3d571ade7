"""The guide to plugins: its first plugin, request and test, executed as they stand there."""

import re

import pytest

from influxpe.testing import PluginEngine
from tests.acceptance.terminal import Terminal
from tests.tidy.sources import ROOT

GUIDE = (ROOT / "docs" / "plugins.md").read_text()


def blocks(section: str, language: str) -> list[str]:
    """Give the code blocks of a section."""
    text = GUIDE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    return Terminal(tmp_path_factory.mktemp("guide"))


def test_the_first_plugin_runs_as_it_stands(terminal: Terminal) -> None:
    first, again = blocks("The first one", "shell")
    terminal.serve(
        "influxpe serve --node-id n --object-store file --data-dir data --plugin-dir plugins "
        "--without-auth"
    )
    finished = terminal.run("set -e\n" + first + again)
    terminal.close()
    assert finished.status == 0, finished.errors
    assert "| home  | 35.0 |" in finished.output
    assert "| ok     | 1       | 1        |" in finished.output


def test_the_plugin_that_answers_requests_is_a_plugin(plugin_engine: PluginEngine) -> None:
    (code,) = blocks("Requests", "python")
    refused = plugin_engine.run_request(code).response
    assert refused is not None
    assert refused.status == 405
    report = plugin_engine.run_request(code, body=b"abc", method="POST")
    assert report.response is not None
    assert report.response.json() == {"stored": 3}
    assert report.writes["test"][0]["fields"] == {"bytes": 3}
