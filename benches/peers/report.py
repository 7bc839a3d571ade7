"""Writes what a run found as a table, prints it, and puts it between its marks in a document."""

import os
import statistics
from pathlib import Path

from benches.peers.figures import (
    SLOWER_MAX,
    Figure,
    Measured,
    against_the_best,
    compared,
    differences,
    slownesses,
)
from benches.table import machine

START = "<!-- table of peers: written by make bench-peers -->\n"
END = "<!-- end of the table of peers -->\n"
HEADING = """
## Beside other databases

`make bench-peers` writes the same rows to all of them, one after the other in one run, and asks
each in its own language: 20 times after 3 to warm up (5 after 1 where an answer takes over 1 s),
over one kept-alive connection, from sending to the last byte; the figure is the median. The peers
are Debian's packages, unpacked and not installed, and QuestDB's archive of classes, copied by
Maven; one that cannot be had is left out. The last column says how many times better influxpe is
than the best peer of the row: below 1 it is worse. Not all promise the same with an answer to a
write: the first row says what. Answers are compared by their rows and sums, and a difference stands
below its table, as do the geometric mean of all queries and those that are slower than twice their
best peer.

Ours is asked in three places: all rows in the buffer; all in Parquet, stored and merged; and mixed,
where 97 of 100 bodies are stored, the others are new in the buffer, and 3 of 100 are written again,
late. The rows are the same in all, so the answers are too. The last column and what stands below
the table take the slower of buffer and Parquet.

DuckDB is asked in the process of the bench, on a table of its own in a file: it pays for no HTTP
and no JSON (its answers end as Arrow tables), and is not asked to write.

Settings are the defaults, but for three: VictoriaMetrics does not remember answers, InfluxDB 1
compacts a shard 5 s after its last write, not 4 hours, so that its files can be weighed, and
QuestDB tells its makers nothing.

"""
BUSY_LOAD = 0.5


def busy_note(load: float) -> str:
    """Say that figures are spoilt where something else ran at the start."""
    if load <= BUSY_LOAD:
        return ""
    return f" **Taken on a busy machine (load {load:.1f} on {os.cpu_count()} cores).**"


def document(tables: list[str], load: float) -> str:
    """Write everything that stands between the marks."""
    return f"{machine()}{busy_note(load)}\n\n" + "\n".join(tables)


def table(hosts: int, rows: int, all_measured: list[Measured]) -> str:
    """Write the table of one number of hosts; the first system is ours."""
    titles = [f"{m.system} ({m.version})" for m in all_measured]
    head = [f"{rows:,} rows of {hosts:,} hosts", "unit", *titles, "times the best peer"]
    lines = [head, ["---"] * len(head)]
    lines.append(["an answer to a write means", "", *(m.promise for m in all_measured), ""])
    lines += [row(figure, all_measured) for figure in named(all_measured)]
    told = [f"\n{line}" for line in summary(slownesses(all_measured))]
    told += [f"\n**The answers differ:** {line}" for line in differences(all_measured)]
    return "\n".join(["| " + " | ".join(cells) + " |" for cells in lines] + told) + "\n"


def summary(found: dict[str, float]) -> list[str]:
    """Say how all questions together compare, and which of them are too slow."""
    if not found:
        return []
    mean = statistics.geometric_mean(found.values())
    slow = [f"{name} {digits(times)} x" for name, times in found.items() if times > SLOWER_MAX]
    return [
        f"Queries take {digits(mean)} x the time of the best peer of each (geometric mean; "
        "goal: at most 0.8 x).",
        f"Slower than {SLOWER_MAX:g} x the best peer: {', '.join(slow) or 'none'}.",
    ]


def named(all_measured: list[Measured]) -> list[Figure]:
    """Give the figures that any system has, in the order of the first that has them."""
    return list(dict.fromkeys(figure for m in all_measured for figure in m.values))


def row(figure: Figure, all_measured: list[Measured]) -> list[str]:
    """Write one line: a dash where a system cannot be asked."""
    ours, theirs = compared(figure, all_measured)
    ratio = None if ours is None else against_the_best(figure, ours, theirs)
    cells = [cell(figure, m) for m in all_measured]
    return [figure.name, figure.unit, *cells, "-" if ratio is None else digits(ratio)]


def cell(figure: Figure, measured: Measured) -> str:
    """Write a number with what is to be known about it."""
    if figure not in measured.values:
        return "-"
    note = measured.notes.get(figure, "")
    return digits(measured.values[figure]) + (f" ({note})" if note else "")


def digits(value: float) -> str:
    """Write three digits that count, and thousands apart."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def put(path: Path, written: str) -> None:
    """Replace what stands between the marks; a document without them gets them at its end."""
    text = path.read_text()
    if START not in text:
        text = f"{text.rstrip()}\n{HEADING}{START}{END}"
    before, rest = text.split(START)
    path.write_text(f"{before}{START}\n{written}\n{END}{rest.split(END)[1]}")
