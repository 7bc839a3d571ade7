"""A plugin is refused only where nothing in its text can bind what the trigger calls."""

import pytest

from influxpe.errors import InvalidError
from influxpe.triggers.entry_point import check_entry_point
from influxpe.triggers.spec import parse

HEAD = "def process_writes(influxdb3_local, table_batches, args=None):\n    pass\n"
BINDS = [
    HEAD,
    f"async {HEAD}",
    "process_writes = lambda *given: None",
    "process_writes: object = print",
    "from x import process_writes",
    "from x import run as process_writes",
    "import process_writes",
    "from x import *",
    "exec('def ' + 'process_' + 'writes(*given): pass')",
    "globals()['process_' + 'writes'] = print",
    "import sys\nsetattr(sys.modules[__name__], 'process_writes', print)",
    "import sys\nsys.modules[__name__].process_writes = print",
    "from builtins import exec as run\nrun('')",
    "try:\n    from x import process_writes\nexcept ImportError:\n    pass",
    f"if True:\n{HEAD.replace('def', '    def').replace('    pass', '        pass')}",
    "with open('x') as process_writes:\n    pass",
    "for process_writes in [print]:\n    pass",
    "def make():\n    global process_writes\n    process_writes = print\nmake()",
    "def make():\n    global process_writes\n    from x import process_writes\nmake()",
    "match print:\n    case process_writes:\n        pass",
    "[process_writes := one for one in [print]]",
    "class process_writes:\n    pass",
    "this is no Python",
    "text = '\\0'\n\0",
    f"pattern = '\\d'\n{HEAD}",
]
LACKS = [
    "",
    "# def process_writes(influxdb3_local, table_batches, args=None):",
    "text = 'process_writes'",
    "process_write = print",
    "pattern = '\\d'",
    "def make():\n    def process_writes(*given):\n        pass",
    "class Plugin:\n    def process_writes(self, *given):\n        pass",
    "import x\nx.run('process_writes')",
    "import x.y as z\nprint(z.process_writes)",
]


def check(code: str, specification: str = "all_tables", **files: str) -> None:
    check_entry_point("p.py", code, list(files.values()), parse(specification))


@pytest.mark.parametrize("code", BINDS)
def test_what_may_bind_the_name_is_accepted(code: str) -> None:
    check(code)


@pytest.mark.parametrize("code", LACKS)
def test_what_cannot_bind_the_name_is_refused(code: str) -> None:
    with pytest.raises(InvalidError) as raised:
        check(code)
    assert str(raised.value).startswith("plugin p.py has no process_writes, which a trigger on")


@pytest.mark.parametrize(
    ("specification", "name"),
    [
        ("table:m", "process_writes"),
        ("every:10m", "process_scheduled_call"),
        ("cron:0 0 6 * * *", "process_scheduled_call"),
        ("request:hook", "process_request"),
    ],
)
def test_each_kind_of_trigger_has_its_name(specification: str, name: str) -> None:
    check(f"def {name}(*given): pass", specification)
    with pytest.raises(InvalidError) as raised:
        check("def process_all(*given): pass", specification)
    assert f"no {name}, which a trigger on {parse(specification).canonical} calls" in str(
        raised.value
    )


def test_the_error_names_what_is_there() -> None:
    with pytest.raises(InvalidError, match="calls; it has process_writes"):
        check(HEAD, "every:1m")


def test_another_file_of_a_folder_may_bind_the_name() -> None:
    check("from . import late", late="import sys\nsys.modules['p'].process_writes = print")
    with pytest.raises(InvalidError):
        check("from . import late", late=HEAD)
