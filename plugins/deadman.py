"""
{
  "plugin_type": ["scheduled"],
  "scheduled_args_config": [
    {
      "name": "table",
      "example": "home",
      "description": "Table whose rows should keep coming",
      "required": true
    },
    {
      "name": "tag",
      "example": "room",
      "description": "Tag whose values are watched one by one (default: the table as a whole)",
      "required": false
    },
    {
      "name": "silent_after",
      "example": "10m",
      "description": "How old the newest row may be, in s, m, h or d (default: 10m)",
      "required": false
    },
    {
      "name": "lookback",
      "example": "1d",
      "description": "How far back series are looked for, above silent_after (default: 1d)",
      "required": false
    },
    {
      "name": "target",
      "example": "deadman",
      "description": "Table for the changes (default: deadman)",
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

NS = 1_000_000_000
ARGUMENTS = ("table", "tag", "silent_after", "lookback", "target")
UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
SECONDS_MAX = 100 * 366 * 86_400
SILENT = "deadman: silent series"


def process_scheduled_call(
    influxdb3_local: InfluxDB3Local, call_time: datetime, args: dict[str, str] | None = None
) -> None:
    """Write a row when a series falls silent, and another when it is back.

    Which series are silent is kept: a change is told once, also over restarts. A series that was
    silent for longer than the lookback stays so until it is back.
    """
    args = _checked(args, "table")
    table, tag = args["table"], args.get("tag")
    silent_after_s = _seconds(args, "silent_after", "10m")
    lookback_s = _seconds(args, "lookback", "1d")
    if lookback_s <= silent_after_s:
        raise ValueError("lookback must be above silent_after")
    now_s = int(call_time.timestamp())
    newest = _newest(influxdb3_local, table, tag, now_s, lookback_s)
    kept = _kept(influxdb3_local)
    silent: dict[str, int] = dict(kept.get(SILENT, {}))
    for series, last_ns in sorted(newest.items()):
        is_silent = last_ns < (now_s - silent_after_s) * NS
        if is_silent and series not in silent:
            silent[series] = last_ns
            influxdb3_local.error(f"{_shown(table, tag, series)} is silent since {_iso(last_ns)}")
        elif not is_silent and series in silent:
            del silent[series]
            influxdb3_local.info(f"{_shown(table, tag, series)} is back")
        else:
            continue
        line = _line(args.get("target", "deadman"), table, tag, series)
        line.string_field("state", "silent" if is_silent else "back")
        influxdb3_local.write(line.int64_field("last_ns", last_ns).time_ns(now_s * NS))
    kept.put(SILENT, silent)


def _checked(args: dict[str, str] | None, required: str) -> dict[str, str]:
    """Refuse arguments that are missing or unknown: a name with a typo would do nothing."""
    args = args or {}
    if required not in args:
        raise ValueError(f"the argument {required} is missing")
    if unknown := [name for name in args if name not in ARGUMENTS]:
        raise ValueError(f"no argument {', '.join(unknown)}; there are {', '.join(ARGUMENTS)}")
    return args


def _seconds(args: dict[str, str], name: str, default: str) -> int:
    """Read a length of time, up to a hundred years."""
    found = re.fullmatch(r"(\d+)([smhd])", text := args.get(name, default))
    seconds = int(found[1]) * UNIT_SECONDS[found[2]] if found else -1
    if not 0 <= seconds <= SECONDS_MAX:
        raise ValueError(f"{name} is '{text}', not a length of time such as 10m, in s, m, h or d")
    return seconds


def _newest(
    local: InfluxDB3Local, table: str, tag: str | None, now_s: int, lookback_s: int
) -> dict[str, int]:
    """Give the time of the newest row of each series that has one within the lookback."""
    column = "''" if tag is None else _quoted(tag)
    rows = local.query(
        f"SELECT {column} AS series, max(time) AS last FROM {_quoted(table)} "  # noqa: S608 - names
        f"WHERE time >= '{_iso((now_s - lookback_s) * NS)}' GROUP BY 1"
    )
    return {row["series"] or "": row["last"] for row in rows if row["last"] is not None}


def _kept(local: InfluxDB3Local) -> Any:  # noqa: ANN401 - state and cache have both get and put
    """Give the durable state, or the cache of a server that has no state."""
    return getattr(local, "state", local.cache)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _iso(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // NS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _shown(table: str, tag: str | None, series: str) -> str:
    return table if tag is None else f"{table} with {tag}={series}"


def _line(target: str, table: str, tag: str | None, series: str) -> LineBuilder:
    line = LineBuilder(target).tag("table", table)
    return line if tag is None or not series else line.tag(tag, series)
