"""A machine that lacks something is told so in one sentence."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tidy.sources import ROOT


@pytest.fixture
def bare_machine(tmp_path: Path) -> Path:
    """Give a folder with the Makefile, and a `bin` with nothing but a shell, make and find."""
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("Cargo.toml", "Cargo.lock"):
        (tmp_path / name).touch()
    (tmp_path / "rust").mkdir()
    (tmp_path / "bin").mkdir()
    for tool in ("bash", "find", "make", "awk"):
        found = shutil.which(tool)
        assert found
        (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def make(folder: Path, *arguments: str) -> list[str]:
    # As typed by a person, also where `make test` runs these tests.
    own = {"HOME": str(folder), "PATH": str(folder / "bin"), "MAKEFLAGS": "", "MAKELEVEL": "0"}
    done = subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=os.environ | own,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode != 0
    return [line for line in done.stderr.splitlines() if not line.startswith("make:")]


def test_a_missing_python_is_one_sentence(bare_machine: Path) -> None:
    assert make(bare_machine, "PYTHON=no-python", ".venv/.made/venv") == [
        "influxpe needs Python 3.11 or newer: no-python is not; name one with make PYTHON=..."
    ]


def test_a_missing_cargo_is_one_sentence(bare_machine: Path) -> None:
    assert make(bare_machine, "rust-toolchain") == [
        "influxpe needs Rust 1.94 or newer: no cargo was found (rustup installs it)"
    ]


def test_a_missing_go_is_one_sentence(bare_machine: Path) -> None:
    assert make(bare_machine, "GO=no-go", "go-toolchain") == [
        "make test-s3 needs Go 1.25 or newer: no-go was not found; name one with make GO=..."
    ]
