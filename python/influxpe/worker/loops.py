"""What a loop reads of its rows, from its bytecode: so that only those columns are made.

`for row in rows: total += row["load"]` needs one column. A row that knows only that one would be a
lie as soon as anything else saw it, and C code (`orjson`, `polars`, `dict(row)`) looks into dicts
without asking them. So a loop has its rows cut down only where nothing else can see them: where its
variable is a plain local of its function, and every use of it in that function is `row["x"]`,
`row.get("x")`, `row.get("x", default)` or `"x" in row` with a constant. All else, and every
instruction that is not known here, means whole rows: those of a function that passes `row` on,
keeps it, changes it or asks for its keys, and those under a debugger.

What can tell: code elsewhere that reads the locals of this function's frame, such as a printer of
tracebacks with all variables, finds a row with the columns that the loop reads. So would a C type
that holds the rows and, when a `for` asks for its iterator, hands out one that changes each row;
those of Python itself do not.
"""

import dis
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType, FrameType
from typing import Final, NamedTuple

# A worker runs one plugin; this many places of it iterate over rows before one is looked at again.
PLACES_KEPT_MAX: Final = 256
# Their instructions are needed again only for the next place in the same function.
FUNCTIONS_KEPT_MAX: Final = 8
# Python versions whose instructions are known here; others get whole rows.
_KNOWN_BEFORE: Final = (3, 14)

_COMPREHENSIONS: Final = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"}
# A function that names one of these may look at its own variables without an instruction for it.
_SEES_LOCALS: Final = frozenset(
    "locals vars dir eval exec breakpoint set_trace settrace _getframe _current_frames inspect "
    "currentframe stack f_back f_locals gi_frame tb_frame get_objects get_referrers".split()
)
_SKIPPED: Final = {"CACHE", "EXTENDED_ARG", "NOP", "PRECALL"}
# What a comprehension within a function does between taking its iterator and using it (3.12).
_OPENS_COMPREHENSION: Final = {
    "LOAD_FAST_AND_CLEAR",
    "SWAP",
    "BUILD_LIST",
    "BUILD_SET",
    "BUILD_MAP",
}
_HARMLESS: Final = {"STORE_FAST", "DELETE_FAST", "LOAD_FAST_AND_CLEAR"}
# Instructions whose names are not those of local variables.
_OTHER_NAMES: Final = {
    "LOAD_CONST",
    "LOAD_GLOBAL",
    "LOAD_ATTR",
    "LOAD_METHOD",
    "STORE_ATTR",
    "IMPORT_NAME",
    "IMPORT_FROM",
}


class Reads(NamedTuple):
    """The keys that a loop reads: by `row[...]`, and by `.get` or `in`, which tell null apart."""

    items: frozenset[str]
    lookups: frozenset[str]


class _Step(NamedTuple):
    """An instruction; `extra` is the lowest bit of its argument, `entered` if jumps come here."""

    offset: int
    name: str
    value: object
    extra: bool
    entered: bool


def loop_reads(frame: FrameType) -> Reads | None:
    """What the `for` reads whose iterator `frame` asks for now; `None` if that is not known."""
    return None if _is_debugged() else _loop_reads(frame.f_code, frame.f_lasti)


def feeds_generator(frame: FrameType) -> bool:
    """Whether the iterator that `frame` asks for now goes to a comprehension with its own frame."""
    return _feeds_generator(frame.f_code, frame.f_lasti)


def generator_reads(frame: FrameType) -> Reads | None:
    """What a comprehension reads that asks for its first row now; `None` if that is not known."""
    if _is_debugged() or frame.f_code.co_name not in _COMPREHENSIONS:
        return None
    return _generator_reads(frame.f_code, frame.f_lasti)


def _is_debugged() -> bool:
    """Whether somebody may look at the variables of a function while it runs."""
    if sys.version_info >= (3, 12) and sys.monitoring.get_tool(sys.monitoring.DEBUGGER_ID):
        return True
    return sys.gettrace() is not None


@lru_cache(maxsize=PLACES_KEPT_MAX)
def _loop_reads(code: CodeType, offset: int) -> Reads | None:
    steps = _steps(code)
    at = _position(steps, offset, "GET_ITER")
    if at is None:
        return None
    at += 1
    while steps[at].name in _OPENS_COMPREHENSION:
        at += 1
    return _reads(code, steps, at)


