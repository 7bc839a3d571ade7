"""P6: rows checked against a schema; the good ones and the reasons go to another database."""

from tests.acceptance.plugins.host import NS, T0_NS, Host
from tests.acceptance.plugins.repository import VALIDATOR, VALIDATOR_SCHEMA
from tests.polling import eventually

LINES = f"""\
weather,location=us-east,station_id=st1,extra=zz temperature=21.5,humidity=40,condition="sunny",\
junk=1i {T0_NS}
weather,location=mars,station_id=st1 temperature=1,humidity=2 {T0_NS + NS}
weather,location=us-west temperature=1,humidity=2 {T0_NS + 2 * NS}
weather,location=us-west,station_id=st2 temperature=3 {T0_NS + 3 * NS}
cpu,host=a,cpu_id=0 usage_idle=90,usage_user=5 {T0_NS}
unknown,x=1 v=1 {T0_NS}"""

REASONS = (
    "mars",
    "Required tag 'station_id' is missing",
    "Required field 'humidity' is missing",
)


def test_good_rows_pass_and_the_others_leave_their_reasons(host: Host) -> None:
    host.create_database("raw_db")
    host.create_database("clean_db")
    arguments = {
        "schema_file": VALIDATOR_SCHEMA,
        "target_database": "clean_db",
        "write_rejection_log": "true",
    }
    host.trigger("raw_db", "validate", "all_tables", VALIDATOR, arguments)
    host.client.write_all("raw_db", LINES)
    words = "2 total accepted, 3 total rejected"
    eventually(
        lambda: host.client.logs("raw_db", "validate"),
        lambda lines: any(words in line for line in lines),
    )
    check_accepted(host)
    check_rejections(host)


def check_accepted(host: Host) -> None:
    weather = host.client.rows("clean_db", "SELECT * FROM weather_clean")
    assert weather == [
        {
            "time": "2026-01-01T00:00:00",
            "location": "us-east",
            "station_id": "st1",
            "temperature": 21.5,
            "humidity": 40.0,
            "condition": "sunny",
        }
    ]
    cpu = host.client.rows("clean_db", "SELECT host, cpu_id, usage_idle, usage_user FROM cpu")
    assert cpu == [{"host": "a", "cpu_id": "0", "usage_idle": 90.0, "usage_user": 5.0}]


def check_rejections(host: Host) -> None:
    query = "SELECT * FROM _schema_rejections ORDER BY time"
    rows = host.client.rows("clean_db", query)
    assert [row["source_table"] for row in rows] == ["weather"] * 3
    reasons = [row["reason"] for row in rows]
    assert all(words in reason for words, reason in zip(REASONS, reasons, strict=True))
    for row in rows:
        assert "'junk': None" in row["row_data"]
        assert row["time"] > "2026-01-02"
