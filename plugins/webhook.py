"""
{
  "plugin_type": ["http"],
  "http_args_config": [
    {
      "name": "table",
      "example": "events",
      "description": "Table for the rows (default: webhook, for alerts alertmanager)",
      "required": false
    },
    {
      "name": "tags",
      "example": "source.severity",
      "description": "Members that become tags, with dots between (default: none)",
      "required": false
    },
    {
      "name": "time",
      "example": "timestamp",
      "description": "Member with the time, in RFC 3339 or seconds since 1970 (default: now)",
      "required": false
    }
  ]
}
"""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # For editors; a server has the class among the builtins of a plugin.
    from influxdb3 import InfluxDB3Local, LineBuilder

ARGUMENTS = ("table", "tags", "time")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMES_NS = range(-(2**63) + 2, 2**63 - 1)
# One payload that is larger was not meant for this plugin.
ROWS_MAX = 10_000
DEPTH_MAX = 20
# Members of an alert that become fields beside the annotations: no label may have such a name.
ALERT_FIELDS = ("status", "fingerprint", "generatorURL")

Answer = tuple[dict[str, Any], int]


class RefusedError(Exception):
    """The payload is nothing that rows can be made of; the text says why."""


def process_request(
    influxdb3_local: InfluxDB3Local,
    query_parameters: dict[str, str],
    request_headers: dict[str, str],
    request_body: bytes,
    args: dict[str, str] | None = None,
) -> Answer:
    """Write a JSON object or a list of them as rows; what Alertmanager sends by its alerts.

    All of a payload is written, or nothing. Members of inner objects are joined by `_`; numbers are
    floats, so that 1 and 1.5 fit one column; lists stay JSON.
    """
    args = args or {}
    if unknown := [name for name in args if name not in ARGUMENTS]:
        raise ValueError(f"no argument {', '.join(unknown)}; there are {', '.join(ARGUMENTS)}")
    try:
        lines = _lines(_payload(request_body), args)
    except (RefusedError, ValueError, OverflowError, RecursionError) as error:
        influxdb3_local.warn(f"refused a payload: {error}")
        return {"error": str(error)}, 400
    for line in lines:
        influxdb3_local.write(line)
    return {"written": len(lines)}, 200


def _payload(body: bytes) -> object:
    try:
        return json.loads(body, parse_constant=_refuse_number)
    except ValueError as error:
        raise RefusedError(f"the body is no JSON: {error}") from None


def _refuse_number(text: str) -> None:
    raise RefusedError(f"{text} is no number that a field can have")


def _lines(payload: object, args: dict[str, str]) -> list[LineBuilder]:
    is_alertmanager = isinstance(payload, dict) and isinstance(payload.get("alerts"), list)
    found = payload["alerts"] if is_alertmanager else payload  # type: ignore[index] # it is a dict
    items = found if isinstance(found, list) else [found]
    if len(items) > ROWS_MAX:
        raise RefusedError(f"{len(items)} rows, the limit is {ROWS_MAX}")
    if is_alertmanager:
        return [_alert(args.get("table", "alertmanager"), item) for item in items]
    return [_row(item, args) for item in items]


def _row(item: object, args: dict[str, str]) -> LineBuilder:
    members = dict(_flat("", _an_object(item), 0))
    line = LineBuilder(args.get("table", "webhook"))
    for name in args.get("tags", "").split("."):
        if name and (value := members.pop(_key(name), None)) is not None:
            _tag(line, name, value)
    time = members.pop(_key(args["time"]), None) if "time" in args else None
    if time is not None:
        line.time_ns(_time_ns(time))
    for name, value in members.items():
        _field(line, name, value)
    if not line.fields:
        raise RefusedError("an object has no member that can be a field")
    return line


def _alert(table: str, item: object) -> LineBuilder:
    """Give the row of one alert: labels are tags, annotations fields, its time the change's."""
    alert = _an_object(item)
    status = str(alert.get("status", "firing"))
    line = LineBuilder(table)
    for name, value in sorted(_an_object(alert.get("labels", {})).items()):
        _tag(line, f"label_{name}" if name in ALERT_FIELDS else name, value)
    line.string_field("status", status)
    for name, value in _flat("annotation", _an_object(alert.get("annotations", {})), 0):
        _field(line, name, value)
    for name in ALERT_FIELDS[1:]:
        if alert.get(name):
            _field(line, name, alert[name])
    time = alert.get("endsAt" if status == "resolved" else "startsAt")
    return line if time is None else line.time_ns(_time_ns(time))


def _an_object(item: object) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise RefusedError(f"an object is needed, not {type(item).__name__}")
    return item


def _flat(prefix: str, item: dict[str, Any], depth: int) -> list[tuple[str, Any]]:
    """Give all members of an object and of those in it, with joined names."""
    if depth > DEPTH_MAX:
        raise RefusedError(f"objects lie within each other more than {DEPTH_MAX} deep")
    found: list[tuple[str, Any]] = []
    for name, value in item.items():
        joined = _key(f"{prefix}_{name}" if prefix else name)
        found += _flat(joined, value, depth + 1) if isinstance(value, dict) else [(joined, value)]
    return found


def _key(name: str) -> str:
    """Make a name that a column can have."""
    key = re.sub(r"[\s,=\"\\]+", "_", name).strip("_") or "_"
    return f"{key}_" if key.lower() == "time" else key


def _tag(line: LineBuilder, name: str, value: object) -> None:
    text = (value if isinstance(value, str) else json.dumps(value)).replace("\n", " ").strip()
    if text:
        line.tag(_key(name), text)


def _field(line: LineBuilder, name: str, value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        line.bool_field(name, value)
    elif isinstance(value, int | float):
        number = float(value)
        if not math.isfinite(number):
            raise RefusedError(f"{name} is {number}, which no field can have")
        line.float64_field(name, number)
    else:
        line.string_field(name, value if isinstance(value, str) else json.dumps(value))


def _time_ns(value: object) -> int:
    """Read RFC 3339, or seconds since 1970, to the microsecond."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        time_ns = round(value * 1_000_000) * 1000
    else:
        moment = datetime.fromisoformat(str(value))
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        time_ns = (aware - EPOCH) // timedelta(microseconds=1) * 1000
    if time_ns not in TIMES_NS:
        raise RefusedError(f"the time {value} is not in the years 1678 to 2261")
    return time_ns
