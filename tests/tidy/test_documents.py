"""What the documents name exists: make targets, files, folders, flags."""

import re
from pathlib import Path

import pytest

from tests.tidy.sources import ROOT, named, tracked_files

MAKE_COMMAND = re.compile(r"`?make ((?:[a-z0-9-]+)(?: [a-z0-9-]+)*)`")
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
CODE_PATH = re.compile(r"`((?:rust|python|tests|benches|docs|fuzz|plugins)/[\w./-]*)`")
FENCED_MAKE = re.compile(r"^make ([a-z0-9-]+)", re.MULTILINE)


def documents() -> list[Path]:
    return [path for path in tracked_files() if path.suffix == ".md"]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("path", documents(), ids=named)
def test_every_make_target_that_is_named_exists(path: Path) -> None:
    text = path.read_text()
    words = {word for found in MAKE_COMMAND.findall(text) for word in found.split()}
    words |= set(FENCED_MAKE.findall(text))
    assert words - make_targets() == set()


@pytest.mark.parametrize("path", documents(), ids=named)
def test_every_link_leads_to_a_file(path: Path) -> None:
    broken = [link for link in LINK.findall(path.read_text()) if not (path.parent / link).exists()]
    assert broken == []


@pytest.mark.parametrize("path", documents(), ids=named)
def test_every_path_that_is_named_exists(path: Path) -> None:
    named_paths = CODE_PATH.findall(path.read_text())
    assert [name for name in named_paths if not (ROOT / name).exists()] == []


def test_the_help_of_make_names_every_public_target() -> None:
    text = (ROOT / "Makefile").read_text()
    described = set(re.findall(r"^([a-z0-9-]+):.*## ", text, re.MULTILINE))
    assert described == make_targets() - {"rust-toolchain", "go-toolchain"}


def test_the_map_of_the_project_names_every_part() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    roots = (ROOT / "rust", ROOT / "python" / "influxpe", ROOT / "python")
    folders = [
        path.parent for root in roots for path in root.glob("*/*.*") if path.suffix != ".pyi"
    ]
    parts = {path.name for path in folders if path.name != "__pycache__"}
    assert sorted(part for part in parts if f"{part}/" not in text) == []
