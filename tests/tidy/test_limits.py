"""Every maximum has a name, and a test that crosses it."""

import ast
import re
from pathlib import Path

import pytest

from tests.tidy.sources import ROOT, python_test_files, rust_files, rust_test_files

RUST_CONSTANT = re.compile(r"^pub const (?P<name>[A-Z0-9_]+):", re.MULTILINE)
TESTS_START = re.compile(r"^#\[cfg\(test\)\]\n(?:#\[[^\n]*\]\n)*mod \w+ \{", re.MULTILINE)


def rust_tests() -> str:
    """Give all test code of the Rust part."""
    texts = [path.read_text() for path in rust_test_files()]
    for path in rust_files():
        text = path.read_text()
        if path.stem == "tests" or path.parent.name == "tests":
            texts.append(text)
        elif found := TESTS_START.search(text):
            texts.append(text[found.start() :])
    return "\n".join(texts)


def python_constants(path: Path) -> set[str]:
    """Give the upper-case names of a module that end in `_MAX` or `_MIN`, unit before or after."""
    targets = [
        target
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    ]
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    return {name for name in names if name.isupper() and re.search(r"_(MAX|MIN)(_|$)", name)}


def test_every_limit_of_the_engine_is_crossed_by_a_test() -> None:
    names = RUST_CONSTANT.findall((ROOT / "rust" / "limits.rs").read_text())
    tests = rust_tests()
    assert names
    assert [name for name in names if not re.search(rf"\b{name}\b", tests)] == []


@pytest.mark.parametrize("file", ["config.py", "http/wire/limits.py"])
def test_every_limit_of_the_server_is_crossed_by_a_test(file: str) -> None:
    names = python_constants(ROOT / "python" / "influxpe" / file)
    tests = "\n".join(path.read_text() for path in python_test_files())
    assert sorted(name for name in names if not re.search(rf"\b{name}\b", tests)) == []
