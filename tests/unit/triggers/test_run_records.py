"""The line of a run is the one that `LineBuilder` makes, at less than half its price."""

import pytest

from influxdb3.line_builder import LineBuilder
from influxpe.triggers.history import RUNS_TABLE, RunInput, RunOutcome
from influxpe.triggers.registry import Trigger
from influxpe.triggers.spec import parse

TEXTS = ["", "ValueError: boom", 'a "quoted" \\ text,\n  of two = lines', "\u20ac"]
NAMES = ["home", "a b,c=d", "\u00e4\\"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", TEXTS)
def test_a_run_is_written_as_a_line_builder_would(name: str, text: str) -> None:
    trigger = Trigger(1, name, f"t {name}", "t.py", parse("request:a"), None, False, "log")
    outcome = RunOutcome(7, 2, 30, "abc", RunInput(5, 1), 600, text, text)
    line = LineBuilder(RUNS_TABLE).tag("database", name).tag("trigger_name", f"t {name}")
    line.string_field("trigger_type", "request")
    line.int64_field("rows_in", 5).int64_field("first_position", 1).int64_field("attempt", 2)
    line.int64_field("duration_ns", 30).int64_field("peak_memory_bytes", 600)
    line.string_field("status", "failed" if text else "ok").string_field("code_hash", "abc")
    line.string_field("error", text).string_field("traceback", text)
    record = outcome.record(trigger)
    assert (record.line, record.time_ns) == (line.build(), 7)
