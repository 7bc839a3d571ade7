"""Each system table shows real rows over HTTP, of a server on which all of it has happened."""

from collections.abc import Iterator

import pytest

from tests.integration.http.busy_server import BusyServer
from tests.integration.http.system_rows import ALWAYS_EMPTY, SHOWN, Shown

NAMES = "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'system'"


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BusyServer]:
    """Give one server that has done something of each kind."""
    with BusyServer(tmp_path_factory.mktemp("busy")) as running:
        yield running


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: shown.table)
def test_a_system_table_has_the_rows_of_what_happened(busy: BusyServer, shown: Shown) -> None:
    assert f"FROM system.{shown.table}" in shown.sql
    assert shown.rows != []
    assert busy.client.rows(shown.database, shown.sql) == shown.rows


def test_every_system_table_has_rows_in_a_test(busy: BusyServer) -> None:
    names = {row["name"] for row in busy.client.rows("_internal", NAMES)}
    assert names == {shown.table for shown in SHOWN} | ALWAYS_EMPTY
    assert {shown.table for shown in SHOWN}.isdisjoint(ALWAYS_EMPTY)


@pytest.mark.parametrize("table", sorted(ALWAYS_EMPTY))
def test_a_table_that_nothing_fills_is_empty(busy: BusyServer, table: str) -> None:
    assert busy.client.rows("_internal", f"SELECT * FROM system.{table}") == []  # noqa: S608 - a name of ours
