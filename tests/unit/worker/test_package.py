"""Folder plugins in a worker: a tree of modules per content, from the texts that were sent."""

import linecache
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from influxpe.worker import wire
from influxpe.worker.package import Packages
from influxpe.worker.source import CODES_KEPT_MAX, Sources


@pytest.fixture(autouse=True)
def modules() -> Iterator[None]:
    """Leave no modules and no finder behind."""
    names, finders = set(sys.modules), list(sys.meta_path)
    yield
    sys.meta_path[:] = finders
    for name in set(sys.modules) - names:
        del sys.modules[name]


def tree(
    code: str, digest: str = "d", folder: str = "/plugins/pack_a", **files: str
) -> wire.SourceText:
    """Make a source; `a__b="..."` is the file `a/b.py`."""
    texts = tuple((f"{name.replace('__', '/', 1)}.py", text) for name, text in files.items())
    return wire.SourceText(digest, Path(folder).name, f"{folder}/__init__.py", code, texts)


def load(*sources: wire.SourceText) -> dict[str, object]:
    """Load sources one after the other; gives the names of the last."""
    kept = Sources()
    names: dict[str, object] = {}
    for source in sources:
        kept.add(source)
        names = kept.load(source.digest)
    return names


def test_relative_imports_and_those_by_the_name_of_the_folder_work() -> None:
    code = "from .sub import one\nfrom .sub.two import B\nimport pack_a.three\nC = pack_a.three.C"
    names = load(tree(code, sub__one="A = 1", sub__two="from .one import A\nB = A", three="C = 3"))
    assert (names["B"], names["C"], names["__name__"]) == (1, 3, "pack_a")


def test_the_entry_file_runs_each_time_and_the_others_once() -> None:
    sources = Sources()
    sources.add(tree("from .part import seen\nseen.append(1)\nown = []", part="seen = []"))
    first, second = sources.load("d"), sources.load("d")
    assert second["seen"] == [1, 1]
    assert first["own"] is not second["own"]


def test_a_module_that_is_imported_by_its_full_name_is_an_attribute_each_time() -> None:
    sources = Sources()
    sources.add(tree("import pack_a.part\nX = pack_a.part.X", part="X = 1"))
    assert [sources.load("d")["X"] for _ in range(2)] == [1, 1]


def test_an_edited_folder_has_a_fresh_tree_and_the_old_one_goes_on() -> None:
    code = "from . import part\ndef late():\n    from .late import X\n    return part.X, X"
    sources = Sources()
    sources.add(tree(code, "old", part="X = 1", late="X = 2"))
    sources.add(tree(code, "new", part="X = 3", late="X = 4"))
    old, new = sources.load("old"), sources.load("new")
    assert new["late"]() == (3, 4)
    assert old["late"]() == (1, 2)
    assert (old["__name__"], new["__name__"]) == ("pack_a", "pack_a__2")


def test_two_folders_of_one_name_do_not_meet() -> None:
    code = "from .part import X"
    names = load(
        tree(code, "1", "/plugins/a/same_name", part="X = 1"),
        tree(code, "2", "/plugins/b/same_name", part="X = 2"),
    )
    assert names["X"] == 2


@pytest.mark.parametrize(
    ("folder", "name"),
    [("json", "plugin_json"), ("msgspec", "plugin_msgspec"), ("a-b.c", "plugin_a_b_c")],
)
def test_a_folder_hides_no_package(folder: str, name: str) -> None:
    module = Packages().module(tree("", folder=f"/plugins/{folder}"))
    assert module.__name__ == name


def test_the_disk_is_not_asked(tmp_path: Path) -> None:
    (tmp_path / "pack_a").mkdir()
    (tmp_path / "pack_a" / "part.py").write_text("X = 'of the disk'\n")
    names = load(tree("from .part import X", folder=str(tmp_path / "pack_a"), part="X = 1"))
    assert names["X"] == 1
    assert not (tmp_path / "pack_a" / "__pycache__").exists()


def test_an_error_shows_the_lines_that_ran() -> None:
    path = "/plugins/pack_a/part.py"
    names = load(tree("from .part import f", part="def f():\n    return 1 / 0\n"))
    with pytest.raises(ZeroDivisionError) as raised:
        names["f"]()  # type: ignore[operator]
    assert (str(raised.traceback[-1].path), raised.traceback[-1].lineno) == (path, 1)
    assert linecache.getline(path, 2) == "    return 1 / 0\n"
    with pytest.raises(SyntaxError, match=r"invalid syntax \(bad\.py, line 1\)"):
        load(tree("from . import bad", "e", bad="x =\n"))


def test_modules_of_the_oldest_sources_go() -> None:
    sources = Sources()
    for number in range(CODES_KEPT_MAX + 1):
        sources.add(tree("from . import part", str(number), part=""))
        sources.load(str(number))
    assert not {"pack_a", "pack_a.part"} & set(sys.modules)
    assert {"pack_a__2", "pack_a__2.part"} <= set(sys.modules)


def test_a_source_is_forgotten_while_other_threads_import() -> None:
    packages, done = Packages(), threading.Event()
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def import_others() -> None:
        while not done.is_set():
            for number in range(50):
                sys.modules[f"imported_meanwhile_{number}"] = ModuleType("other")
            for number in range(50):
                del sys.modules[f"imported_meanwhile_{number}"]

    importing = threading.Thread(target=import_others)
    importing.start()
    try:
        for number in range(300):
            packages.module(tree("A = 1", digest=str(number), part="B = 2"))
            packages.forget(str(number))
    finally:
        done.set()
        importing.join()
        sys.setswitchinterval(before)
    assert not [name for name in sys.modules if name.startswith("pack_a")]
