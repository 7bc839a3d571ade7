"""P10: the machine's own figures; rates only from the second run on."""

import json

import pytest

from tests.acceptance.plugins.environment import PSUTIL, UTILITIES, Environment
from tests.acceptance.plugins.host import Host
from tests.acceptance.plugins.repository import SYSTEM_METRICS
from tests.polling import eventually

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

ALWAYS = ("system_cpu", "system_memory", "system_swap", "system_memory_faults")
RATES = "system_disk_performance"
# How many of each kind this machine has, by table.
COUNTS = """
import json, psutil
disks = len(psutil.disk_io_counters(perdisk=True) or {})
counts = {
    "system_cpu_cores": len(psutil.cpu_times(percpu=True)),
    "system_disk_usage": len(psutil.disk_partitions(all=False)),
    "system_disk_io": disks,
    "system_disk_performance": disks,
    "system_network": len(psutil.net_io_counters(pernic=True)),
}
print(json.dumps(counts))
"""
BYTES = {
    "system_memory": ("total", "available", "used", "free"),
    "system_disk_usage": ("total", "used", "free"),
    "system_disk_io": ("read_bytes", "write_bytes"),
    "system_network": ("bytes_sent", "bytes_recv"),
}


@pytest.fixture(scope="module", autouse=True)
def _packages(environment: Environment) -> None:
    environment.install(UTILITIES, PSUTIL)


def test_two_runs_give_the_figures_of_the_machine(host: Host, environment: Environment) -> None:
    host.create_database("sys")
    host.trigger("sys", "metrics", "every:2s", SYSTEM_METRICS, {"hostname": "h1"})
    eventually(lambda: runs(host), lambda times: len(times) >= 2)
    assert host.change("POST", "sys", "metrics", "/disable").status_code == 200
    present = [name for name, count in json.loads(environment.run(COUNTS)).items() if count]
    first, second = runs(host)[:2]
    for table in (*ALWAYS, *present):
        begun = host.client.rows("sys", f"SELECT min(time) AS begun FROM {table}")  # noqa: S608 - a name above
        assert begun == [{"begun": second if table == RATES else first}], table
        hosts = host.client.rows("sys", f"SELECT DISTINCT host FROM {table}")  # noqa: S608 - as above
        assert hosts == [{"host": "h1"}], table
    check_types(host, present)
    assert host.errors("sys", "metrics") == []


def runs(host: Host) -> list[str]:
    """Give the times of the runs, as their rows have them."""
    rows = host.client.rows("sys", "SELECT time FROM system_memory ORDER BY time")
    return [row["time"] for row in rows]


def check_types(host: Host, present: list[str]) -> None:
    for table, names in BYTES.items():
        if table in (*ALWAYS, *present):
            types = host.types("sys", table)
            assert {types[name] for name in names} == {"UInt64"}, table
