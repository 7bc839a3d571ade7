"""Whether a plugin can have the entry point that its trigger calls, as far as its text tells: pure.

A plugin may bind the name in any way: define, assign or import it, also inside `if` or `try`. Text
that reaches its own names in other ways (`exec`, `globals()`, `from x import *`) may bind any name,
and one that cannot be read as Python is left to the first run, which says where it is wrong.
"""

import ast
import symtable
import warnings
from collections.abc import Iterator, Sequence

from influxpe.errors import InvalidError
from influxpe.triggers.spec import Kind, Spec

ENTRY_POINTS: dict[Kind, str] = {
    "wal": "process_writes",
    "schedule": "process_scheduled_call",
    "request": "process_request",
}
# Names by which a text reaches the names of a module without writing them down.
REACHING = frozenset(
    "__builtins__ __dict__ __import__ builtins eval exec f_globals globals locals modules runpy "
    "setattr vars".split()
)


def check_entry_point(filename: str, code: str, others: Sequence[str], spec: Spec) -> None:
    """Raise `InvalidError` where nothing in a plugin can bind what the trigger calls.

    `code` is its file, or the `__init__.py` of a folder, which may have `others`.
    """
    name = ENTRY_POINTS[spec.kind]
    try:
        names = _names(code, others, name)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    if names is None or name in names:
        return
    found = ", ".join(sorted(names & set(ENTRY_POINTS.values())))
    has = f"; it has {found}" if found else ""
    raise InvalidError(
        f"plugin {filename} has no {name}, which a trigger on {spec.canonical} calls{has}"
    )


def _names(code: str, others: Sequence[str], name: str) -> set[str] | None:
    """Give the names that a plugin binds; `None` where it may bind others.

    Raises what the parser raises.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trees = (ast.parse(text) for text in (code, *others))
        if any(_may_bind(node, name) for tree in trees for node in ast.walk(tree)):
            return None
        return set(_bound(symtable.symtable(code, "<plugin>", "exec")))


def _may_bind(node: ast.AST, name: str) -> bool:
    match node:
        case ast.alias(name=imported):
            return imported == "*" or not REACHING.isdisjoint(imported.split("."))
        case ast.Name(id=read):
            return read in REACHING
        case ast.Attribute(attr=attribute, ctx=ast.Store()):
            return attribute == name or attribute in REACHING
        case ast.Attribute(attr=attribute):
            return attribute in REACHING
    return False


def _bound(module: symtable.SymbolTable) -> Iterator[str]:
    """Give what a module binds: itself, and by `global` in its functions."""
    own = module.get_symbols()
    yield from (one.get_name() for one in own if one.is_assigned() or one.is_imported())
    inner = list(module.get_children())
    while inner:
        table = inner.pop()
        inner += table.get_children()
        for one in table.get_symbols():
            if one.is_declared_global() and (one.is_assigned() or one.is_imported()):
                yield one.get_name()
