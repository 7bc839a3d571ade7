"""Sources: compiled once, run in a fresh module each time."""

import sys

import pytest

from influxpe.worker import wire
from influxpe.worker.source import (
    CODES_KEPT_MAX,
    NullBytesError,
    Sources,
    UnknownSourceError,
    module_name,
)


def source(code: str, digest: str = "d") -> wire.SourceText:
    return wire.SourceText(digest, "a-b.py", "/plugins/a-b.py", code)


def test_each_load_is_a_fresh_module_of_the_same_code() -> None:
    sources = Sources()
    sources.add(source("kept = []\ndef f(): pass\n"))
    first, second = sources.load("d"), sources.load("d")
    assert first["kept"] is not second["kept"]
    assert first["f"].__code__ is second["f"].__code__
    assert first["__file__"] == "/plugins/a-b.py"
    assert sys.modules[first["__name__"]].__dict__ is second


def test_the_oldest_sources_go() -> None:
    sources = Sources()
    for number in range(CODES_KEPT_MAX + 1):
        sources.add(source("x = 1", str(number)))
    sources.load("1")
    with pytest.raises(UnknownSourceError, match="no source with digest 0 was sent"):
        sources.load("0")
    assert sources.path("0") == ""


def test_null_bytes_and_bad_syntax_are_refused() -> None:
    sources = Sources()
    sources.add(source("x = 1\0"))
    with pytest.raises(NullBytesError):
        sources.load("d")
    sources.add(source("x =\n", "e"))
    with pytest.raises(SyntaxError, match=r"invalid syntax \(a-b\.py, line 1\)"):
        sources.load("e")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/p/json.py", "plugin_json"),
        ("/p/hello-wal.v2.py", "plugin_hello_wal_v2"),
    ],
)
def test_a_module_takes_no_name_of_a_package(path: str, name: str) -> None:
    assert module_name(path) == name
