"""P1 and P2: the example plugin on writes, tried out and live."""

from pathlib import Path

import pytest

from tests.acceptance.plugins.environment import Environment
from tests.acceptance.plugins.host import TRIGGERS, Host, started, stays
from tests.acceptance.plugins.repository import WAL, Repository
from tests.api_client import ApiClient
from tests.polling import eventually

REPORTS = "SELECT table_name, row_count FROM write_reports ORDER BY time, table_name"


def test_a_dry_run_shows_what_the_plugin_would_write(host: Host) -> None:
    lines = "test_input,tag1=a,tag2=b field1=1i 500\ntemperature v=1 1\ntemperature v=2 2"
    host.create_database("foo")
    body = {
        "filename": WAL,
        "database": "foo",
        "input_lp": lines,
        "input_arguments": {"double_count_table": "temperature"},
    }
    answer = host.client.http.post("/api/v3/plugin_test/wal", json=body)
    assert answer.status_code == 200, answer.text
    outcome = answer.json()
    assert "INFO: wal_plugin.py done" in outcome["log_lines"]
    assert outcome["database_writes"] == {
        "foo": [
            "write_reports,table_name=test_input row_count=1i",
            "write_reports,table_name=temperature row_count=4i",
        ]
    }
    assert outcome["errors"] == []
    assert "write_reports" not in tables(host.client)


def tables(client: ApiClient) -> set[str]:
    names = client.rows("foo", "SELECT table_name FROM information_schema.tables")
    return {row["table_name"] for row in names}


@pytest.mark.timeout(180)
def test_a_live_trigger_lives_through_its_whole_life(
    repository: Repository, environment: Environment, tmp_path: Path
) -> None:
    with started(tmp_path, repository, environment, data_dir=tmp_path / "data") as host:
        host.create_database("foo")
        host.trigger("foo", "w", "all_tables", WAL, {"double_count_table": "cpu"})
        check_first_reports(host)
        check_disabling(host)
        host.server.stop()
        host.server.start()
        with ApiClient(host.server.url) as client:
            check_after_restart(Host(host.server, client, host.plugins))


def check_first_reports(host: Host) -> None:
    host.client.write_all("foo", "cpu,host=a f1=1.0\ncpu,host=b f1=2.0\nmem,host=a usage=234")
    expected = [
        {"table_name": "cpu", "row_count": 4},
        {"table_name": "mem", "row_count": 1},
    ]
    eventually(lambda: host.client.rows("foo", REPORTS), lambda rows: rows == expected)
    stays(lambda: host.client.rows("foo", REPORTS), expected, seconds=5)


def check_disabling(host: Host) -> None:
    assert host.change("POST", "foo", "w", "/disable").status_code == 200
    host.client.write_all("foo", "mem,host=a usage=1")
    stays(lambda: len(host.client.rows("foo", REPORTS)), 2, seconds=3)
    assert host.change("POST", "foo", "w", "/enable").status_code == 200
    host.client.write_all("foo", "mem,host=a usage=2")
    eventually(lambda: len(host.client.rows("foo", REPORTS)), lambda count: count == 3)
    stays(lambda: len(host.client.rows("foo", REPORTS)), 3, seconds=2)


def check_after_restart(host: Host) -> None:
    query = "SELECT trigger_name, disabled FROM system.processing_engine_triggers"
    assert host.client.rows("foo", query) == [{"trigger_name": "w", "disabled": False}]
    host.client.write_all("foo", "mem,host=a usage=3")
    eventually(lambda: len(host.client.rows("foo", REPORTS)), lambda count: count == 4)
    refused = host.change("DELETE", "foo", "w")
    assert refused.status_code >= 400
    where = {"db": "foo", "trigger_name": "w", "force": "true"}
    deleted = host.client.http.delete(TRIGGERS, params=where)
    assert deleted.status_code == 200, deleted.text
    assert host.client.rows("foo", query) == []
