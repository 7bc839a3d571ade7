"""The progress of a copy on stderr: on a terminal a bar that is redrawn, else a line at times."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from influxpe.cli import terminal
from influxpe.cli.write_progress import NS_PER_MS, NS_PER_SECOND, size

BAR_COLUMNS = 24
REDRAWN_AFTER_NS = NS_PER_SECOND // 10
LINE_AFTER_NS = 5 * NS_PER_SECOND
CLEAR_LINE = "\r\033[K"


@dataclass
class CopyProgress:
    """Adds up bytes since it was made, against those that are expected."""

    now_ns: Callable[[], int] = time.monotonic_ns
    quiet: bool = False
    expected: int = 0
    copied: int = 0
    started_ns: int = field(init=False)
    told_ns: int = field(init=False)

    def __post_init__(self) -> None:
        self.started_ns = self.told_ns = self.now_ns()

    def expect(self, size_bytes: int) -> None:
        """There is that much more to copy."""
        self.expected += size_bytes

    def add(self, size_bytes: int) -> None:
        """That much was copied; tell if it is time to."""
        self.copied += size_bytes
        now_ns = self.now_ns()
        on_terminal = terminal.is_terminal(sys.stderr)
        pause_ns = REDRAWN_AFTER_NS if on_terminal else LINE_AFTER_NS
        if self.quiet or now_ns - self.told_ns < pause_ns:
            return
        self.told_ns = now_ns
        if on_terminal:
            self._draw(f"{CLEAR_LINE}{self.bar()} {self.text()}")
        else:
            terminal.note(f"  {self.text()}")

    def end(self) -> None:
        """Clear the bar; what follows starts on a line of its own."""
        if not self.quiet and terminal.is_terminal(sys.stderr):
            self._draw(CLEAR_LINE)

    def bar(self) -> str:
        """Give `[######------------------]`."""
        full = BAR_COLUMNS * min(self.copied, self.expected) // max(self.expected, 1)
        return f"[{'#' * full}{'-' * (BAR_COLUMNS - full)}]"

    def text(self) -> str:
        """Give ` 25% 512.00MiB of 2.00GiB (100.00MiB/s)`."""
        percent = 100 * min(self.copied, self.expected) // max(self.expected, 1)
        return f"{percent:3}% {size(self.copied)} of {size(self.expected)} ({self.rate()})"

    def rate(self) -> str:
        """Give `100.00MiB/s`."""
        elapsed_ns = max(self.now_ns() - self.started_ns, NS_PER_MS)
        return f"{size(self.copied * NS_PER_SECOND // elapsed_ns)}/s"

    def _draw(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