@lru_cache(maxsize=PLACES_KEPT_MAX)
def _feeds_generator(code: CodeType, offset: int) -> bool:
    steps = _steps(code)
    at = _position(steps, offset, "GET_ITER")
    # Nothing but a comprehension is called with an iterator that was made just before.
    return at is not None and (steps[at + 1].name, steps[at + 1].value) == ("CALL", 0)


@lru_cache(maxsize=PLACES_KEPT_MAX)
def _generator_reads(code: CodeType, offset: int) -> Reads | None:
    steps = _steps(code)
    at = _position(steps, offset, "FOR_ITER")
    if at is None or (steps[at - 1].name, steps[at - 1].value) != ("LOAD_FAST", ".0"):
        return None
    return _reads(code, steps, at)


def _position(steps: list[_Step], offset: int, name: str) -> int | None:
    """Where the instruction at `offset` stands, if it has this name."""
    found = (n for n, step in enumerate(steps) if (step.offset, step.name) == (offset, name))
    return next(found, None)


def _reads(code: CodeType, steps: list[_Step], at: int) -> Reads | None:
    """The keys that are read of the variable that the loop at a step sets; `None` if others may."""
    loop, target = steps[at], steps[at + 1]
    if (loop.name, target.name) != ("FOR_ITER", "STORE_FAST"):
        return None
    row = target.value
    if _SEES_LOCALS & {*code.co_names} or row in {*code.co_cellvars, *code.co_freevars}:
        return None
    items: set[str] = set()
    lookups: set[str] = set()
    for n, step in enumerate(steps):
        if step.value != row or step.name in _OTHER_NAMES or step.name in _HARMLESS:
            continue
        use = _use(steps, n) if step.name == "LOAD_FAST" else None
        if use is None:
            return None
        key, is_item = use
        (items if is_item else lookups).add(key)
    return Reads(frozenset(items), frozenset(lookups))


def _use(steps: list[_Step], at: int) -> tuple[str, bool] | None:
    """The key that is read of the row loaded at a step, and whether by `row[...]`."""
    loaded, (one, two, three, four) = steps[at], _next_four(steps, at)
    if one.name == "LOAD_CONST" and two.name == "BINARY_SUBSCR":
        key, is_item = one.value, True
    elif _is_get(one) and two.name == "LOAD_CONST" and _is_call_with(three, four):
        key, is_item = two.value, False
    elif one.name == "CONTAINS_OP" and steps[at - 1].name == "LOAD_CONST" and not loaded.entered:
        key, is_item = steps[at - 1].value, False
    else:
        return None
    return (key, is_item) if isinstance(key, str) else None


def _next_four(steps: list[_Step], at: int) -> list[_Step]:
    """The four steps after one; the last step of all, a return or a jump, stands for missing ones.

    Only jumps leave this order, and none of the steps that a use consists of is one.
    """
    return (steps[at + 1 : at + 5] + steps[-1:] * 4)[:4]


def _is_get(step: _Step) -> bool:
    """Whether a step takes the method `get` in order to call it."""
    return step.value == "get" and (
        step.name == "LOAD_METHOD" or (step.name == "LOAD_ATTR" and step.extra)
    )


def _is_call_with(first: _Step, second: _Step) -> bool:
    """Whether the step after a key is the call, or a default and then the call."""
    if first.name == "CALL":
        return first.value == 1
    is_default = first.name in {"LOAD_CONST", "LOAD_FAST", "LOAD_DEREF"} or (
        first.name in {"BUILD_LIST", "BUILD_MAP", "BUILD_TUPLE"} and first.value == 0
    )
    return is_default and (second.name, second.value) == ("CALL", 2)


@lru_cache(maxsize=FUNCTIONS_KEPT_MAX)
def _steps(code: CodeType) -> list[_Step]:
    """The instructions of some code; those that do two things (3.13) as two."""
    return list(_each_step(code)) if sys.version_info < _KNOWN_BEFORE else []


def _each_step(code: CodeType) -> Iterator[_Step]:
    entered = False
    for given in dis.get_instructions(code):
        entered = entered or given.is_jump_target
        if given.opname in _SKIPPED:
            continue
        extra = bool((given.arg or 0) & 1)
        pair = re.findall(r"(?:LOAD|STORE)_FAST(?!_AND_CLEAR)", given.opname)
        if len(pair) == 2 and isinstance(given.argval, tuple):
            for name, value in zip(pair, given.argval, strict=True):
                yield _Step(given.offset, name, value, extra, entered)
                entered = False
        else:
            name = given.opname.removesuffix("_CHECK")
            yield _Step(given.offset, name, given.argval, extra, entered)
        entered = False
