"""What can be said of a plugin without running it: does it compile, can it be called as it is.

Errors keep a trigger from running it. Warnings are worth a look: a module may be installed on the
server and not here, and metadata are nobody's duty.
"""

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from influxpe.testing import check_imports, check_metadata
from influxpe.testing.findings import Finding, error_at, warning_at

ENTRY_FILE = "__init__.py"
# What each entry point is called with, by position.
ENTRY_POINTS = {
    "process_writes": ("influxdb3_local", "table_batches", "args"),
    "process_scheduled_call": ("influxdb3_local", "call_time", "args"),
    "process_request": (
        "influxdb3_local",
        "query_parameters",
        "request_headers",
        "request_body",
        "args",
    ),
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Checked:
    """What was found, in the order of files and lines, and the entry points that there are."""

    findings: tuple[Finding, ...]
    entry_points: tuple[str, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What keeps the plugin from running."""
        return tuple(one for one in self.findings if one.is_error)


def check(plugin: Path) -> Checked:
    """Look at a plugin: a file, or a folder with `__init__.py`. Raises `OSError`."""
    is_folder = plugin.is_dir()
    entry = plugin / ENTRY_FILE if is_folder else plugin
    files = sorted(plugin.rglob("*.py")) if is_folder else [plugin]
    findings: list[Finding] = []
    names: list[str] = []
    if entry not in files:
        findings.append(error_at(plugin, 1, f"a folder plugin needs an {ENTRY_FILE}"))
    for file in files:
        tree, found = _parsed(file)
        findings += found
        if tree is None:
            continue
        findings += check_imports.unresolved(file, tree, plugin if is_folder else None)
        if file == entry:
            names = [name for name, _ in _entry_points(tree)]
            findings += _entry_findings(file, tree)
            findings += check_metadata.findings(file, file.read_text("utf-8"), set(names))
    return Checked(tuple(sorted(findings, key=_place)), tuple(names))


def _place(finding: Finding) -> tuple[Path, int]:
    return finding.file, finding.line


def _parsed(file: Path) -> tuple[ast.Module | None, list[Finding]]:
    """Compile a file; gives its tree, or why there is none."""
    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError as error:
        return None, [error_at(file, 1, f"no UTF-8 text: {error.reason}")]
    with warnings.catch_warnings(record=True) as noticed:
        warnings.simplefilter("always")
        try:
            tree = ast.parse(text, str(file))
            compile(text, str(file), "exec", dont_inherit=True)
        except SyntaxError as error:
            return None, [error_at(file, error.lineno or 1, f"{type(error).__name__}: {error.msg}")]
        except (ValueError, RecursionError, MemoryError) as error:
            return None, [error_at(file, 1, f"it cannot be compiled: {error}")]
    return tree, [warning_at(file, one.lineno, str(one.message)) for one in _distinct(noticed)]


def _distinct(noticed: list[warnings.WarningMessage]) -> list[warnings.WarningMessage]:
    """Leave out what parsing and compiling both say."""
    return list({(one.lineno, str(one.message)): one for one in noticed}.values())


def _entry_findings(file: Path, tree: ast.Module) -> Iterator[Finding]:
    found = _entry_points(tree)
    if not found:
        wanted = ", ".join(ENTRY_POINTS)
        yield error_at(file, 1, f"it has no entry point, define one of {wanted}")
    for name, function in found:
        reason = None if function is None else _misfit(function, len(ENTRY_POINTS[name]))
        if function is not None and reason is not None:
            called = ", ".join(ENTRY_POINTS[name])
            yield error_at(
                file, function.lineno, f"{name} {reason}; it is called as {name}({called})"
            )


def _entry_points(tree: ast.Module) -> list[tuple[str, Function | None]]:
    """Give the entry points of a module; without their function where they are bound otherwise."""
    bound = (pair for node in _statements(tree.body) for pair in _names(node))
    return list({name: found for name, found in bound if name in ENTRY_POINTS}.items())


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Walk what a module runs when it is loaded: inside `if`, `try` and `with` too."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            for part in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(node, part, []))


def _names(node: ast.stmt) -> Iterator[tuple[str, Function | None]]:
    if isinstance(node, Function):
        # A decorator may change how the function is called.
        yield node.name, None if node.decorator_list else node
    elif isinstance(node, ast.Assign):
        yield from ((t.id, None) for t in node.targets if isinstance(t, ast.Name))
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name, None) for alias in node.names)


def _misfit(function: Function, count: int) -> str | None:
    """Say why a function cannot be called with so many arguments by position."""
    spec = function.args
    most = len(spec.posonlyargs) + len(spec.args)
    least = most - len(spec.defaults)
    if least > count:
        return f"needs {least} arguments and gets {count}"
    if most < count and spec.vararg is None:
        return f"takes {most} arguments and gets {count}"
    pairs = zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
    missing = [argument.arg for argument, default in pairs if default is None]
    return f"needs '{missing[0]}' by name" if missing else None
