"""The modules of a folder plugin, imported from the texts that came with its source.

The disk is not asked: a run sees the files as they were when it began, whatever is saved meanwhile,
and no compiled file of an older text is taken for a newer one. Each content of a folder has modules
of its own; the name of the second one in a worker ends in `__2`, so that runs of the first, which
may still go on beside it, import what they began with.
"""

import importlib.util
import keyword
import linecache
import re
import sys
import threading
from collections.abc import Sequence
from functools import lru_cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path, PurePosixPath
from types import CodeType, ModuleType
from typing import Final

from influxpe.worker import wire

ENTRY_FILE: Final = "__init__.py"
# Texts that are split into lines once: those of a plugin, or of a folder with many files.
ENTRIES_KEPT_MAX: Final = 64
_OTHER_CHARACTER: Final = re.compile(r"\W")


class TextLoader(SourceFileLoader):
    """Loads a module from a text; its file is where the text was found."""

    def __init__(self, fullname: str, path: str, text: str) -> None:
        super().__init__(fullname, path)
        self._text = text

    def get_code(self, fullname: str) -> CodeType:
        """Compile the text. Raises `SyntaxError`."""
        show_lines(self.path, self._text)
        return compile(self._text, self.path, "exec", dont_inherit=True)

    def get_source(self, fullname: str) -> str:
        """Give the text."""
        return self._text


class Packages(MetaPathFinder):
    """All folder plugins of this worker: usually one, and of an edited one two or more."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}  # digest -> name of the package
        self._given: dict[str, int] = {}  # name -> packages that have had it
        self._files: dict[str, tuple[str, str]] = {}  # module -> path and text
        self._adding = threading.Lock()  # runs may overlap
        sys.meta_path.insert(0, self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Find a module of a folder; what its texts do not have may lie on the disk."""
        found = self._files.get(fullname)
        if found is None:
            return None
        loader = TextLoader(fullname, *found)
        return importlib.util.spec_from_file_location(fullname, found[0], loader=loader)

    def module(self, source: wire.SourceText) -> ModuleType:
        """Make the module of a run for the entry file; the others are imported once."""
        with self._adding:
            name = self._names.get(source.digest) or self._add(source)
        spec = self.find_spec(name, None)
        assert spec is not None  # noqa: S101 - it was just added
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        for other, loaded in list(sys.modules.items()):
            package, _, rest = other.rpartition(".")
            if package == name:
                setattr(module, rest, loaded)
        return module

    def forget(self, digest: str) -> None:
        """Let go of the modules of a source."""
        with self._adding:
            name = self._names.pop(digest, None)
            if name is None:
                return
            for kept in (self._files, sys.modules):
                for module in list(kept):  # a copy: runs import meanwhile
                    if module == name or module.startswith(f"{name}."):
                        kept.pop(module, None)

    def _add(self, source: wire.SourceText) -> str:
        name = self._free_name(Path(source.path).parent.name)
        self._names[source.digest] = name
        self._files.update(_modules(name, source))
        return name

    def _free_name(self, folder: str) -> str:
        """Give the name of a folder where no other package has it, as in the reference."""
        name = folder
        if folder not in self._given and not _is_free(folder):
            name = "plugin_" + _OTHER_CHARACTER.sub("_", folder)
        self._given[name] = self._given.get(name, 0) + 1
        return name if self._given[name] == 1 else f"{name}__{self._given[name]}"


def show_lines(path: str, text: str) -> None:
    """Let tracebacks show these lines, whatever is in the file by now."""
    linecache.cache[path] = _entry(path, text)


@lru_cache(maxsize=ENTRIES_KEPT_MAX)
def _entry(path: str, text: str) -> tuple[int, None, list[str], str]:
    """Give what `linecache` keeps of a file; each run shows the same lines."""
    return len(text), None, text.splitlines(keepends=True), path


def _is_free(name: str) -> bool:
    if not name.isidentifier() or keyword.iskeyword(name):
        return False
    if name in sys.modules or name in sys.stdlib_module_names:
        return False
    return importlib.util.find_spec(name) is None


def _modules(package: str, source: wire.SourceText) -> dict[str, tuple[str, str]]:
    """Give all modules of a folder; a folder below it needs no entry file."""
    folder = Path(source.path).parent
    found = {package: (source.path, source.code)}
    for relative, text in source.files:
        parts = PurePosixPath(relative).with_suffix("").parts
        for depth in range(1, len(parts)):
            inner = folder.joinpath(*parts[:depth], ENTRY_FILE)
            found.setdefault(".".join((package, *parts[:depth])), (str(inner), ""))
        names = parts[:-1] if PurePosixPath(relative).name == ENTRY_FILE else parts
        found[".".join((package, *names))] = (str(folder / relative), text)
    return found
