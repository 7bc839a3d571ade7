"""Writes the table of the benches: rates, and how far each is from the limit in the same run.

Usage: table.py PYTEST_BENCHMARK_JSON CRITERION_FOLDER DOCUMENT
"""

import json
import os
import platform
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

START, END = "<!-- table: written by make bench -->\n", "<!-- end of the table -->\n"

# Plugins that ingest goes on beside.
HARMS = ("sleeps", "burns", "eats", "dies")
# One that burns or eats has one core of the machine: of two, one is free.
HARMED = "≥ 0.9 x without per free core, ack p99 ≤ 10 ms"
# What a first light should reach.
GOALS = {
    "ingest of batches [100 hosts]": "≥ 1 M rows/s",
    "ingest of batches [4000 hosts]": "≥ 0.7 M rows/s",
    "ingest of batches [100000 hosts]": "≥ 0.4 M rows/s",
    "acknowledgement of a single row under load": "p99 ≤ 10 ms",
    "ingest of arrow streams": "≥ 4 M rows/s",
    "acknowledgement of a single row [durable]": "p50 ≤ 0.4 ms",
    "single rows of 64 writers [durable]": "≥ 14 k writes/s",
    "dispatch of a batch [no_op]": "p50 ≤ 0.2 ms",
    "rows in a worker [three_columns]": "≥ 5 M rows/s",
    "rows in a worker [whole_rows]": "≥ 0.8 M rows/s",
    "rows in a worker [arrow_table]": "≥ 100 M rows/s",
    "storing the buffer": "ack p99 ≤ 10 ms",
    "merging four layers": "ack p99 ≤ 10 ms",
    "replay of the log": "≥ 2 M rows/s",
    "flight reads [numbers]": "≥ 0.7 x the peer",
    "flight reads [all columns]": "≥ 0.7 x the peer",
    "requests to a plugin [in turn]": "≥ 3 k requests/s, p99 ≤ 10 ms",
    "requests to a plugin [overlapping]": "≥ 3 k requests/s, p99 ≤ 10 ms",
    "first byte of a large result": "p99 ≤ 20 ms",
    "large result [json]": "≥ 300 MB/s",
    "small queries beside ingest": "p99 ≤ 20 ms at 200 queries/s",
    "triggers at rest": "≤ 1 GB, ≤ 2 % of a core",
    **{f"ingest beside a plugin [{harm}]": HARMED for harm in HARMS},
}
# The same work done by another in the same run.
PEERS = {
    "flight reads [numbers]": "reads of the peer [numbers]",
    "flight reads [all columns]": "reads of the peer [all columns]",
}
LINES = "ingest of the same rows as lines"


@dataclass(frozen=True)
class Measured:
    """One bench: `quantity` things of `unit` in `seconds` (the median round)."""

    name: str
    unit: str
    quantity: float
    seconds: float
    details: dict[str, float]

    @property
    def rate(self) -> float:
        """Things per second."""
        return self.quantity / self.seconds


def from_pytest(path: Path) -> list[Measured]:
    """Read what pytest-benchmark measured."""
    found = []
    for bench in json.loads(path.read_text())["benchmarks"]:
        info: dict[str, Any] = bench["extra_info"]
        name = bench["name"].removeprefix("test_").replace("_", " ").replace("[", " [")
        if bench.get("param"):
            name = f"{name.split(' [')[0]} [{bench['param']}]"
        details = {k: v for k, v in info.items() if k not in {"unit", "quantity"}}
        seconds = bench["stats"]["median"]
        found.append(Measured(name, info["unit"], info["quantity"], seconds, details))
    return found


def from_criterion(folder: Path) -> list[Measured]:
    """Read what criterion measured; benches without a throughput count iterations."""
    found = []
    for path in sorted(folder.rglob("new/benchmark.json")):
        described = json.loads(path.read_text())
        estimates = json.loads(path.with_name("estimates.json").read_text())
        seconds = estimates["median"]["point_estimate"] / 1e9
        throughput = described.get("throughput") or {}
        kind, quantity = next(iter(throughput.items()), ("Iterations", 1))
        if isinstance(quantity, dict):  # elements and bytes: the table shows the elements
            kind, quantity = "Elements", quantity["elements"]
        unit = {"Bytes": "B/s", "Elements": "elements/s"}.get(kind, "iterations/s")
        found.append(Measured(described["full_id"], unit, quantity, seconds, {}))
    return found


