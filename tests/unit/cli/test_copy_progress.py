"""How the progress of a copy is told."""

import io
import sys
from dataclasses import dataclass

import pytest

from influxpe.cli.copy_progress import CLEAR_LINE, CopyProgress

MIB = 1 << 20
NS_PER_SECOND = 1_000_000_000


@dataclass
class Clock:
    """Stands still until it is moved."""

    ns: int = 0

    def now_ns(self) -> int:
        """Tell the time."""
        return self.ns


class Terminal(io.StringIO):
    """What a person looks at."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def progress(*, quiet: bool = False) -> tuple[CopyProgress, Clock]:
    clock = Clock()
    copy = CopyProgress(clock.now_ns, quiet=quiet)
    copy.expect(3 * MIB)
    copy.expect(MIB)
    return copy, clock


def test_a_line_comes_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    copy, clock = progress()
    copy.add(MIB)
    clock.ns = 5 * NS_PER_SECOND
    copy.add(MIB)
    copy.add(MIB)
    copy.end()
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "   50% 2.00MiB of 4.00MiB (409.60KiB/s)\n")


def test_a_terminal_has_a_bar_that_goes_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    copy, clock = progress()
    for tenth in range(1, 4):
        clock.ns = tenth * NS_PER_SECOND // 10
        copy.add(MIB)
    copy.end()
    first, *_, last, end = terminal.getvalue().split(CLEAR_LINE)[1:]
    assert first == "[######------------------]  25% 1.00MiB of 4.00MiB (10.00MiB/s)"
    assert last == "[##################------]  75% 3.00MiB of 4.00MiB (10.00MiB/s)"
    assert end == ""


def test_quiet_tells_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    copy, clock = progress(quiet=True)
    clock.ns = 60 * NS_PER_SECOND
    copy.add(MIB)
    copy.end()
    assert capsys.readouterr().err == ""


def test_more_than_expected_is_all() -> None:
    copy, _ = progress(quiet=True)
    copy.add(5 * MIB)
    assert copy.text().startswith("100% 5.00MiB of 4.00MiB")
    assert CopyProgress(lambda: 0).text() == "  0% 0B of 0B (0B/s)"
