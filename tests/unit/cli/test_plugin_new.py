"""`plugin new`: files that pass their own test, and nothing that was there is lost."""

import subprocess
import sys
from pathlib import Path

import pytest

from influxpe.testing.check import check
from tests.unit.cli.conftest import CommandLine

SECONDS_MAX = 60


@pytest.mark.parametrize("kind", ["writes", "schedule", "request"])
@pytest.mark.parametrize("folder", [False, True], ids=["file", "folder"])
def test_a_new_plugin_has_nothing_to_complain_about(
    run: CommandLine, tmp_path: Path, kind: str, folder: bool
) -> None:
    done = run("plugin", "new", "mine", "--kind", kind, *(["--directory"] if folder else []))
    assert (done.status, done.errors) == (0, "")
    assert check(tmp_path / ("mine" if folder else "mine.py")).findings == ()


def test_the_tests_of_new_plugins_pass(run: CommandLine, tmp_path: Path) -> None:
    for kind in ("writes", "schedule", "request"):
        run("plugin", "new", f"on_{kind}", "--kind", kind)
    run("plugin", "new", "several", "--directory")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *_plugin()],
        cwd=tmp_path,
        env=run.environment,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert "5 passed" in done.stdout, done.stdout + done.stderr


def _plugin() -> list[str]:
    """Name the pytest plugin where the environment is older than its entry point."""
    from importlib.metadata import entry_points

    installed = entry_points(group="pytest11", name="influxpe")
    return [] if installed else ["-p", "influxpe.testing.fixtures"]


def test_nothing_is_replaced(run: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text("precious")
    done = run("plugin", "new", "mine")
    assert (done.status, done.output) == (1, "")
    assert done.errors == "New command failed: test_mine.py exists already\n"
    assert not (tmp_path / "mine.py").exists()
    assert (tmp_path / "test_mine.py").read_text() == "precious"


@pytest.mark.parametrize("name", ["../out", "a-b", "1st", "a.py"])
def test_a_name_that_is_no_module_is_refused(run: CommandLine, name: str) -> None:
    done = run("plugin", "new", name)
    assert done.status == 2
    assert f"invalid value '{name}' for '<NAME>'" in done.errors
