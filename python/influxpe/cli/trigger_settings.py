"""Options of `create trigger` beyond the reference, as members of `trigger_settings`."""

from typing import Any

from influxpe.cli.command import Values
from influxpe.cli.parameter import Parameter, flag, option, several
from influxpe.cli.value_types import (
    SIZE_UNITS,
    duration_ns,
    key_value,
    positive_number,
    whole_number,
)

NS_PER_MS = 1_000_000
# What the server takes; an interpreter alone has about half of it.
MEMORY_LIMIT_MEGABYTES_MIN = 64


def _duration(text: str) -> str:
    """Read a duration as the server takes it."""
    return f"{duration_ns(text) // NS_PER_MS}ms"


def _memory_limit(text: str) -> int:
    """Read megabytes of 1024 KiB, as the server counts its minimum."""
    megabytes = whole_number(text)
    if megabytes < MEMORY_LIMIT_MEGABYTES_MIN:
        raise ValueError(f"value must be at least {MEMORY_LIMIT_MEGABYTES_MIN}")
    return megabytes


TIME_LIMIT = option(
    "time-limit", "DURATION", "A run that takes longer is ended, and has failed", _duration
)
MEMORY_LIMIT = option(
    "memory-limit-mb",
    "MEGABYTES",
    f"Memory that the worker of the trigger may have, at least {MEMORY_LIMIT_MEGABYTES_MIN}",
    _memory_limit,
)
MAX_ATTEMPTS = option(
    "max-attempts",
    "ATTEMPTS",
    "With --error-behavior retry: attempts until a run becomes a dead letter [default: 10]",
    positive_number,
)
MISSED = option(
    "missed-runs",
    "MISSED_RUNS",
    "Ticks of a schedule that passed during a stop or a long run: skip them, run once for the last "
    "one, or run all [default: skip]",
    str,
    choices=("skip", "once", "all"),
)
TIME_ZONE = option(
    "time-zone", "ZONE", "Zone of a cron expression, such as Europe/Vienna [default: UTC]", str
)
OWN_OUTPUT = flag("own-output", "Give the trigger rows too that it wrote itself")
BATCH_ROWS = option(
    "batch-rows", "ROWS", "Rows of one run, about: whole writes are not split", positive_number
)
BATCH_INTERVAL = option(
    "batch-interval", "DURATION", "Let rows gather for so long before a run", _duration
)
COLUMNS = several("columns", "COLUMNS", "Columns that rows have beside time: a,b; repeatable", str)
WHERE = option("where", "CONDITION", "Leave out rows that this SQL condition is not true for", str)
ENVIRONMENT = option(
    "environment", "NAME", "Virtual environment of its own instead of the server's", str
)
VARIABLES = several(
    "variables",
    "VARIABLES",
    "Environment variables of the worker: A=1,B=secret:NAME; repeatable",
    key_value,
)

PARAMETERS: tuple[Parameter[Any], ...] = (
    TIME_LIMIT,
    MEMORY_LIMIT,
    MAX_ATTEMPTS,
    MISSED,
    TIME_ZONE,
    OWN_OUTPUT,
    BATCH_ROWS,
    BATCH_INTERVAL,
    COLUMNS,
    WHERE,
    ENVIRONMENT,
    VARIABLES,
)


def settings(values: Values) -> dict[str, object]:
    """Give the members that the user has set."""
    megabytes = values[MEMORY_LIMIT]
    given: dict[str, object] = {
        "time_limit": values[TIME_LIMIT],
        "memory_limit_bytes": None if megabytes is None else megabytes * SIZE_UNITS["mb"],
        "max_attempts": values[MAX_ATTEMPTS],
        "missed_runs": values[MISSED],
        "time_zone": values[TIME_ZONE],
        "own_output": values[OWN_OUTPUT] or None,
        "batch_rows": values[BATCH_ROWS],
        "batch_interval": values[BATCH_INTERVAL],
        "columns": values[COLUMNS] or None,
        "where": values[WHERE],
        "environment": values[ENVIRONMENT],
        "variables": dict(values[VARIABLES]) or None,
    }
    return {name: value for name, value in given.items() if value is not None}
