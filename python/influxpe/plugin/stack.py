"""Where a run is: from what `faulthandler` writes of a worker to a line and a stack for people.

In comes the text of one thread, most recent call first; out goes its stack, most recent call last,
from the plugin's own first line on. Text that is not understood is left out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from influxpe.plugin.protocol import Source

_ENTRY_FILE: Final = "__init__.py"
# Calls that a thread writes at most; then it stops, in some versions of Python without a sign.
FRAMES_MAX: Final = 100
# The call that each thread of Python begins with.
_END: Final = " in _bootstrap\n"
_FRAME: Final = re.compile(r'  File "(.*)", line (\d+) in (.*)')


@dataclass(frozen=True)
class Frame:
    """One call; names have escapes for what is not ASCII."""

    path: str
    line: int
    function: str


@dataclass(frozen=True)
class Place:
    """Where a run is: `plugin.py line 12 in process_writes`, and the stack."""

    text: str
    traceback: str


def is_whole(text: str) -> bool:
    """Whether a thread has written all that it will."""
    whole_lines = text[: text.rfind("\n") + 1]
    return text.endswith(_END) or whole_lines.count('  File "') >= FRAMES_MAX


def frames_of(text: str) -> list[Frame]:
    """Give the calls that a thread has written, the most recent one first."""
    found = map(_FRAME.fullmatch, text.splitlines())
    return [Frame(one[1], int(one[2]), one[3]) for one in found if one is not None]


def place_of(frames: list[Frame], source: Source) -> Place | None:
    """Give the place of these calls: the plugin's innermost one, if there is one of it."""
    if not frames:
        return None
    texts = _texts(source)
    own = [frame for frame in frames if frame.path in texts]
    shown = frames[: frames.index(own[-1]) + 1] if own else frames
    at = own[0] if own else frames[0]
    name = _shown_name(at.path, source) if own else at.path
    return Place(f"{name} line {at.line} in {at.function}", _stack(shown[::-1], texts))


def _texts(source: Source) -> Mapping[str, str]:
    """The texts of a plugin's files by their paths, as `faulthandler` writes these."""
    folder = Path(source.path).parent
    texts = {str(folder / name): text for name, text in source.files}
    texts[source.path] = source.code
    return {_escaped(path): text for path, text in texts.items()}


def _shown_name(path: str, source: Source) -> str:
    """A file's name; that of a folder with the folder."""
    if Path(source.path).name != _ENTRY_FILE:
        return Path(path).name
    above = _escaped(str(Path(source.path).parents[1]))
    return path.removeprefix(above).lstrip("/")


def _stack(frames: list[Frame], texts: Mapping[str, str]) -> str:
    """Show calls as a traceback does, with the plugin's own lines."""
    shown = ["Stack (most recent call last):\n"]
    for frame in frames:
        shown.append(f'  File "{frame.path}", line {frame.line}, in {frame.function}\n')
        lines = texts.get(frame.path, "").splitlines()[frame.line - 1 : frame.line]
        shown.extend(f"    {line.strip()}\n" for line in lines)
    return "".join(shown)


def _escaped(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()
