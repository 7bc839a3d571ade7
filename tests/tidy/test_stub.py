"""The stub of the engine names what the module has, and says what it is."""

import ast

from influxpe import _engine
from tests.tidy.sources import ROOT

STUB = ast.parse((ROOT / "python" / "influxpe" / "_engine.pyi").read_text())
DEFINED = [node for node in STUB.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]


def test_the_stub_and_the_module_have_the_same_names() -> None:
    built = {name for name in dir(_engine) if not name.startswith("_")}
    assert built == {node.name for node in DEFINED}


def test_every_name_of_the_stub_is_described() -> None:
    assert [node.name for node in DEFINED if not ast.get_docstring(node)] == []
