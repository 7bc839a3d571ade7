"""The progress of a write, told on stderr after each finished request."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from influxpe.cli import terminal
from influxpe.triggers.duration import format_duration

NS_PER_MS = 1_000_000
NS_PER_SECOND = 1_000_000_000
SIZE_STEP = 1024


@dataclass
class Progress:
    """Adds up requests, lines and bytes since it was made."""

    now_ns: Callable[[], int] = time.monotonic_ns
    quiet: bool = False
    requests: int = 0
    lines: int = 0
    bytes: int = 0
    started_ns: int = field(init=False)

    def __post_init__(self) -> None:
        self.started_ns = self.now_ns()

    def add(self, lines: int, size_bytes: int) -> None:
        """Count one finished request, and tell unless quiet."""
        self.requests += 1
        self.lines += lines
        self.bytes += size_bytes
        if not self.quiet:
            terminal.note(self.text())

    def text(self) -> str:
        """Give `  102ms: 1 request (9.80 requests/sec), 1 lines (10 lines/s), 64B (627B/s)`."""
        elapsed_ns = max(self.now_ns() - self.started_ns, NS_PER_MS)
        per_second = NS_PER_SECOND / elapsed_ns
        noun = "request" if self.requests == 1 else "requests"
        return (
            f"  {format_duration(elapsed_ns // NS_PER_MS * NS_PER_MS)}: "
            f"{self.requests} {noun} ({self.requests * per_second:.2f} requests/sec), "
            f"{self.lines} lines ({self.lines * per_second:.0f} lines/s), "
            f"{size(self.bytes)} ({size(int(self.bytes * per_second))}/s)"
        )


def size(size_bytes: int) -> str:
    """Write a number of bytes: `64B`, `1.50KiB`, `10.00MiB`."""
    if size_bytes < SIZE_STEP:
        return f"{size_bytes}B"
    scaled = float(size_bytes)
    for unit in ("KiB", "MiB"):
        scaled /= SIZE_STEP
        if scaled < SIZE_STEP:
            return f"{scaled:.2f}{unit}"
    return f"{scaled / SIZE_STEP:.2f}GiB"
