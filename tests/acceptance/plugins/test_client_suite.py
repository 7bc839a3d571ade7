"""P13 (b): the integration tests that the published Python client comes with, with tokens on."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as Xml

import httpx
import pytest

from tests.acceptance.plugins.environment import CLIENT, PANDAS_BELOW_3, Environment
from tests.server_process import ServerProcess, environment_for, serve_command

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

VARIABLE = "INFLUXDB3_PYTHON_DIR"
RUN_SECONDS_MAX = 600.0
SUITE = "tests/test_influxdb_client_3_integration.py"
# What the suite imports, besides the client and pandas.
IMPORTED = ("pytest", "h2>=4,<5", "cryptography")
TESTS = 29
SKIPPED = {"test_query_timeout"}
# They wait for a server that is slower than a millisecond; what answers in time fails them.
LATENCY = re.compile(r"test_write_timeout(_\w+)?")


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A copy of the client's repository; skips where the variable names none."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        pytest.skip(f"{VARIABLE} does not name a copy of InfluxCommunity/influxdb3-python")
    ignored = shutil.ignore_patterns(".git", ".venv", "venv")
    return Path(shutil.copytree(folder, tmp_path / "suite", ignore=ignored))


def run(suite: Path, url: str, environment: Environment, home: Path) -> Xml.Element:
    """Run the suite with its own client; gives the report."""
    token = httpx.post(f"{url}/api/v3/configure/token/admin").json()["token"]
    server = {"URL": url, "TOKEN": token, "DATABASE": "client"}
    variables = {f"TESTING_INFLUXDB_{name}": text for name, text in server.items()}
    done = subprocess.run(
        [environment.python, "-m", "pytest", "-q", "--junit-xml=report.xml", SUITE],
        cwd=suite,
        env=environment_for(home, variables),
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS_MAX,
        check=False,
    )
    report = suite / "report.xml"
    assert report.exists(), done.stdout + done.stderr
    return Xml.parse(report).getroot()  # noqa: S314 - written by the pytest above


def names(report: Xml.Element, *outcomes: str) -> set[str]:
    """The tests with one of these outcomes."""
    cases = report.iter("testcase")
    return {
        case.get("name", "") for case in cases if any(case.find(o) is not None for o in outcomes)
    }


def test_the_suite_of_the_client_passes_but_for_its_latency(
    suite: Path, environment: Environment, tmp_path: Path
) -> None:
    environment.install(PANDAS_BELOW_3, CLIENT, *IMPORTED)
    command = [word for word in serve_command(None) if word != "--without-auth"]
    with ServerProcess(tmp_path, command) as server:
        report = run(suite, server.url, environment, tmp_path / "client")
        assert server.running()
    failed = names(report, "failure", "error")
    assert {name for name in failed if not LATENCY.fullmatch(name)} == set()
    assert names(report, "skipped") == SKIPPED
    assert len(list(report.iter("testcase"))) == TESTS
