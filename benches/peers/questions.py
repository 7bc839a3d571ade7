"""The questions of TSBS cpu-only and two about the whole, before any language."""

from dataclasses import dataclass
from typing import Literal

from benches.generator import FIELDS, FIRST_TIMESTAMP_NS, INTERVAL_NS

HOUR_S = 3600
WINDOW_HOURS = 12
MINUTE_S = 60
FEW_HOSTS_MAX = 100
HIGH = 90

Kind = Literal["maxima", "averages", "high", "last", "latest", "count", "hosts"]


@dataclass(frozen=True)
class Question:
    """What is asked of the rows from `start_s` until before `end_s`, both whole hours.

    `maxima` are of each field per step, `averages` of each field per step and host, `high` are rows
    whose first field is above 90, `last` the newest row of each host, `latest` the maxima of the
    newest five steps. No host means all of them.
    """

    name: str
    kind: Kind
    start_s: int
    end_s: int
    fields: tuple[str, ...] = FIELDS[:1]
    hosts: tuple[str, ...] = ()
    step_s: int = HOUR_S


@dataclass(frozen=True)
class Answer:
    """What can be compared between systems: how many rows, and the sum of all their numbers."""

    rows: int
    total: float


def questions(hosts: int, rows: int, interval_ns: int = INTERVAL_NS) -> list[Question]:
    """Give the questions for so many rows of so many hosts."""
    span_s = rows // hosts * interval_ns // 1_000_000_000
    first_s = FIRST_TIMESTAMP_NS // 1_000_000_000
    start = first_s + max(0, (span_s // HOUR_S - WINDOW_HOURS) // 2) * HOUR_S
    hour, eight, window = (start + n * HOUR_S for n in (1, 8, WINDOW_HOURS))
    end = first_s + (span_s // HOUR_S + 1) * HOUR_S
    one, few = named_hosts(hosts, 1), named_hosts(hosts, 8)
    of_few_hosts = [
        Question("single-groupby-1-1-1", "maxima", start, hour, FIELDS[:1], one, MINUTE_S),
        Question("single-groupby-1-1-12", "maxima", start, window, FIELDS[:1], one, MINUTE_S),
        Question("single-groupby-5-8-1", "maxima", start, hour, FIELDS[:5], few, MINUTE_S),
        Question("cpu-max-all-1", "maxima", start, eight, FIELDS, one),
        Question("cpu-max-all-8", "maxima", start, eight, FIELDS, few),
        Question("groupby-orderby-limit", "latest", first_s, hour, step_s=MINUTE_S),
    ]
    of_any_hosts = [
        Question("double-groupby-1", "averages", start, window, FIELDS[:1]),
        Question("double-groupby-5", "averages", start, window, FIELDS[:5]),
        Question("double-groupby-all", "averages", start, window, FIELDS),
        Question("high-cpu-1", "high", start, window, hosts=one),
        Question("high-cpu-all", "high", start, window),
        Question("lastpoint", "last", first_s, end, FIELDS),
        Question("count(*)", "count", first_s, end),
        Question("distinct hosts", "hosts", first_s, end),
    ]
    return (of_few_hosts if hosts <= FEW_HOSTS_MAX else []) + of_any_hosts


def named_hosts(hosts: int, wanted: int) -> tuple[str, ...]:
    """Choose hosts that lie apart."""
    return tuple(f"host_{(2 * n + 1) * hosts // (2 * wanted)}" for n in range(wanted))
