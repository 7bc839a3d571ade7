"""The files that the tidy tests look at."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def rust_files() -> list[Path]:
    """Give the sources of the engine, without its tests and benches."""
    return sorted((ROOT / "rust").rglob("*.rs"))


def rust_test_files() -> list[Path]:
    """Give the Rust files under tests/ and benches/."""
    return sorted(p for folder in ("tests", "benches") for p in (ROOT / folder).rglob("*.rs"))


def fuzz_files() -> list[Path]:
    """Give the Rust files of the fuzz targets."""
    return sorted((ROOT / "fuzz" / "targets").rglob("*.rs"))


def python_files() -> list[Path]:
    """Give the sources of the Python packages."""
    return sorted((ROOT / "python").rglob("*.py"))


def python_test_files() -> list[Path]:
    """Give the Python files under tests/ and benches/."""
    return sorted(p for folder in ("tests", "benches") for p in (ROOT / folder).rglob("*.py"))


def tracked_files() -> list[Path]:
    """Give every file of the project that is committed or could be: no build results."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def named(path: Path) -> str:
    """Give a path as it is written in the project."""
    return str(path.relative_to(ROOT))
