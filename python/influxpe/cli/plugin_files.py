"""Plugin code on the machine of the caller, read to be sent to the server."""

from collections.abc import Iterator
from pathlib import Path

from influxpe.cli.command import CommandError
from influxpe.cli.input import read_text

ENTRY_FILE = "__init__.py"


def folder_files(folder: Path) -> list[tuple[str, str]]:
    """Give (relative path, text) of all Python files below a folder, in order.

    Links are not followed and `__pycache__` is left out. Raises `CommandError` where the folder
    has no entry file, or a file cannot be read.
    """
    if not (folder / ENTRY_FILE).is_file():
        raise CommandError(f"Multi-file plugin directory must contain {ENTRY_FILE}: {folder}")
    return [(p.relative_to(folder).as_posix(), read_text(p)) for p in sorted(_python_files(folder))]


def _python_files(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.is_symlink() or entry.name == "__pycache__":
            continue
        if entry.is_dir():
            yield from _python_files(entry)
        elif entry.suffix == ".py":
            yield entry
