"""Text that a command works on: given as a word, as a file, or on stdin."""

from pathlib import Path
from typing import BinaryIO

from influxpe.cli import terminal
from influxpe.cli.command import CommandError


def open_input(file: Path | None, missing: str) -> BinaryIO:
    """Open the file, or stdin where none is named.

    Raises `CommandError`: with `missing` where stdin is a terminal.
    """
    if file is not None:
        try:
            return file.open("rb")
        except OSError as error:
            raise CommandError(f"cannot read {file}: {error.strerror}") from error
    stream = terminal.read_input()
    if stream is None:
        raise CommandError(missing)
    return stream


def read_text(path: Path) -> str:
    """Read a whole file as UTF-8. Raises `CommandError`."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not UTF-8 text: {error}") from error
