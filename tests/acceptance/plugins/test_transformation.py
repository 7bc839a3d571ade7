"""P5: names and values transformed on write, into a named database and into `default`."""

import pytest

from tests.acceptance.plugins.environment import PINT, Environment
from tests.acceptance.plugins.host import T0_NS, Host
from tests.acceptance.plugins.repository import TRANSFORMATION
from tests.polling import eventually

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]


@pytest.fixture(scope="module", autouse=True)
def _packages(environment: Environment) -> None:
    environment.install(PINT)


def test_a_written_row_is_transformed(host: Host) -> None:
    host.create_database("bt")
    arguments = {
        "measurement": "raw",
        "target_measurement": "clean",
        "target_database": "bt",
        "names_transformations": 'Room Temp:"snake".Loc:"lower"',
        "values_transformations": 'Room Temp:"convert_degC_to_degF round2".stat:"upper"',
    }
    host.trigger("bt", "transform", "all_tables", TRANSFORMATION, arguments)
    line = f'raw,Loc=office Room\\ Temp=22.5,stat="ok",n=3i {T0_NS}'
    host.client.write_all("bt", line)
    rows = eventually(lambda: host.client.rows("bt", "SELECT * FROM clean"), bool)
    expected = {"loc": "office", "room__temp": 72.5, "stat": "OK", "n": 3}
    assert rows == [expected | {"time": "2026-01-01T00:00:00"}]
    types = host.types("bt", "clean")
    assert types["n"] == "Int64"
    assert types["loc"] == "Dictionary(Int32, Utf8)"
    assert host.errors("bt", "transform") == []


def test_without_a_target_the_database_is_called_default(host: Host) -> None:
    host.create_database("bt2")
    arguments = {
        "measurement": "raw",
        "target_measurement": "clean",
        "names_transformations": 'Temp:"lower"',
    }
    host.trigger("bt2", "transform", "all_tables", TRANSFORMATION, arguments)
    host.client.write_all("bt2", f"raw,loc=a Temp=1.5 {T0_NS}")
    rows = eventually(lambda: host.client.rows("default", "SELECT loc, temp FROM clean"), bool)
    assert rows == [{"loc": "a", "temp": 1.5}]
    host.client.write_all("bt2", f"raw,loc=b Temp=2.5 {T0_NS}")
    query = "SELECT loc, temp FROM clean ORDER BY loc"
    eventually(lambda: host.client.rows("default", query), lambda found: len(found) == 2)
    assert host.errors("bt2", "transform") == []
