"""Trigger specifications: the grammar, the two forms they are written in, the texts of errors."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influxpe.triggers.spec import (
    EVERY_NS_MAX,
    EVERY_NS_MIN,
    AllTablesSpec,
    CronSpec,
    EverySpec,
    RequestSpec,
    Spec,
    SpecError,
    TableSpec,
    normalise_path,
    parse,
)

SECOND = 1_000_000_000

READ: dict[str, tuple[Spec, str, str]] = {
    "table:home": (
        TableSpec("home"),
        "table:home",
        '{"single_table_wal_write":{"table_name":"home"}}',
    ),
    "  table: a b,c ": (
        TableSpec("a b,c"),
        "table:a b,c",
        '{"single_table_wal_write":{"table_name":"a b,c"}}',
    ),
    "table:table:x": (
        TableSpec("x"),
        "table:x",
        '{"single_table_wal_write":{"table_name":"x"}}',
    ),
    "all_tables": (AllTablesSpec(), "all_tables", '"all_tables_wal_write"'),
    "every:60s": (
        EverySpec(60 * SECOND),
        "every:1m",
        '{"every":{"duration":{"secs":60,"nanos":0}}}',
    ),
    "every:1w": (
        EverySpec(604_800 * SECOND),
        "every:7days",
        '{"every":{"duration":{"secs":604800,"nanos":0}}}',
    ),
    "every:1.5s": (
        EverySpec(SECOND + SECOND // 2),
        "every:1s 500ms",
        '{"every":{"duration":{"secs":1,"nanos":500000000}}}',
    ),
    "every:365d": (
        EverySpec(31_536_000 * SECOND),
        "every:11months 30days 3h 50m 24s",
        '{"every":{"duration":{"secs":31536000,"nanos":0}}}',
    ),
    "cron:0 0 8 * * *": (
        CronSpec("0 0 8 * * *"),
        "cron:0 0 8 * * *",
        '{"schedule":{"schedule":"0 0 8 * * *"}}',
    ),
    "cron:cron:@daily": (
        CronSpec("@daily"),
        "cron:@daily",
        '{"schedule":{"schedule":"@daily"}}',
    ),
    "every:every: 1m ": (
        EverySpec(60 * SECOND),
        "every:1m",
        '{"every":{"duration":{"secs":60,"nanos":0}}}',
    ),
    "request:request:a b": (
        RequestSpec("a b"),
        "request:a b",
        '{"request_path":{"path":"a b"}}',
    ),
    "cron: @daily ": (CronSpec("@daily"), "cron:@daily", '{"schedule":{"schedule":"@daily"}}'),
    "cron:0 */12 * * *": (
        CronSpec("0 */12 * * *"),
        "cron:0 */12 * * *",
        '{"schedule":{"schedule":"0 */12 * * *"}}',
    ),
    "request:hello": (
        RequestSpec("hello"),
        "request:hello",
        '{"request_path":{"path":"hello"}}',
    ),
    "request:/a/b/": (RequestSpec("a/b/"), "request:a/b/", '{"request_path":{"path":"a/b/"}}'),
}


@pytest.mark.parametrize("text", READ)
def test_a_specification_is_read_and_written(text: str) -> None:
    spec, canonical, json = READ[text]
    assert parse(text) == spec
    assert spec.canonical == canonical
    assert spec.json == json


@pytest.mark.parametrize("text", READ)
def test_canonical_text_reads_the_same_again(text: str) -> None:
    assert parse(parse(text).canonical) == parse(text)


def test_a_specification_knows_its_kind() -> None:
    kinds = {text: parse(text).kind for text in READ}
    assert kinds["table:home"] == kinds["all_tables"] == "wal"
    assert kinds["every:60s"] == kinds["cron: @daily "] == "schedule"
    assert kinds["request:hello"] == "request"


FORMS = (
    "expect one of the following forms: 'table:<TABLE_NAME>', 'all_tables', "
    "'cron:<CRON_EXPRESSION>', 'every:<DURATION>', or 'request:<PATH>'"
)
REFUSED = {
    "": f"failed to parse trigger from : {FORMS}",
    "tables": f"failed to parse trigger from tables: {FORMS}",
    "every :1m": f"failed to parse trigger from every :1m: {FORMS}",
    "Every:1m": f"failed to parse trigger from Every:1m: {FORMS}",
    "All_tables": f"failed to parse trigger from All_tables: {FORMS}",
    "Table:x": f"failed to parse trigger from Table:x: {FORMS}",
    "table:": "failed to parse trigger from table:: table name is empty",
    "table:  ": "failed to parse trigger from table:: table name is empty",
    "request:": "failed to parse trigger from request:",
    "request:/": "failed to parse trigger from request:",
    "cron:nonsense": "failed to parse trigger from cron:nonsense",
    "cron:": "failed to parse trigger from cron:",
    "cron:60 * * * * *": "failed to parse trigger from cron:60 * * * * *: seconds must be",
    "every:x": "failed to parse trigger from every:x: couldn't parse to duration",
    "every:": "failed to parse trigger from every:: couldn't parse to duration",
    "every:366d": (
        "failed to parse trigger from every:366d: don't support every schedules of over 1 year"
    ),
    "every:0s": "failed to parse trigger from every:0s: don't support every schedules of under",
    "every:0": "failed to parse trigger from every:0: don't support every schedules of under",
    "every:1ns": "failed to parse trigger from every:1ns: don't support every schedules of under",
    "every:500us": "failed to parse trigger from every:500us: don't support every schedules of",
    "every:99ms": "failed to parse trigger from every:99ms: don't support every schedules of under",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_specification_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(SpecError) as raised:
        parse(text)
    assert str(raised.value).startswith(REFUSED[text])


@pytest.mark.parametrize("text", ["every:365d", "every:1y", "every:8766h", "every:100ms"])
def test_durations_up_to_both_limits_are_taken(text: str) -> None:
    spec = parse(text)
    assert isinstance(spec, EverySpec)
    assert EVERY_NS_MIN <= spec.duration_ns <= EVERY_NS_MAX


def test_a_second_over_a_year_is_refused() -> None:
    with pytest.raises(SpecError, match="over 1 year"):
        parse("every:1year 1s")


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(SpecError):
        spec = parse(text)
        assert parse(spec.canonical) == spec


def test_leading_slashes_of_a_path_do_not_count() -> None:
    assert normalise_path("//hello/") == "hello/"
