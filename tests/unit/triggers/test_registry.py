"""Which trigger serves a path: the one of exactly this path, else the one of the longest."""

from dataclasses import dataclass

import pytest

from influxpe.errors import ConflictError
from influxpe.triggers.registry import Registry, Trigger
from influxpe.triggers.spec import parse


@dataclass(frozen=True)
class Entry:
    """Something that is registered."""

    trigger: Trigger


def registry(*paths: str) -> Registry[Entry]:
    found: Registry[Entry] = Registry()
    for number, path in enumerate(paths):
        found.add(entry(number, path))
    return found


def entry(number: int, path: str) -> Entry:
    spec = parse(f"request:{path}")
    return Entry(Trigger(number, "db", f"t{number}", "t.py", spec, None, False, "log"))


CASES = {
    "hooks": ("hooks", ""),
    "hooks/": ("hooks", ""),
    "hooks/a": ("hooks/a", ""),
    "hooks/a/b": ("hooks/a", "b"),
    "hooks/ab": ("hooks", "ab"),
    "hooks/b//c/": ("hooks", "b//c/"),
    "slash/": ("slash/", ""),
    "slash/x/y": ("slash/", "x/y"),
    "hook": None,
    "hooksa": None,
    "slash": None,
    "other/hooks": None,
    "": None,
    "/": None,
}


@pytest.mark.parametrize("path", CASES)
def test_a_path_is_served_by_the_longest_that_it_goes_on_from(path: str) -> None:
    found = registry("hooks", "hooks/a", "slash/").serving(path)
    told = None if found is None else (found[0].trigger.request_path, found[1])
    assert told == CASES[path]


def test_a_path_that_is_free_again_leaves_the_shorter_one() -> None:
    known = registry("a", "a/b/c")
    assert known.remove(1) is not None
    found = known.serving("a/b/c")
    assert found is not None
    assert (found[0].trigger.name, found[1]) == ("t0", "b/c")
    known.remove(0)
    assert known.serving("a/b/c") is None


def test_a_long_path_of_slashes_is_no_work() -> None:
    known = registry("a", "b/c")
    assert known.serving("/" * 400_000) is None
    assert known.serving("a" + "/" * 400_000) is not None


def test_a_path_has_one_trigger() -> None:
    with pytest.raises(ConflictError, match="request path 'a' is taken by trigger 't0'"):
        registry("a").add(entry(7, "a"))
