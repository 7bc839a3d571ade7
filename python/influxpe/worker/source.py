"""Plugin code -> a fresh module per run.

A source is compiled once per digest; its top level runs for every run, as in the reference, so that
no state survives in the module. The module is in `sys.modules` (dataclasses and pickle look there),
and its lines are in `linecache`, so that tracebacks show the code that ran.
"""

import os
import re
import sys
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Final

from influxpe.worker import wire
from influxpe.worker.package import ENTRY_FILE, Packages, show_lines

# A worker serves one trigger: more than one digest means that the file was edited.
CODES_KEPT_MAX: Final = 8
NULL_BYTES: Final = "plugin code contains null bytes"


class UnknownSourceError(RuntimeError):
    """The server named a digest whose code it has not sent."""


class NullBytesError(Exception):
    """The code has a NUL; the text stands without a type."""


class Sources:
    """The sources that the server has sent, compiled when they first run."""

    def __init__(self) -> None:
        self._texts: OrderedDict[str, wire.SourceText] = OrderedDict()
        self._codes: dict[str, CodeType] = {}
        self._packages = Packages()

    def add(self, source: wire.SourceText) -> None:
        """Keep a source; the oldest one goes past `CODES_KEPT_MAX`."""
        self._texts[source.digest] = source
        while len(self._texts) > CODES_KEPT_MAX:
            digest, _ = self._texts.popitem(last=False)
            self._codes.pop(digest, None)
            self._packages.forget(digest)

    def load(self, digest: str) -> dict[str, Any]:
        """Run the top level of a source, and give its names. Raises what the code raises."""
        source = self._texts.get(digest)
        if source is None:
            raise UnknownSourceError(f"no source with digest {digest} was sent")
        code = self._code(source)
        module = self._module(source)
        # Of this run's file: another digest of it may have run since.
        show_lines(source.path, source.code)
        exec(code, module.__dict__)  # noqa: S102 # running a plugin's code is what this is for
        return module.__dict__

    def path(self, digest: str) -> str:
        """The file of a source; empty for one that was not sent."""
        source = self._texts.get(digest)
        return source.path if source is not None else ""

    def _code(self, source: wire.SourceText) -> CodeType:
        """Compile a source once. Raises `SyntaxError` with the file and the line."""
        code = self._codes.get(source.digest)
        if code is None:
            if "\0" in source.code:
                raise NullBytesError(NULL_BYTES)
            code = compile(source.code, source.path, "exec", dont_inherit=True)
            self._codes[source.digest] = code
        return code

    def _module(self, source: wire.SourceText) -> ModuleType:
        """Make the fresh module of a run; `__init__.py` makes a package with relative imports."""
        if os.path.basename(source.path) == ENTRY_FILE:
            return self._packages.module(source)
        module = ModuleType(module_name(source.path))
        module.__file__ = source.path
        sys.modules[module.__name__] = module
        return module


@lru_cache(maxsize=CODES_KEPT_MAX)
def module_name(path: str) -> str:
    """A name for the module of a file that no package can have taken, without dots."""
    return "plugin_" + re.sub(r"\W", "_", Path(path).stem)
