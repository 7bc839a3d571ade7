"""Imports go one way, in Rust and in Python."""

import ast
import re
from pathlib import Path

from tests.tidy.sources import ROOT, named, python_files, rust_files

# Lower may not know higher, and what shares a number from 1 on does not know each other.
RUST_LAYERS = {
    "error": 0,
    "limits": 0,
    "clock": 0,
    "recent_cache": 0,
    "wake": 0,
    "codec": 1,
    "influxql": 1,
    "disk": 0,
    "line": 1,
    "schema": 2,
    "wal": 3,
    "buffer": 3,
    "store": 3,
    "cache": 3,
    "query": 4,
    "engine": 5,
    "py": 6,
}
CRATE_PATH = re.compile(r"\bcrate::(?:\{([^;]*?)\}|(\w+))", re.DOTALL)

SERVER = ROOT / "python" / "influxpe"

# What a part of the server may import besides itself; `server` composes them all.
FOUNDATION = {
    "_engine",
    "engine_types",
    "clock",
    "errors",
    "config",
    "commits",
    "queries",
    "logs",
    "to_its_end",
}
PYTHON_LAYERS: dict[str, set[str]] = {
    "clock": set(),
    "engine_types": set(),
    "config": {"clock"},
    "errors": {"_engine"},
    "commits": {"_engine", "errors", "clock"},
    "queries": {"_engine", "errors"},
    "to_its_end": set(),
    "logs": {"clock", "config"},
    "worker": set(),
    "plugin": FOUNDATION | {"worker.wire"},
    "triggers": FOUNDATION | {"plugin"},
    "backup": FOUNDATION,
    "http": FOUNDATION | {"triggers", "plugin", "backup"},
    "server": FOUNDATION | {"plugin", "triggers", "http"},
    "testing": FOUNDATION
    | {"plugin", "triggers", "worker.lines", "worker.rows", "worker.state", "worker.wire"},
    "cli": {
        "_engine",
        "config",
        "clock",
        "errors",
        "backup",
        "triggers.spec",
        "triggers.duration",
        "triggers.entry_point",
        "server",
        "testing",
    },
    "__main__": {"cli"},
    "__init__": set(),
}


def rust_imports(text: str) -> set[str]:
    """Give the top modules of the crate that a file names."""
    found: set[str] = set()
    for group, single in CRATE_PATH.findall(text):
        found |= {single} if single else set(re.findall(r"(?:^|[{,])\s*(\w+)", top_level(group)))
    return found & set(RUST_LAYERS)


def top_level(group: str) -> str:
    """Take out what stands in inner braces of `use crate::{...}`."""
    while "{" in group:
        group = re.sub(r"\{[^{}]*\}?", "", group)
    return group


def rust_part(path: Path) -> str:
    return path.relative_to(ROOT / "rust").parts[0].removesuffix(".rs")


def may_import(part: str, other: str) -> bool:
    if part in {"lib", other}:
        return True
    mine, theirs = RUST_LAYERS[part], RUST_LAYERS[other]
    return theirs < mine or mine == theirs == 0


def test_rust_imports_go_one_way() -> None:
    broken = [
        f"{named(path)} imports {other}"
        for path in rust_files()
        for other in sorted(rust_imports(path.read_text()))
        if not may_import(rust_part(path), other)
    ]
    assert broken == []


def test_every_rust_part_has_a_layer() -> None:
    assert {rust_part(path) for path in rust_files()} <= {"lib", *RUST_LAYERS}


def python_imports(path: Path) -> set[str]:
    """Give the modules that a file imports, wherever the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return found


def python_part(path: Path) -> str:
    return path.relative_to(SERVER).parts[0].removesuffix(".py")


def is_allowed(part: str, module: str) -> bool:
    allowed = {part} | PYTHON_LAYERS[part]
    return any(module == name or module.startswith(f"{name}.") for name in allowed)


def server_files() -> list[Path]:
    return [path for path in python_files() if path.is_relative_to(SERVER)]


def test_every_python_part_has_a_layer() -> None:
    assert {python_part(path) for path in server_files()} <= set(PYTHON_LAYERS)


def test_python_imports_go_one_way() -> None:
    broken = [
        f"{named(path)} imports {module}"
        for path in server_files()
        for module in sorted(python_imports(path))
        if module.startswith("influxpe.")
        and module != "influxpe.__version__"
        and not is_allowed(python_part(path), module.removeprefix("influxpe."))
    ]
    assert broken == []


def test_the_module_for_plugin_authors_knows_no_server() -> None:
    broken = [
        f"{named(path)} imports {module}"
        for path in python_files()
        if path.is_relative_to(ROOT / "python" / "influxdb3")
        for module in python_imports(path)
        if module.split(".")[0] == "influxpe"
    ]
    assert broken == []
