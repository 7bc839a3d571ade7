"""`plugin check`: what it finds, where it says it is, and how it ends."""

from pathlib import Path

import pytest

from influxpe.testing.check import check
from tests.unit.cli.conftest import CommandLine

METADATA = '"""{"plugin_type": ["onwrite"]}"""\n'
WRITES = "def process_writes(influxdb3_local, table_batches, args=None):\n    pass\n"
FINE = METADATA + WRITES


def found(tmp_path: Path, code: str) -> list[str]:
    """Check a plugin with this code; the findings without the folder."""
    plugin = tmp_path / "p.py"
    plugin.write_text(code)
    return [str(one).removeprefix(f"{tmp_path}/") for one in check(plugin).findings]


@pytest.mark.parametrize(
    "code",
    [
        FINE,
        METADATA + "async " + WRITES,
        METADATA + "def process_writes(*everything):\n    pass\n",
        METADATA + "def process_writes(a, b, c, d=1, *, e=2):\n    pass\n",
        METADATA + "import functools\n@functools.cache\ndef process_writes(a):\n    pass\n",
        METADATA + "if True:\n    def process_writes(a, b, c):\n        pass\n",
        METADATA + "try:\n    import nowhere_to_be_found\nexcept ImportError:\n    pass\n" + WRITES,
        METADATA + "from influxdb3 import LineBuilder\n" + WRITES,
    ],
    ids=["plain", "async", "any", "defaults", "decorated", "in if", "caught import", "influxdb3"],
)
def test_nothing_is_said_of_a_plugin_that_is_fine(tmp_path: Path, code: str) -> None:
    assert found(tmp_path, code) == []


@pytest.mark.parametrize(
    ("code", "finding"),
    [
        ("x = 1\ndef process_writes(:\n", "p.py:2: error: SyntaxError: invalid syntax"),
        ("x = '\0'\n", "p.py:1: error: "),
        (METADATA + "x = 1\n", "p.py:1: error: it has no entry point, define one of process_wri"),
        (
            METADATA + "\ndef process_writes(local, batches):\n    pass\n",
            "p.py:3: error: process_writes takes 2 arguments and gets 3; it is called as "
            "process_writes(influxdb3_local, table_batches, args)",
        ),
        (
            METADATA + "def process_writes(a, b, c, d):\n    pass\n",
            "p.py:2: error: process_writes needs 4 arguments and gets 3",
        ),
        (
            METADATA + "def process_writes(a, b, c, *, d):\n    pass\n",
            "p.py:2: error: process_writes needs 'd' by name",
        ),
        (METADATA + "from .part import x\n" + WRITES, "p.py:2: error: a relative import needs a"),
        (METADATA + "import nowhere.part\n" + WRITES, "p.py:2: warning: no module named 'nowhere'"),
        (WRITES, "p.py:1: warning: it has no metadata"),
        ('"""{"plugin_type": [}"""\n' + WRITES, "p.py:1: warning: the metadata are no JSON: "),
        ('"""{"a": 1}"""\n' + WRITES, "p.py:1: warning: metadata: plugin_type is missing"),
        (
            '"""{"plugin_type": ["onwrite", "http"]}"""\n' + WRITES,
            "p.py:1: warning: metadata: plugin_type has 'http' without its entry point",
        ),
        (
            '"""{"plugin_type": ["onwrite"], "onwrite_args_config": [{"name": "a"}]}"""\n' + WRITES,
            "p.py:1: warning: metadata: onwrite_args_config: a lacks example, description, requi",
        ),
        (FINE + "y = '\\d'\n", "p.py:4: warning: invalid escape sequence '\\d'"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, code: str, finding: str) -> None:
    assert any(line.startswith(finding) for line in found(tmp_path, code)), found(tmp_path, code)


def test_a_folder_is_checked_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "__init__.py").write_text(METADATA + "from .sub.part import x\n" + WRITES)
    (tmp_path / "sub" / "part.py").write_text("from ..missing import y\nx = (\n")
    (tmp_path / "other.py").write_text("from ..above import z\nfrom .missing import y\n")
    texts = [f"{one.file.name}:{one.line}: {one.text}" for one in check(tmp_path).findings]
    assert texts == [
        "other.py:1: a relative import leads out of the folder of the plugin",
        "other.py:2: there is no module '.missing' in the plugin",
        "part.py:2: SyntaxError: '(' was never closed",
    ]


def test_a_folder_needs_its_entry_file(tmp_path: Path) -> None:
    (tmp_path / "part.py").write_text("x = 1\n")
    assert [one.text for one in check(tmp_path).errors] == ["a folder plugin needs an __init__.py"]


def test_the_command_ends_with_1_where_there_is_an_error(run: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(WRITES)
    (tmp_path / "bad.py").write_text("x = 1\n")
    good, bad, absent = (run("plugin", "check", name) for name in ("good.py", "bad.py", "no.py"))
    assert (good.status, good.output) == (0, "good.py can run: process_writes\n")
    assert good.errors.startswith("good.py:1: warning: it has no metadata")
    assert (bad.status, bad.output) == (1, "")
    assert bad.errors.endswith("Check command failed: bad.py has 1 error\n")
    assert (absent.status, absent.errors) == (1, "Check command failed: there is no plugin no.py\n")
