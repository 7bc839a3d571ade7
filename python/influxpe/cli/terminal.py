"""What goes to stdout and stderr, what is asked of the person in front, and colours."""

import os
import sys
from typing import BinaryIO, TextIO

BOLD, UNDERLINE, RED, RESET = "\033[1m", "\033[4m", "\033[31m", "\033[0m"


def say(text: str) -> None:
    """Print a line to stdout: what the command was asked for."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """Print a line to stderr: what a person should know and a script should not see."""
    sys.stdout.flush()
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def output() -> BinaryIO:
    """Give stdout for bytes, after what was printed as text."""
    sys.stdout.flush()
    return sys.stdout.buffer


def is_terminal(stream: TextIO) -> bool:
    """Whether a person looks at the stream."""
    return stream.isatty()


def read_input() -> BinaryIO | None:
    """Give stdin for bytes, or `None` where it is a terminal or closed."""
    if sys.stdin is None or sys.stdin.closed or is_terminal(sys.stdin):
        return None
    return sys.stdin.buffer


def ask(question: str, stream: TextIO) -> str:
    """Print a question and read one line; the answer is empty at the end of input."""
    stream.write(question + "\n")
    stream.flush()
    return sys.stdin.readline().strip() if sys.stdin is not None else ""


def styled(text: str, style: str, stream: TextIO) -> str:
    """Wrap text in a style, if the stream is a terminal that wants colours."""
    if not is_terminal(stream) or os.environ.get("NO_COLOR"):
        return text
    return f"{style}{text}{RESET}"


def quoted(name: str) -> str:
    """Put a name in double quotes, so that its own quotes and backslashes stay readable."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
