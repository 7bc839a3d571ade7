"""Listings whose SQL only a real server can judge."""

import json

import pytest

from tests.server_process import ServerProcess, StartServer
from tests.unit.cli.conftest import CommandLine


@pytest.fixture
def server(run: CommandLine, start_server: StartServer) -> ServerProcess:
    """A server in memory, known to the command line."""
    started = start_server()
    run.environment["INFLUXDB3_HOST_URL"] = started.url
    return started


@pytest.mark.usefixtures("server")
def test_retention_is_shown_in_its_largest_exact_unit(run: CommandLine) -> None:
    periods = {"days": "30d", "hours": "36h", "minutes": "90m", "seconds": "90s", "ever": "none"}
    for name, period in periods.items():
        assert run("create", "database", name, "--retention-period", period).status == 0
    shown = json.loads(run("show", "retention", "--format", "json").output)
    expected = periods | {"ever": "infinite"}
    found = {row["database_name"]: row["retention_period"] for row in shown}
    assert found == expected | {"_internal": "7d"}
    one = json.loads(run("show", "retention", "--database", "hours", "--format", "json").output)
    assert one == [{"database_name": "hours", "retention_period": "36h"}]


@pytest.mark.usefixtures("server")
def test_system_tables_are_listed_and_shown(run: CommandLine) -> None:
    assert run("create", "database", "db").status == 0
    listed = json.loads(run("show", "system", "-d", "db", "table-list", "--format", "json").output)
    names = [row["table_name"] for row in listed]
    assert "processing_engine_logs" in names
    for name in names:
        assert run("show", "system", "table", name, "-d", "db").status == 0
    summary = run("show", "system", "summary", "-d", "db")
    assert [f"{name} summary:" in summary.output for name in names] == [True] * len(names)
    unknown = run("show", "system", "table", "nope", "-d", "db")
    assert unknown.status == 1
    assert (
        "system table 'nope' not found: please use a valid system table name: [" in unknown.errors
    )


@pytest.mark.usefixtures("server")
def test_every_listing_has_every_format(run: CommandLine) -> None:
    for listing in ("databases", "tokens", "plugins", "queries", "retention"):
        for form in ("pretty", "json", "jsonl", "csv", "parquet"):
            done = run("show", listing, "--format", form, "--output", "shown")
            assert (done.status, done.output) == (0, ""), done.errors
