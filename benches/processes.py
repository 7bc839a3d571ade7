"""Memory and processor time of a server with all its processes, as the kernel counts them."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.processes import descendants

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# Of `/proc/PID/stat`, after the name in brackets: time in the program and in the kernel.
TIMES = slice(11, 13)


@dataclass(frozen=True)
class Used:
    """What processes hold; memory that they share is counted once (PSS)."""

    processes: int
    memory_mb: float


def used_by(process_id: int) -> Used:
    """Say what a process and all under it hold."""
    family = [process_id, *descendants(process_id)]
    return Used(len(family), sum(map(_shared_fairly_bytes, family)) / 1e6)


def _shared_fairly_bytes(process_id: int) -> int:
    with suppress(OSError):  # it has ended meanwhile
        lines = Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return 0


def processor_seconds(process_id: int) -> float:
    """Give the time that a process and all under it have spent so far."""
    return sum(_ticks(one) for one in (process_id, *descendants(process_id))) / TICKS_PER_SECOND


def _ticks(process_id: int) -> int:
    with suppress(OSError):  # it has ended meanwhile
        fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[TIMES]))
    return 0
