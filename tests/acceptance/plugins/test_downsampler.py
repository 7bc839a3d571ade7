"""P3 and P4: the downsampler, asked over HTTP and on a schedule."""

import time

from tests.acceptance.plugins.host import NS, T0_NS, T0_S, Host, stays
from tests.acceptance.plugins.repository import DOWNSAMPLER
from tests.polling import eventually

HOUR_S = 3600
BACKFILL_END = "2026-01-01T01:00:00+00:00"

# Seconds after the first row, in the columns of times.
TIMES = ("time", "time_from", "time_to")
COLUMNS = (*TIMES, "room", "co_sum", "hum_last_value", "temp_avg", "record_count")
HOME_DS: list[tuple[int, int, int, str, int, float, float, int]] = [
    (0, 300, 1500, "Bedroom", 9, 35.5, 23.0, 3),
    (0, 0, 1200, "Kitchen", 6, 34.5, 22.0, 3),
    (1800, 2100, 3300, "Bedroom", 27, 41.5, 29.0, 3),
    (1800, 1800, 3000, "Kitchen", 24, 40.5, 28.0, 3),
]

# What a scheduled run reads from the plugin folder.
CONFIGURATION = """
source_measurement = "cpu"
target_measurement = "cpu_10m"
target_database = "agg"
interval = "10min"
window = "3h"
calculations = [["load", "max"], ["n", "sum"]]
specific_fields = ["load", "n"]

[tag_values]
host = ["a", "b"]
"""


def test_a_request_downsamples_what_it_names(host: Host) -> None:
    write_home(host, "d1")
    host.trigger("d1", "downsample", "request:downsample", DOWNSAMPLER)
    body = request("home_ds", calculations=[["temp", "avg"], ["co", "sum"], ["hum", "last_value"]])
    answer = host.call("downsample", body | {"backfill_start": "2026-01-01T00:00:00+00:00"})
    assert answer.status_code == 200, answer.text
    assert "message" in answer.json()
    rows = host.client.rows("d1", "SELECT * FROM home_ds ORDER BY time, room")
    assert rows == [downsampled(row) for row in HOME_DS]
    check_second_request(host)
    empty = host.call("downsample")
    assert empty.status_code == 200
    assert empty.json()["message"].endswith("Error: No request body provided.")


def check_second_request(host: Host) -> None:
    """Ask for one room, without a field, from the first row on."""
    body = request("kitchen_ds", calculations=[["temp", "max"]])
    body |= {"tag_values": {"room": ["Kitchen"]}, "excluded_fields": ["hum"]}
    answer = host.call("downsample", body)
    assert answer.status_code == 200, answer.text
    rows = host.client.rows("d1", "SELECT * FROM kitchen_ds ORDER BY time")
    assert [row["room"] for row in rows] == ["Kitchen"] * 2
    assert [row["temp_max"] for row in rows] == [24.0, 30.0]
    assert [row["co_avg"] for row in rows] == [2.0, 8.0]
    assert not any(name.startswith("hum") for name in rows[0])


def test_a_schedule_downsamples_into_another_database(host: Host) -> None:
    hour_s = (int(time.time()) // HOUR_S - 1) * HOUR_S
    (host.plugins / "ds.toml").write_text(CONFIGURATION)
    host.client.write_all("src", cpu_lines(hour_s))
    host.create_database("agg")
    host.trigger("src", "ds", "every:5s", DOWNSAMPLER, {"config_file_path": "ds.toml"})
    expected = [bin_of(hour_s, k, name) for k in range(6) for name in "ab"]
    query = "SELECT * FROM cpu_10m ORDER BY time, host"
    eventually(lambda: host.client.rows("agg", query), lambda rows: rows == expected)
    stays(lambda: host.client.rows("agg", query), expected, seconds=6)


def write_home(host: Host, database: str) -> None:
    rooms = ("Kitchen", "Bedroom")
    lines = [
        f"home,room={rooms[i % 2]} temp={20 + i}.0,hum={30 + i}.5,co={i}i,"
        f'st="s{i}" {T0_NS + 300 * i * NS}'
        for i in range(12)
    ]
    host.client.write_all(database, "\n".join(lines))


def request(target: str, *, calculations: list[list[str]]) -> dict[str, object]:
    return {
        "source_measurement": "home",
        "target_measurement": target,
        "interval": "30min",
        "calculations": calculations,
        "batch_size": "1h",
        "backfill_end": BACKFILL_END,
    }


def downsampled(row: tuple[int, int, int, str, int, float, float, int]) -> dict[str, object]:
    begun, first, last = (T0_S + after for after in row[:3])
    values = (text_of(begun), first * NS, last * NS, *row[3:])
    return dict(zip(COLUMNS, values, strict=True))


def cpu_lines(hour_s: int) -> str:
    return "\n".join(
        f"cpu,host={name} load={i + (0.5 if name == 'b' else 0.0)},n={i}i,"
        f'x="s" {(hour_s + 300 * i) * NS}'
        for i in range(12)
        for name in "abc"
    )


def bin_of(hour_s: int, k: int, name: str) -> dict[str, object]:
    start_s = hour_s + 600 * k
    return {
        "time": text_of(start_s),
        "host": name,
        "load_max": 2 * k + 1 + (0.5 if name == "b" else 0.0),
        "n_sum": 4 * k + 1,
        "record_count": 2,
        "time_from": start_s * NS,
        "time_to": (start_s + 300) * NS,
    }


def text_of(time_s: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time_s))
