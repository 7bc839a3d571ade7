"""Functions, files and lines stay short enough to be read at once."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.tidy.sources import (
    fuzz_files,
    named,
    python_files,
    python_test_files,
    rust_files,
    rust_test_files,
)

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 600
LINE_COLUMNS_MAX = 100

RUST_FUNCTION = re.compile(
    r"^(?P<indent> *)(?:pub(?:\([^)]*\))? )?(?:(?:const|async|unsafe) )*fn (?P<name>\w+)"
)


def all_python() -> list[Path]:
    return python_files() + python_test_files()


def all_rust() -> list[Path]:
    return rust_files() + rust_test_files() + fuzz_files()


def python_functions(path: Path) -> Iterator[tuple[str, int]]:
    """Give the name and the number of lines of each function of a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def rust_functions(path: Path) -> Iterator[tuple[str, int]]:
    """Give the same for Rust: rustfmt puts the closing brace at the column of `fn`."""
    lines = path.read_text().splitlines()
    for start, line in enumerate(lines):
        if (found := RUST_FUNCTION.match(line)) and not line.rstrip().endswith((";", "}")):
            close = found["indent"] + "}"
            ends = (
                n for n in range(start, len(lines)) if lines[n].rstrip(",") in {close, close + ";"}
            )
            yield found["name"], next(ends, start) - start + 1


def test_no_function_is_longer_than_the_limit() -> None:
    lengths = [(p, *f) for p in all_python() for f in python_functions(p)]
    lengths += [(p, *f) for p in all_rust() for f in rust_functions(p)]
    long = [f"{named(p)}: {name} has {n} lines" for p, name, n in lengths if n > FUNCTION_LINES_MAX]
    assert long == []


def test_no_file_is_longer_than_the_limit() -> None:
    lengths = [(path, len(path.read_text().splitlines())) for path in all_python() + all_rust()]
    assert [f"{named(path)}: {n} lines" for path, n in lengths if n > FILE_LINES_MAX] == []


def test_no_line_is_wider_than_the_limit() -> None:
    wide = [
        f"{named(path)}:{number}"
        for path in all_rust()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > LINE_COLUMNS_MAX
    ]
    assert wide == []
