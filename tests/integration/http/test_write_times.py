"""What a taken line means: its time, its names and values, on the three routes."""

from datetime import UTC, datetime

import pytest

from tests.api_client import ApiClient

ROUTES = [("/api/v3/write_lp", "db"), ("/write", "db"), ("/api/v2/write", "bucket")]
UNITS = {
    "s": 1_700_000_000,
    "second": 1_700_000_000,
    "ms": 1_700_000_000_000,
    "millisecond": 1_700_000_000_000,
    "u": 1_700_000_000_000_000,
    "us": 1_700_000_000_000_000,
    "microsecond": 1_700_000_000_000_000,
    "n": 1_700_000_000_000_000_000,
    "ns": 1_700_000_000_000_000_000,
    "nanosecond": 1_700_000_000_000_000_000,
}


@pytest.mark.parametrize(("path", "name"), ROUTES)
def test_every_word_for_a_unit_is_known(client: ApiClient, path: str, name: str) -> None:
    for number, (word, time) in enumerate(UNITS.items()):
        parameters = {name: "units", "precision": word}
        line = f"m,route={path},word={word} f={number}i {time}"
        answer = client.http.post(path, params=parameters, content=line)
        assert answer.status_code == 204, answer.text
    sql = f"SELECT DISTINCT time FROM m WHERE route = '{path}'"  # noqa: S608 - our own path
    assert client.rows("units", sql) == [{"time": "2023-11-14T22:13:20"}]


@pytest.mark.parametrize(("path", "name"), ROUTES[1:])
def test_the_old_routes_take_nanoseconds_whatever_the_magnitude(
    client: ApiClient, path: str, name: str
) -> None:
    answer = client.http.post(path, params={name: "old-routes"}, content="m f=1 1700000000")
    assert answer.status_code == 204, answer.text
    assert client.rows("old-routes", "SELECT time FROM m") == [{"time": "1970-01-01T00:00:01.700"}]


def test_version_3_guesses_the_unit_line_by_line(client: ApiClient) -> None:
    times = [4_999_999_999, 5_000_000_000, 5_000_000_000_000, 5_000_000_000_000_000, -5]
    lines = "\n".join(f"m,n={number} f=1 {time}" for number, time in enumerate(times))
    for parameters in ({"db": "guess"}, {"db": "guess", "precision": "auto"}):
        answer = client.http.post("/api/v3/write_lp", params=parameters, content=lines)
        assert answer.status_code == 204, answer.text
    rows = client.rows("guess", "SELECT n, time FROM m ORDER BY n")
    assert [row["time"] for row in rows] == [
        "2128-06-11T08:53:19",
        "1970-02-27T20:53:20",
        "1970-02-27T20:53:20",
        "1970-02-27T20:53:20",
        "1969-12-31T23:59:55",
    ]


@pytest.mark.parametrize(("path", "name"), ROUTES)
@pytest.mark.parametrize("precision", ["s", "ms", "us", "ns"])
def test_lines_without_a_time_share_one_in_the_unit_of_the_request(
    client: ApiClient, path: str, name: str, precision: str
) -> None:
    table = f"m{ROUTES.index((path, name))}{precision}"
    lines = f"{table} f=1\n{table} f=2,g=1\n{table},t=a f=3"
    before = datetime.now(tz=UTC).replace(microsecond=0)
    answer = client.http.post(path, params={name: "now", "precision": precision}, content=lines)
    assert answer.status_code == 204, answer.text
    sql = f"SELECT f, time, CAST(time AS BIGINT) AS ns FROM {table} ORDER BY f"  # noqa: S608
    rows = client.rows("now", sql)
    assert [row["f"] for row in rows] == [2.0, 3.0]
    times = {row["ns"] for row in rows}
    assert len(times) == 1
    unit_ns = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}[precision]
    assert all(time % unit_ns == 0 for time in times)
    assert min(times) >= int(before.timestamp()) * 1_000_000_000


def test_escapes_reach_the_table_as_they_are_meant(client: ApiClient) -> None:
    line = (
        r"my\,ta\ b\\le\=x,tag\,\=\ \\k=va\,l\=u\ e\n "
        r'fie\,l\=d\ \\k="a\"b\\c\n d",plain,comma=1i,"quoted"=t 1'
    )
    client.write_all("escapes", line)
    rows = client.rows("escapes", r'SELECT * FROM "my,ta b\le\=x"')
    assert rows == [
        {
            r"tag,= \k": r"va,l=u e\n",
            r"fie,l=d \k": r'a"b\c\n d',
            "plain,comma": 1,
            '"quoted"': True,
            "time": "1970-01-01T00:00:00.000000001",
        }
    ]


def test_a_field_of_a_family_keeps_its_whole_name(client: ApiClient) -> None:
    fields = ",".join(f"family::f{number}={number}i" for number in range(101))
    client.write_all("families", f"m {fields} 1")
    rows = client.rows("families", 'SELECT "family::f0", "family::f100" FROM m')
    assert rows == [{"family::f0": 0, "family::f100": 100}]


def test_lines_end_with_line_feeds_outside_of_strings_alone(client: ApiClient) -> None:
    body = '# a="b\r\n\tm s="x\r\ny",n=1i 1 \r\n\r\n  # comment\nm s="#",n=2i 2'
    client.write_all("ends", body)
    assert client.rows("ends", "SELECT s, n FROM m ORDER BY n") == [
        {"s": "x\r\ny", "n": 1},
        {"s": "#", "n": 2},
    ]


def test_numbers_reach_both_ends_of_their_types(client: ApiClient) -> None:
    body = (
        "m i=-9223372036854775808i,u=18446744073709551615u,f=-1.7976931348623157e308 1\n"
        "m i=9223372036854775807i,u=0u,f=5e-324,b=F 2"
    )
    client.write_all("ends-of-types", body)
    rows = client.rows("ends-of-types", "SELECT i, u, f, b FROM m ORDER BY time")
    assert [(row["i"], row["u"], row["f"]) for row in rows] == [
        (-9_223_372_036_854_775_808, 18_446_744_073_709_551_615, -1.7976931348623157e308),
        (9_223_372_036_854_775_807, 0, 5e-324),
    ]
    assert ["b" in row for row in rows] == [False, True]


def test_times_reach_both_ends_of_their_range(client: ApiClient) -> None:
    client.write_all("ends-of-time", "m n=1i -9223372036854775808\nm n=2i 9223372036854775807")
    sql = "SELECT CAST(time AS BIGINT) AS ns FROM m ORDER BY time"
    assert client.rows("ends-of-time", sql) == [
        {"ns": -9_223_372_036_854_775_808},
        {"ns": 9_223_372_036_854_775_807},
    ]
