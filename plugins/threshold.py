"""
{
  "plugin_type": ["onwrite"],
  "onwrite_args_config": [
    {
      "name": "field",
      "example": "temp",
      "description": "Field that is compared",
      "required": true
    },
    {
      "name": "above",
      "example": "30",
      "description": "A value above this is bad; give this or below, or both",
      "required": false
    },
    {
      "name": "below",
      "example": "5",
      "description": "A value below this is bad",
      "required": false
    },
    {
      "name": "hold",
      "example": "5m",
      "description": "How long values must be bad, by the times of rows (default: 0s, at once)",
      "required": false
    },
    {
      "name": "table",
      "example": "home",
      "description": "The one table to look at, for a trigger on all of them",
      "required": false
    },
    {
      "name": "tags",
      "example": "room.floor",
      "description": "Tags that tell series apart, with dots between (default: none)",
      "required": false
    },
    {
      "name": "target",
      "example": "alerts",
      "description": "Table for the changes (default: alerts)",
      "required": false
    }
  ]
}
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    # For editors; a server has the class among the builtins of a plugin.
    from influxdb3 import InfluxDB3Local, LineBuilder, TableBatch

NS = 1_000_000_000
ARGUMENTS = ("field", "above", "below", "hold", "table", "tags", "target")
UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
SECONDS_MAX = 100 * 366 * 86_400
KEY_CHARACTERS_MAX = 200


class Rule(NamedTuple):
    """What the trigger was told."""

    field: str
    above: float | None
    below: float | None
    hold_ns: int
    tags: tuple[str, ...]
    target: str

    def is_bad(self, value: float) -> bool:
        """Whether a value passes a limit."""
        is_above = self.above is not None and value > self.above
        return is_above or (self.below is not None and value < self.below)


def process_writes(
    influxdb3_local: InfluxDB3Local,
    table_batches: list[TableBatch],
    args: dict[str, str] | None = None,
) -> None:
    """Write a row whenever a series becomes pending, firing or resolved.

    A series whose value is bad is pending, and firing once it was bad for as long as `hold` says.
    What is pending or firing is kept with the rows that say so; a series that is well is not.
    """
    args = _checked(args, "field")
    rule = _rule(args)
    for batch in table_batches:
        if args.get("table") in {None, batch["table_name"]}:
            _look(influxdb3_local, rule, batch)


def _rule(args: dict[str, str]) -> Rule:
    above, below = _limit(args, "above"), _limit(args, "below")
    if above is None and below is None:
        raise ValueError("give a limit: above, below, or both")
    hold_ns = _seconds(args, "hold", "0s") * NS
    tags = tuple(name for name in args.get("tags", "").split(".") if name)
    return Rule(args["field"], above, below, hold_ns, tags, args.get("target", "alerts"))


def _checked(args: dict[str, str] | None, required: str) -> dict[str, str]:
    """Refuse arguments that are missing or unknown: a name with a typo would do nothing."""
    args = args or {}
    if required not in args:
        raise ValueError(f"the argument {required} is missing")
    if unknown := [name for name in args if name not in ARGUMENTS]:
        raise ValueError(f"no argument {', '.join(unknown)}; there are {', '.join(ARGUMENTS)}")
    return args


def _limit(args: dict[str, str], name: str) -> float | None:
    try:
        return float(args[name]) if name in args else None
    except ValueError:
        raise ValueError(f"{name} is '{args[name]}', not a number") from None


def _seconds(args: dict[str, str], name: str, default: str) -> int:
    """Read a length of time, up to a hundred years."""
    found = re.fullmatch(r"(\d+)([smhd])", text := args.get(name, default))
    seconds = int(found[1]) * UNIT_SECONDS[found[2]] if found else -1
    if not 0 <= seconds <= SECONDS_MAX:
        raise ValueError(f"{name} is '{text}', not a length of time such as 10m, in s, m, h or d")
    return seconds


def _look(local: InfluxDB3Local, rule: Rule, batch: TableBatch) -> None:
    """Follow each series of a table through its rows, in the order of their times."""
    table = batch["table_name"]
    kept = _kept(local)
    for row in sorted(batch["rows"], key=lambda row: row["time"]):
        value = row.get(rule.field)
        if not isinstance(value, int | float):
            continue
        series = {tag: str(row[tag]) for tag in rule.tags if row.get(tag) is not None}
        key = _key(table, series)
        was = kept.get(key) or {"state": "ok", "since": row["time"], "seen": row["time"]}
        if row["time"] < was["seen"]:
            continue  # late: the series has gone on meanwhile
        state, since = _next(rule, was, value, row["time"])
        if state == "ok":
            kept.delete(key)
        else:
            kept.put(key, {"state": state, "since": since, "seen": row["time"]})
        if state != was["state"] and not (state == "ok" and was["state"] == "pending"):
            _tell(local, rule, table, series, "resolved" if state == "ok" else state, row)


def _kept(local: InfluxDB3Local) -> Any:  # noqa: ANN401 - state and cache have get, put, delete
    """Give the durable state, or the cache of a server that has no state."""
    return getattr(local, "state", local.cache)


def _key(table: str, series: dict[str, str]) -> str:
    """Name a series; where that is long, by its hash."""
    key = "threshold: " + ",".join([table, *(f"{name}={value}" for name, value in series.items())])
    if len(key) <= KEY_CHARACTERS_MAX:
        return key
    return f"threshold: {hashlib.sha256(key.encode()).hexdigest()}"


def _next(rule: Rule, was: dict[str, Any], value: float, time_ns: int) -> tuple[str, int]:
    """Give the state that a value leads to, and since when the series is bad."""
    if not rule.is_bad(value):
        return "ok", time_ns
    since = time_ns if was["state"] == "ok" else was["since"]
    if was["state"] == "firing" or time_ns - since >= rule.hold_ns:
        return "firing", since
    return "pending", since


def _tell(
    local: InfluxDB3Local,
    rule: Rule,
    table: str,
    series: dict[str, str],
    state: str,
    row: dict[str, Any],
) -> None:
    """Write the change, and log what a person should see."""
    value = row[rule.field]
    line = LineBuilder(rule.target).tag("table", table).tag("field", rule.field)
    for name, text in series.items():
        line.tag(name, text)
    line.string_field("state", state).float64_field("value", value)
    local.write(line.time_ns(row["time"]))
    if state != "pending":
        named = "".join(f" {name}={text}" for name, text in series.items())
        local.warn(f"{state}: {rule.field} of {table}{named} is {value}")
