"""The imports of a plugin that lead nowhere. Nothing is imported for this."""

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from influxpe.testing.findings import Finding, error_at, warning_at

_CAUGHT = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}

Import = ast.Import | ast.ImportFrom


def unresolved(file: Path, tree: ast.Module, folder: Path | None) -> Iterator[Finding]:
    """Give the imports of a file that cannot be resolved; `folder` is that of a folder plugin.

    What stands in a `try` that catches the failure is left alone.
    """
    for node in _imports(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _absolute(file, node.lineno, alias.name)
        elif node.level == 0:
            yield from _absolute(file, node.lineno, node.module or "")
        elif folder is None:
            text = "a relative import needs a folder plugin, this is a single file"
            yield error_at(file, node.lineno, text)
        else:
            yield from _relative(file, node, folder)


def _imports(node: ast.AST) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Import):
            yield child
        elif isinstance(child, ast.Try) and _catches(child):
            for part in (*child.handlers, *child.orelse, *child.finalbody):
                yield from _imports(part)
        else:
            yield from _imports(child)


def _catches(node: ast.Try) -> bool:
    """Whether a `try` takes care of an import that fails."""
    types = [handler.type for handler in node.handlers]
    named = [part for one in types if one is not None for part in ast.walk(one)]
    return None in types or any(isinstance(p, ast.Name) and p.id in _CAUGHT for p in named)


def _absolute(file: Path, line: int, module: str) -> Iterator[Finding]:
    top = module.partition(".")[0]
    try:
        found = importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        found = False
    if not found:
        yield warning_at(file, line, f"no module named '{top}' is installed here")


def _relative(file: Path, node: ast.ImportFrom, folder: Path) -> Iterator[Finding]:
    """Look for the files that `from .part import name` means."""
    base = file.parent
    for _ in range(node.level - 1):
        base = base.parent
    if not base.is_relative_to(folder):
        yield error_at(file, node.lineno, "a relative import leads out of the folder of the plugin")
        return
    target = base.joinpath(*(node.module or "").split("."))
    if node.module is not None and not _is_module(target):
        shown = "." * node.level + node.module
        yield error_at(file, node.lineno, f"there is no module '{shown}' in the plugin")


def _is_module(path: Path) -> bool:
    return path.with_suffix(".py").is_file() or path.is_dir()
