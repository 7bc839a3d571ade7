"""The lines of the README, executed as they stand there."""

import re
from pathlib import Path

import pytest

from tests.acceptance.terminal import Finished, Terminal
from tests.tidy.sources import ROOT

LINES_PROMISED = 15
# What `make serve` starts, in the folder of the project.
FLAGS = "--node-id node0 --object-store file --data-dir ./data --plugin-dir ./data/plugins"


def example() -> str:
    """Give the block of the README that writes, queries and reacts."""
    section = (ROOT / "README.md").read_text().split("## Write, query, react")[1]
    found = re.search(r"```shell\n(.*?)```", section, re.DOTALL)
    assert found
    return found[1]


def test_the_example_is_as_short_as_promised() -> None:
    assert len(example().splitlines()) <= LINES_PROMISED


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    terminal = Terminal(tmp_path_factory.mktemp("readme"))
    terminal.serve(f"influxpe serve {FLAGS}")
    finished = terminal.run("set -e\n" + example())
    terminal.close()
    return finished


def test_the_example_runs_as_it_stands(executed: Finished) -> None:
    assert executed.status == 0, executed.errors
    tables = [line for line in executed.output.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in tables]
    first, second = [["name", "temp"], ["kitchen", "21.5"]], [["room", "temp"], ["kitchen", "31.5"]]
    assert cells == first + second


def test_make_serve_starts_what_the_example_needs() -> None:
    recipe = (ROOT / "Makefile").read_text().split("\nserve:")[1].split("\n\n")[0]
    for flag in re.findall(r"--[a-z-]+", FLAGS):
        assert flag in recipe


def test_the_data_of_the_example_is_not_committed() -> None:
    assert "/data/" in Path(ROOT / ".gitignore").read_text().splitlines()
