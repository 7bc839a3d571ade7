"""What a run finds: one number per system and figure, and what the systems answered."""

from dataclasses import dataclass, field
from typing import Literal

from benches.peers.questions import Answer

TOLERANCE = 1e-9

# Ours is judged by the slower of its places, but the mixture is only shown.
Role = Literal["peer", "place", "mixture"]


@dataclass(frozen=True)
class Figure:
    """What is measured: its unit, whether more of it is better, and whose it is.

    What is of the machine says how it was while a system was measured, and is not compared.
    """

    name: str
    unit: str
    more_is_better: bool = False
    of_the_machine: bool = False


INGEST_BEST = Figure("ingest of 5,000-line bodies, best round", "rows/s", more_is_better=True)
INGEST_MEDIAN = Figure("ingest of 5,000-line bodies, median round", "rows/s", more_is_better=True)
CPU_INGEST = Figure("server CPU per million rows, until the last answer", "s")
CPU_SETTLED = Figure("server CPU per million rows, until settled", "s")
DISK = Figure("bytes on disk per row, when settled", "B")
DISK_WHOLE = Figure("the same, with logs and caches", "B")
SYNC = Figure("disk just before: overwrite and sync of 4 KiB, p50", "ms", of_the_machine=True)
ACK_P50 = Figure("one row, 1 client: p50", "ms")
ACK_P99 = Figure("one row, 1 client: p99", "ms")
ACKS = Figure("one row, 64 clients", "acks/s", more_is_better=True)


QUERY = "query "
# No question may take more times what its best peer takes.
SLOWER_MAX = 2.0


def asked(question: str) -> Figure:
    """Give the figure of a question."""
    return Figure(f"{QUERY}{question}", "ms")


@dataclass
class Measured:
    """All figures of one system, in the order in which they were measured."""

    system: str
    promise: str
    version: str
    values: dict[Figure, float] = field(default_factory=dict)
    notes: dict[Figure, str] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    role: Role = "peer"


def against_the_best(figure: Figure, ours: float, theirs: list[float]) -> float | None:
    """Say how many times better ours is than the best of theirs: below 1 it is worse."""
    if not theirs or not ours or figure.of_the_machine:
        return None
    return ours / max(theirs) if figure.more_is_better else min(theirs) / ours


def slownesses(all_measured: list[Measured]) -> dict[str, float]:
    """Say of each question how many times the best peer's time ours takes: above 1 it is slower."""
    found = {}
    for figure in all_measured[0].values:
        ours_ms, theirs_ms = compared(figure, all_measured)
        if figure.name.startswith(QUERY) and ours_ms is not None and theirs_ms:
            found[figure.name.removeprefix(QUERY)] = ours_ms / min(theirs_ms)
    return found


def compared(figure: Figure, all_measured: list[Measured]) -> tuple[float | None, list[float]]:
    """Give the worst of ours, the first and its other places, and all of the peers'."""
    first, *others = all_measured
    places = [first] + [m for m in others if m.role == "place"]
    ours = [m.values[figure] for m in places if figure in m.values]
    theirs = [m.values[figure] for m in others if m.role == "peer" and figure in m.values]
    worst = min if figure.more_is_better else max
    return (worst(ours) if ours else None), theirs


def differences(all_measured: list[Measured]) -> list[str]:
    """Say in a line each where two systems answer a question differently."""
    first, *others = all_measured
    found = []
    for other in others:
        for question, theirs in other.answers.items():
            ours = first.answers.get(question)
            if ours is not None and not same(ours, theirs):
                told = f"{first.system} {told_of(ours)}, {other.system} {told_of(theirs)}"
                found.append(f"{question}: {told}")
    return found


def same(one: Answer, other: Answer) -> bool:
    """Whether two answers are equal, but for the order in which numbers were added."""
    near = TOLERANCE * max(abs(one.total), abs(other.total))
    return one.rows == other.rows and abs(one.total - other.total) <= near


def told_of(answer: Answer) -> str:
    """Write an answer."""
    return f"has {answer.rows} rows with the sum {answer.total:.6f}"
