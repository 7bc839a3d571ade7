"""The fixture as a stranger's project gets it: by an entry point, at no cost where it is unused."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / "python"
SECONDS_MAX = 60

TEST = """
def test_a_plugin(plugin_engine):
    code = "def process_writes(local, batches, args=None):\\n    local.write('out n=1i 1')\\n"
    report = plugin_engine.run_writes(code, "home temp=1")
    assert report.writes["test"][0]["table"] == "out"
"""
LOADED = """
import sys
import influxpe.testing.fixtures
print([name for name in ("influxpe._engine", "influxpe.testing.engine", "pyarrow", "asyncio")
       if name in sys.modules])
"""


def _python(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(PYTHON), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


def test_the_fixture_is_there_for_any_project(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(TEST)
    plugin = ("-p", "influxpe.testing.fixtures") if not _is_installed() else ()
    done = _python("-m", "pytest", "-q", "-W", "error", *plugin, folder=tmp_path)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_whoever_does_not_use_it_loads_nothing(tmp_path: Path) -> None:
    done = _python("-c", LOADED, folder=tmp_path)
    assert done.stdout.strip() in {"[]", "['asyncio']"}, done.stderr


def test_the_package_names_the_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"influxpe": "influxpe.testing.fixtures"}


def _is_installed() -> bool:
    """Whether this environment was made with the entry point: older ones were not."""
    from importlib.metadata import entry_points

    return bool(entry_points(group="pytest11", name="influxpe"))
