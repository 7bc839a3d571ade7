"""What a trigger may be told beyond the reference: limits, schedules, batches, surroundings.

The catalog keeps the options as JSON with the names of `trigger_settings` over HTTP; what stands at
its default is left out, so that a trigger without options has an empty text.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

MissedRuns = Literal["skip", "once", "all"]
MISSED_RUNS: tuple[MissedRuns, ...] = ("skip", "once", "all")

ATTEMPTS_MAX_DEFAULT = 10
# With pauses of a minute, half a day of trying again.
ATTEMPTS_MAX = 1_000
# Python with pyarrow has about half of it before the plugin has anything.
MEMORY_LIMIT_BYTES_MIN = 64 * 1024 * 1024
# What the kernel counts in; with more no process would start.
MEMORY_LIMIT_BYTES_MAX = 2**63 - 1
# A run holds its rows in memory, on both sides.
BATCH_ROWS_MAX = 1_000_000
BATCH_INTERVAL_S_MAX = 24 * 3600.0
TIME_LIMIT_S_MIN = 0.01
VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class TriggerOptions:
    """The options of one trigger; the defaults are what the reference does, made safe."""

    time_limit_s: float | None = None
    """Seconds that one run may take; it is ended then, and has failed. `None`: no limit."""
    memory_limit_bytes: int | None = None
    """Bytes of memory of its own that the worker may have; `None`: the server's limit."""
    max_attempts: int = ATTEMPTS_MAX_DEFAULT
    """Attempts with `error_behavior=retry`; what failed so often becomes a dead letter."""
    missed_runs: MissedRuns = "skip"
    """What becomes of ticks of a schedule that passed while the server was down or a run lasted."""
    time_zone: str = "UTC"
    """IANA name of the zone that a cron expression is meant in."""
    own_output: bool = False
    """Whether the trigger receives rows that it wrote itself."""
    batch_rows: int | None = None
    """Rows that a run gets at most; `None`: the server's limit."""
    batch_interval_s: float = 0.0
    """Seconds that rows gather at least before a run; 0: the flush interval."""
    columns: tuple[str, ...] | None = None
    """Columns that rows have, `time` always; `None`: all."""
    where: str | None = None
    """A condition in SQL over the columns of a table; rows that it is not true for are left out."""
    environment: str | None = None
    """Name of a virtual environment of its own; `None`: the one of the server."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of the worker; `secret:NAME` stands for a secret of the server."""

    def check(self) -> None:
        """Raise `ValueError`, naming option and bound, where one is out of its range."""
        _between("max_attempts", self.max_attempts, 1, ATTEMPTS_MAX)
        _between(
            "memory_limit_bytes",
            self.memory_limit_bytes,
            MEMORY_LIMIT_BYTES_MIN,
            MEMORY_LIMIT_BYTES_MAX,
        )
        _between("time_limit (in s)", self.time_limit_s, TIME_LIMIT_S_MIN, None)
        _between("batch_rows", self.batch_rows, 1, BATCH_ROWS_MAX)
        _between("batch_interval (in s)", self.batch_interval_s, 0, BATCH_INTERVAL_S_MAX)
        if self.missed_runs not in MISSED_RUNS:
            raise ValueError(f"missed_runs must be one of {', '.join(MISSED_RUNS)}")
        for name, text in self.variables.items():
            if VARIABLE_NAME.fullmatch(name) is None:
                raise ValueError(f"'{name}' is no name of an environment variable")
            if "\0" in text:
                raise ValueError(f"the environment variable '{name}' has a NUL character")

    def to_json(self) -> str:
        """Give the text for the catalog: empty where everything stands at its default."""
        given = {
            one.name: getattr(self, one.name)
            for one in dataclasses.fields(self)
            if getattr(self, one.name) != _default(one)
        }
        return json.dumps(given, separators=(",", ":"), sort_keys=True) if given else ""


def _between(name: str, value: float | None, least: float, most: float | None) -> None:
    if value is not None and (value < least or (most is not None and value > most)):
        bounds = f"at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name} must be {bounds}, not {value}")


def options_of(text: str) -> TriggerOptions:
    """Read the catalog's text. Options that this version does not know are left out."""
    given = json.loads(text) if text else {}
    known = {one.name for one in dataclasses.fields(TriggerOptions)}
    values = {name: value for name, value in given.items() if name in known}
    if values.get("columns") is not None:
        values["columns"] = tuple(values["columns"])
    return TriggerOptions(**values)


def _default(one: dataclasses.Field[object]) -> object:
    return {} if one.name == "variables" else one.default
