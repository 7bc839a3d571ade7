"""What `plugin new` writes: for each kind a plugin that works, and a test of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Template:
    """Text of a plugin and of its test, in which `PLUGIN_PATH` stands for the plugin's name."""

    plugin: str
    test: str


WRITES = Template(
    plugin='''"""
{
  "plugin_type": ["onwrite"],
  "onwrite_args_config": [
    {
      "name": "field",
      "example": "temp",
      "description": "Name of the field to look at",
      "required": true
    },
    {
      "name": "above",
      "example": "30",
      "description": "Values above this are written to the table alerts (default: 30)",
      "required": false
    }
  ]
}
"""


def process_writes(influxdb3_local, table_batches, args=None):
    """Write an alert for each row whose field is above a limit."""
    args = args or {}
    field, above = args["field"], float(args.get("above", 30))
    for batch in table_batches:
        for row in batch["rows"]:
            value = row.get(field)
            if value is None or value <= above:
                continue
            influxdb3_local.warn(f"{field} of {batch['table_name']} is {value}")
            alert = LineBuilder("alerts").tag("table", batch["table_name"])
            influxdb3_local.write(alert.float64_field(field, value).time_ns(row["time"]))
''',
    test="""from pathlib import Path

PLUGIN = Path(__file__).parent / "PLUGIN_PATH"


def test_a_value_above_the_limit_is_an_alert(plugin_engine):
    lines = "home,room=hall temp=35 1000\\nhome,room=attic temp=21 1000"
    report = plugin_engine.run_writes(PLUGIN, lines, arguments={"field": "temp", "above": "30"})
    report.raise_for_error()
    alert = {"table": "alerts", "tags": {"table": "home"}, "fields": {"temp": 35.0}, "time": 1000}
    assert report.writes == {"test": [alert]}
    assert report.logs == [("WARN", "temp of home is 35.0")]
""",
)

SCHEDULE = Template(
    plugin='''"""
{
  "plugin_type": ["scheduled"],
  "scheduled_args_config": [
    {
      "name": "table",
      "example": "home",
      "description": "Table whose rows are counted",
      "required": true
    }
  ]
}
"""


def process_scheduled_call(influxdb3_local, call_time, args=None):
    """Write how many rows a table has."""
    table = args["table"]
    rows = influxdb3_local.query(f'SELECT count(*) AS n FROM "{table}"')
    influxdb3_local.info(f"{table} has {rows[0]['n']} rows")
    line = LineBuilder("row_counts").tag("table", table).int64_field("rows", rows[0]["n"])
    influxdb3_local.write(line.time_ns(int(call_time * 1e9)))
''',
    test="""from datetime import UTC, datetime
from pathlib import Path

PLUGIN = Path(__file__).parent / "PLUGIN_PATH"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_the_rows_of_a_table_are_counted(plugin_engine):
    plugin_engine.write("home,room=hall temp=35 1000\\nhome,room=attic temp=21 1000")
    report = plugin_engine.run_schedule(PLUGIN, NOON, arguments={"table": "home"})
    report.raise_for_error()
    row = report.writes["test"][0]
    assert (row["table"], row["fields"]) == ("row_counts", {"rows": 2})
    assert row["time"] == int(NOON.timestamp()) * 1_000_000_000
""",
)

REQUEST = Template(
    plugin='''"""
{
  "plugin_type": ["http"],
  "http_args_config": [
    {
      "name": "table",
      "example": "events",
      "description": "Table that events are written to (default: events)",
      "required": false
    }
  ]
}
"""

import json


def process_request(influxdb3_local, query_parameters, request_headers, request_body, args=None):
    """Write what is sent as {"source": ..., "text": ...}."""
    try:
        event = json.loads(request_body)
        line = LineBuilder((args or {}).get("table", "events")).tag("source", event["source"])
        influxdb3_local.write(line.string_field("text", event["text"]))
    except (ValueError, KeyError, TypeError) as error:
        return {"error": f"no event: {error!r}"}, 400
    return {"written": 1}
''',
    test="""from pathlib import Path

PLUGIN = Path(__file__).parent / "PLUGIN_PATH"


def test_an_event_is_written(plugin_engine):
    event = {"source": "door", "text": "open"}
    report = plugin_engine.run_request(PLUGIN, body=event, method="POST")
    report.raise_for_error()
    assert report.response.json() == {"written": 1}
    row = report.writes["test"][0]
    assert (row["tags"], row["fields"]) == ({"source": "door"}, {"text": "open"})


def test_anything_else_is_refused(plugin_engine):
    report = plugin_engine.run_request(PLUGIN, body="no JSON", method="POST")
    assert report.response.status == 400
    assert report.writes == {}
""",
)

KINDS = {"writes": WRITES, "schedule": SCHEDULE, "request": REQUEST}
