"""
{
  "plugin_type": ["scheduled"],
  "scheduled_args_config": [
    {
      "name": "source",
      "example": "home",
      "description": "Table whose rows are aggregated",
      "required": true
    },
    {
      "name": "target",
      "example": "home_hourly",
      "description": "Table for the aggregates (default: the source and the window, home_1h)",
      "required": false
    },
    {
      "name": "window",
      "example": "1h",
      "description": "Length of a window, in s, m, h or d; windows begin at multiples of it",
      "required": false
    },
    {
      "name": "lookback",
      "example": "2h",
      "description": "How far back windows are computed again, for late rows (default: 0s)",
      "required": false
    },
    {
      "name": "calculation",
      "example": "avg",
      "description": "One of avg, sum, min, max, median, stddev (default: avg)",
      "required": false
    },
    {
      "name": "fields",
      "example": "temp.hum",
      "description": "Fields to aggregate, with dots between (default: all that are numbers)",
      "required": false
    },
    {
      "name": "tags",
      "example": "room.floor",
      "description": "Tags to keep, with dots between (default: all)",
      "required": false
    },
    {
      "name": "target_database",
      "example": "longterm",
      "description": "Database for the aggregates (default: the one of the trigger)",
      "required": false
    }
  ]
}
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # For editors; a server has the class among the builtins of a plugin.
    from influxdb3 import InfluxDB3Local, LineBuilder

ARGUMENTS = "source target window lookback calculation fields tags target_database".split()
UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
SECONDS_MAX = 100 * 366 * 86_400
CALCULATIONS = ("avg", "sum", "min", "max", "median", "stddev")
NUMBERS = ("Int64", "UInt64", "Float64")
DONE = "downsample: windows done until"


def process_scheduled_call(
    influxdb3_local: InfluxDB3Local, call_time: datetime, args: dict[str, str] | None = None
) -> None:
    """Aggregate all windows that have ended since the last run, and those of the lookback again.

    A window is [start, start + length), and its row has the time of its start. A later run writes
    the same rows again, so that it replaces and never doubles them.
    """
    args = _checked(args, "source")
    source, window = args["source"], args.get("window", "1h")
    window_s, lookback_s = _seconds(args, "window", "1h", 1), _seconds(args, "lookback", "0s")
    calculation = args.get("calculation", "avg")
    if calculation not in CALCULATIONS:
        raise ValueError(f"calculation is '{calculation}', not one of {', '.join(CALCULATIONS)}")
    end_s = int(call_time.timestamp()) // window_s * window_s
    span = range(_start(influxdb3_local, window_s, lookback_s, end_s), end_s, window_s)
    tags, fields = _columns(influxdb3_local, source, args)
    if span and fields:
        rows = influxdb3_local.query(_sql(source, tags, fields, calculation, span))
        lines = [_line(args.get("target", f"{source}_{window}"), tags, fields, row) for row in rows]
        lines = [line for line in lines if line.fields]  # some windows have nothing but text
        _write(influxdb3_local, args.get("target_database"), lines)
        influxdb3_local.info(f"downsampled {source}: {len(lines)} rows up to {_iso(end_s)}")
    _kept(influxdb3_local).put(DONE, end_s)


def _checked(args: dict[str, str] | None, required: str) -> dict[str, str]:
    """Refuse arguments that are missing or unknown: a name with a typo would do nothing."""
    args = args or {}
    if required not in args:
        raise ValueError(f"the argument {required} is missing")
    if unknown := [name for name in args if name not in ARGUMENTS]:
        raise ValueError(f"no argument {', '.join(unknown)}; there are {', '.join(ARGUMENTS)}")
    return args


def _seconds(args: dict[str, str], name: str, default: str, least: int = 0) -> int:
    """Read a length of time, up to a hundred years."""
    found = re.fullmatch(r"(\d+)([smhd])", text := args.get(name, default))
    seconds = int(found[1]) * UNIT_SECONDS[found[2]] if found else -1
    if not least <= seconds <= SECONDS_MAX:
        raise ValueError(f"{name} is '{text}', not a length of time such as 10m, in s, m, h or d")
    return seconds


def _start(local: InfluxDB3Local, window_s: int, lookback_s: int, end_s: int) -> int:
    """Give where to begin: where the last run ended, or one window back, less the lookback."""
    done_s = min(_kept(local).get(DONE, end_s - window_s), end_s)
    return int(done_s - lookback_s) // window_s * window_s


def _kept(local: InfluxDB3Local) -> Any:  # noqa: ANN401 - state and cache have both get and put
    """Give the durable state, or the cache of a server that has no state."""
    return getattr(local, "state", local.cache)


def _columns(
    local: InfluxDB3Local, source: str, args: dict[str, str]
) -> tuple[list[str], list[str]]:
    """Give tags and fields: those that were asked for, or all that the table has."""
    found = local.query(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = $table",
        {"table": source},
    )
    types = {row["column_name"]: row["data_type"] for row in found}
    if not types:
        local.warn(f"table {source} does not exist yet")
        return [], []
    tags = [name for name, kind in types.items() if kind.startswith("Dictionary")]
    fields = [name for name, kind in types.items() if kind in NUMBERS]
    wanted = [_named(args.get(name), every) for name, every in (("tags", tags), ("fields", fields))]
    return wanted[0], wanted[1]


def _named(text: str | None, every: list[str]) -> list[str]:
    if text is None:
        return every
    names = [name for name in text.split(".") if name]
    if unknown := [name for name in names if name not in every]:
        raise ValueError(f"there is no column {', '.join(unknown)} of this kind")
    return names


def _sql(source: str, tags: list[str], fields: list[str], calculation: str, span: range) -> str:
    """Give the query for the windows of a span of seconds; its step is their length."""
    start = f"date_bin(INTERVAL '{span.step} seconds', time, TIMESTAMP '1970-01-01T00:00:00Z')"
    groups = [f"{start} AS window_start", *map(_quoted, tags)]
    values = [f"{calculation}({_quoted(name)}) AS {_quoted(name)}" for name in fields]
    numbers = ", ".join(str(position + 1) for position in range(len(groups)))
    return (
        f"SELECT {', '.join([*groups, *values])} FROM {_quoted(source)} "  # noqa: S608 - names only
        f"WHERE time >= '{_iso(span.start)}' AND time < '{_iso(span.stop)}' GROUP BY {numbers}"
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _line(table: str, tags: list[str], fields: list[str], row: dict[str, Any]) -> LineBuilder:
    line = LineBuilder(table).time_ns(row["window_start"])
    for tag in tags:
        if row[tag] is not None:
            line.tag(tag, row[tag])
    for field in fields:
        if row[field] is not None:
            line.float64_field(field, row[field])
    return line


def _write(local: InfluxDB3Local, database: str | None, lines: list[LineBuilder]) -> None:
    for line in lines:
        if database is None:
            local.write(line)
        else:
            local.write_to_db(database, line)
