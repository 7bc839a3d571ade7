"""Start of the template process: `python -P main.py SETTINGS`, run by the server.

`SETTINGS` is JSON: `control`, the descriptor of the control socket; `paths`, where the server's own
packages are; `memory_bytes_max` of a worker. The file is run as it lies, by the interpreter of the
plugins' environment: it finds that environment's packages first, and the server's after them.
"""

import importlib.util
import json
import socket
import sys
from importlib.machinery import ModuleSpec, PathFinder
from typing import NoReturn

_AUTHORS_MODULE = "influxdb3"


def main(settings_text: str) -> NoReturn:
    """Prepare the imports, then serve as the template."""
    settings = json.loads(settings_text)
    paths: list[str] = settings["paths"]
    own = _own_authors_module(paths)
    sys.path.extend(path for path in paths if path not in sys.path)
    from influxpe.worker.template import Template  # found from here on

    _let_go_of(own)
    control = socket.socket(fileno=settings["control"])
    Template(control, settings["memory_bytes_max"]).serve()


def _own_authors_module(paths: list[str]) -> ModuleSpec | None:
    """Load our `influxdb3`, whatever else is installed under that name: the worker builds on it."""
    spec = PathFinder.find_spec(_AUTHORS_MODULE, paths)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        sys.modules[_AUTHORS_MODULE] = module
        spec.loader.exec_module(module)
    return spec


def _let_go_of(own: ModuleSpec | None) -> None:
    """Where a plugin's environment has an `influxdb3` of its own, let plugins import that one."""
    found = PathFinder.find_spec(_AUTHORS_MODULE)
    if own is None or found is None or found.origin == own.origin:
        return
    for name in [n for n in sys.modules if n.partition(".")[0] == _AUTHORS_MODULE]:
        del sys.modules[name]


if __name__ == "__main__":
    main(sys.argv[1])