def spelled(rate: float, unit: str) -> str:
    """Write a rate with three digits that count."""
    for limit, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if rate >= limit:
            gap = "" if unit == "B/s" else " "
            return f"{rate / limit:.3g} {prefix}{gap}{unit}"
    return f"{rate:.3g} {unit}"


def row(bench: Measured, limits: dict[str, float], rates: dict[str, float]) -> str:
    """Write one line of the table."""
    details = [f"{k.replace('_ms', '')} {v:.2f} ms" for k, v in bench.details.items() if "_ms" in k]
    if "memory_mb" in bench.details:
        details.append(f"{bench.details['memory_mb']:.0f} MB in all")
        details.append(f"{bench.details['cpu_percent']:.1f} % of a core at rest")
    if "stored_bytes_per_row" in bench.details:
        details.append(f"{bench.details['stored_bytes_per_row']:.2f} B a row")
    counts = [name for name in ("stores", "merges", "refused") if name in bench.details]
    details += [f"{bench.details[name]:.0f} {name}" for name in counts]
    if "rows_meanwhile" in bench.details:
        rate = bench.details["rows_meanwhile"] / bench.seconds
        details.append(f"{spelled(rate, 'rows/s')} meanwhile")
    if "bytes" in bench.details:
        details = [spelled(bench.details["bytes"] / bench.seconds, "B/s")]
    cells = [bench.name, spelled(bench.rate, bench.unit), ", ".join(details)]
    cells += [GOALS.get(bench.name, ""), ", ".join(ratios(bench, limits, rates))]
    return "| " + " | ".join(cells) + " |"


def ratios(bench: Measured, limits: dict[str, float], rates: dict[str, float]) -> list[str]:
    """Say which share of the limits a bench reaches."""
    shares = {
        "of fdatasync": bench.rate / limits["fdatasync of a 4 kib overwrite"],
        "of an empty POST": bench.rate / limits["an empty post"],
        "of an empty POST of 64 clients": bench.rate / limits["an empty post of 64 clients"],
        "of memcpy": bench.rate / limits["memcpy"],
    }
    wanted = {"acks/s": ["of fdatasync", "of an empty POST"], "B/s": ["of memcpy"]}
    wanted |= {"queries/s": ["of an empty POST"], "requests/s": ["of an empty POST of 64 clients"]}
    wanted |= {"writes/s": ["of fdatasync", "of an empty POST of 64 clients"]}
    if bench.name in limits:
        return ["limit"]
    if bench.name == "ingest of arrow streams" and LINES in rates:
        return [f"{bench.rate / rates[LINES]:.3g} x the rate of lines"]
    if "times_without" in bench.details:
        return [f"{bench.details['times_without']:.2f} x without"]
    if PEERS.get(bench.name) in rates:
        return [f"{bench.rate / rates[PEERS[bench.name]]:.2f} x the C++ server"]
    if bench.name in PEERS.values():
        return ["peer"]
    return [f"{100 * shares[name]:.3g} % {name}" for name in wanted.get(bench.unit, [])]


def machine() -> str:
    """Say where and when this was measured."""
    models = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    day = datetime.now(UTC).date().isoformat()
    processor = f"{len(models)} x {models[0] if models else platform.machine()}"
    return (
        f"{day}, {processor}, {memory_gib:.0f} GiB, {platform.system()} {platform.release()}, "
        f"CPython {platform.python_version()}. Client and server share the machine."
    )


def table(measured: list[Measured]) -> str:
    """Write the whole table."""
    names = {"memcpy", "fdatasync of a 4 kib overwrite", "fdatasync of 8 mib"}
    names |= {"an empty post", "an empty post of 64 clients"}
    rates = {bench.name: bench.rate for bench in measured}
    limits = {name: rates[name] for name in names if name in rates}
    head = "| bench | rate | | goal | share of the limit |\n| --- | --- | --- | --- | --- |\n"
    return (
        f"{machine()}\n\n{head}" + "\n".join(row(bench, limits, rates) for bench in measured) + "\n"
    )


def main(pytest_json: str, criterion_folder: str, document: str) -> None:
    """Put the table between its marks in the document, and print it."""
    written = table(from_pytest(Path(pytest_json)) + from_criterion(Path(criterion_folder)))
    path = Path(document)
    before, rest = path.read_text().split(START)
    path.write_text(f"{before}{START}\n{written}\n{END}{rest.split(END)[1]}")
    sys.stdout.write(written)


if __name__ == "__main__":
    main(*sys.argv[1:])
