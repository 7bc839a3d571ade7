"""Help and version: complete, on stdout, free of colours where nobody looks."""

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from influxpe.cli.command import Command, Group
from influxpe.cli.help_screen import help_text
from influxpe.cli.program import ROOT
from tests.unit.cli.conftest import CommandLine


def nodes(
    node: Command | Group = ROOT, path: tuple[str, ...] = ("influxdb3",)
) -> Iterator[tuple[tuple[str, ...], Command | Group]]:
    yield path, node
    if isinstance(node, Group):
        for member in node.members:
            yield from nodes(member, (*path, member.name))


ALL = list(nodes())


@pytest.mark.parametrize(("path", "node"), ALL, ids=[" ".join(path) for path, _ in ALL])
def test_every_word_of_a_command_is_explained(path: tuple[str, ...], node: Command | Group) -> None:
    text = help_text(node, path, complete=True)
    assert node.about in text
    assert f"Usage: {' '.join(path)}" in text
    if isinstance(node, Command):
        for parameter in node.parameters:
            assert len(parameter.description) > 5
            assert parameter.hidden or parameter.display in text


@pytest.mark.parametrize(("path", "node"), ALL, ids=[" ".join(path) for path, _ in ALL])
def test_names_are_unique(path: tuple[str, ...], node: Command | Group) -> None:
    names = [name for p in node.options for name in p.names]
    shorts = [p.short for p in node.options if p.short]
    assert len(set(names)) == len(names), path
    assert len(set(shorts)) == len(shorts), path
    assert "h" not in shorts


@pytest.mark.parametrize(
    "words", [["write"], ["query"], ["create", "trigger"]], ids=lambda words: " ".join(words)
)
def test_examples_are_given(run: CommandLine, words: list[str]) -> None:
    done = run(*words, "--help")
    assert (done.status, done.errors) == (0, "")
    assert f"Examples:\n  influxpe {' '.join(words)} -d " in done.output


@pytest.mark.parametrize(
    ("words", "usage"),
    [
        (["-h"], "Usage: influxpe [OPTIONS] [COMMAND]"),
        (["--help-all"], "Usage: influxpe [OPTIONS] [COMMAND]"),
        (["update", "-h"], "Usage: influxpe update <COMMAND>"),
        (["q", "-h"], "Usage: influxpe query [OPTIONS] --database <DATABASE_NAME> [QUERY]"),
        (["w", "-h"], "Usage: influxpe write [OPTIONS] --database <DATABASE_NAME>"),
        (["serve", "-h"], "Usage: influxpe serve [OPTIONS]"),
        (["test", "wal_plugin", "-h"], "Usage: influxpe test wal_plugin [OPTIONS]"),
        (["create", "token", "--help"], "Usage: influxpe create token"),
        (["create", "token", "--admin", "--help"], "--admin"),
    ],
)
def test_help_is_printed_on_stdout(run: CommandLine, words: list[str], usage: str) -> None:
    done = run(*words)
    assert (done.status, done.errors) == (0, "")
    assert usage in done.output
    assert "\033" not in done.output


def test_the_top_screen_has_its_groups(run: CommandLine) -> None:
    output = run("-h").output
    titles = re.findall(r"^(\S.*):$", output, re.MULTILINE)
    assert titles == [
        "Common Commands",
        "Resource Management",
        "System Management",
        "Common Options",
    ]


def test_all_options_of_serve_are_shown_on_request_only(run: CommandLine) -> None:
    short, long = run("serve", "-h").output, run("serve", "--help-all").output
    assert "--wal-snapshot-size" not in short
    assert "--wal-snapshot-size" in long
    assert "--plugin-dir" in short
    assert "--tcp-listener-file-path" not in long


def test_the_version_has_the_known_shape(run: CommandLine) -> None:
    done = run("--version")
    assert done.status == 0
    assert re.fullmatch(r"influxdb3 InfluxDB 3 Core, \d+\.\d+\.\d+\S*, revision \S+\n", done.output)


def test_the_command_line_starts_without_the_server(run: CommandLine) -> None:
    """Client commands start quickly because none of these is loaded for them."""
    heavy = ["influxpe._engine", "influxpe.server", "pyarrow", "httpx", "zoneinfo", "ssl", "click"]
    code = f"import sys, influxpe.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=run.environment,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
