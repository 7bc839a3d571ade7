"""P7: gaps filled in place, asked over HTTP."""

import pytest

from tests.acceptance.plugins.environment import SCIPY, UTILITIES, Environment
from tests.acceptance.plugins.host import NS, T0_NS, Host
from tests.acceptance.plugins.repository import GAPFILL

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

BODY = {
    "source_measurement": "sens",
    "interval": "1s",
    "method": "linear",
    "mark_filled": True,
    "backfill_start": "2026-01-01T00:00:00Z",
    "backfill_end": "2026-01-01T00:01:00Z",
    "report_measurement": "gap_report",
}
PRESENT = (0, 1, 2, 6, 7)
FILLED = (3, 4, 5)


@pytest.fixture(scope="module", autouse=True)
def _packages(environment: Environment) -> None:
    environment.install(UTILITIES, SCIPY)


def test_a_gap_is_filled_where_it_is(host: Host) -> None:
    lines = (
        f'sens,room=a temp={20 + i}.0,cnt={i}i,on={str(i % 2 == 1).lower()},st="s{i}"'
        f" {T0_NS + i * NS}"
        for i in PRESENT
    )
    host.client.write_all("gf", "\n".join(lines))
    host.trigger("gf", "gapfill", "request:gapfill", GAPFILL)
    answer = host.call("gapfill", BODY)
    assert answer.status_code == 200, answer.text
    counts = {name: answer.json().get(name) for name in ("gaps_filled", "fills_written")}
    assert counts == {"gaps_filled": 2, "fills_written": 6}, answer.text
    assert answer.json()["rows_scanned"] == 5
    check_filled(host)
    check_report(host)


def check_filled(host: Host) -> None:
    rows = host.client.rows("gf", "SELECT * FROM sens ORDER BY time")
    by_second = dict(enumerate(rows))
    assert sorted(by_second) == list(range(8))
    for second in FILLED:
        expected = {"room": "a", "temp": 20.0 + second, "cnt": second, "on": False, "st": "s2"}
        time = f"2026-01-01T00:00:0{second}"
        assert by_second[second] == expected | {"filled": True, "time": time}
    for second in PRESENT:
        assert by_second[second].get("filled") is None
        assert by_second[second]["st"] == f"s{second}"
    assert host.types("gf", "sens")["cnt"] == "Int64"


def check_report(host: Host) -> None:
    rows = host.client.rows("gf", "SELECT * FROM gap_report ORDER BY gap_field")
    assert len(rows) == 2, rows
    for row in rows:
        assert row["duration_s"] == 4.0
        assert row["status"] == "filled"
        assert row["time"] == "2026-01-01T00:00:06"
        assert row["points"] == 3, row
    assert [row["gap_field"] for row in rows] == ["cnt", "temp"]
