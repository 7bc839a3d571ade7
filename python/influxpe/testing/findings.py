"""One remark about a file of a plugin."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finding:
    """Where, and what; written as compilers do: `check.py:3: error: text`."""

    file: Path
    line: int
    is_error: bool
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {'error' if self.is_error else 'warning'}: {self.text}"


def error_at(file: Path, line: int, text: str) -> Finding:
    """Give what keeps a plugin from running."""
    return Finding(file, line, True, text)


def warning_at(file: Path, line: int, text: str) -> Finding:
    """Give what is worth a look."""
    return Finding(file, line, False, text)
