"""P13: the test harness and the unit tests that the official plugins come with."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.plugins import environment as packages
from tests.acceptance.plugins.environment import Environment
from tests.acceptance.plugins.repository import Repository
from tests.acceptance.plugins.rooted import refusal, rooted
from tests.api_client import ApiClient
from tests.server_process import ServerProcess, serve_command

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

RUN_SECONDS_MAX = 600.0

# What the harness finds a file for, by the name of its folder.
TESTED = (
    "amqp_subscriber basic_transformation bird_data_simulator chronos_forecasting downsampler"
    " forecast_error_evaluator gapfill import influxdb_to_iceberg kafka_subscriber mqtt_subscriber"
    " nori_regression opcua prophet_forecasting resampler river_anomaly_detector"
    " river_auto_profiler river_forecaster sagemaker schema_validator signal_filter"
    " signal_generator simple_data_replicator stock_plugin synthefy_forecasting system_metrics"
    " valuecounter"
).split()
# Their files have other names than their folders: the harness tests nothing and says so.
PASSED_OVER = (
    "mad_check notifier nws_weather state_change stateless_adtk_detector threshold_deadman_checks"
).split()

UNIT_TESTS = {
    "import": 52,
    "mad_check": 57,
    "nori_regression": 190,
    "opcua": 22,
    "signal_filter": 89,
    "signal_generator": 125,
    "state_change": 68,
    "stateless_adtk_detector": 51,
    "synthefy_forecasting": 99,
    "system_metrics": 37,
    "threshold_deadman_checks": 59,
    "valuecounter": 79,
}
# Runs pytest where the engine's LineBuilder is a builtin, as it is to a plugin.
WITH_LINE_BUILDER = """
import builtins, sys
sys.path.append(sys.argv[1])
from influxdb3 import LineBuilder
builtins.LineBuilder = LineBuilder
import pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "."]))
"""
PRODUCT = Path(__file__).parents[3] / "python"


@dataclass
class Suite:
    """A server that has the plugins at `/host` and `/plugins`, and the harness beside them."""

    server: ServerProcess
    plugins: Path
    environment: Environment

    def run(self, plugin: str) -> subprocess.CompletedProcess[str]:
        """Let the harness test one plugin."""
        python = self.environment.python
        script = [python, "test/test_plugins.py", f"influxdata/{plugin}", "--skip-container"]
        return subprocess.run(
            [*script, "--host", self.server.url],
            cwd=self.plugins,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS_MAX,
            check=False,
        )


@pytest.fixture(scope="module")
def suite(
    repository: Repository, environment: Environment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Suite]:
    folder = tmp_path_factory.mktemp("suite")
    plugins, root = folder / "plugins", folder / "root"
    root.mkdir()
    repository.copy_to(plugins)
    if reason := refusal(root, plugins):
        pytest.skip(f"this machine gives no namespace to mount /host and /plugins in: {reason}")
    environment.install(*packages.EVERY)
    command = serve_command(None, "--plugin-dir", "/host", *environment.option)
    command = rooted(command, root=root, plugins=plugins)
    with ServerProcess(folder, command, {"PLUGIN_DIR": "/host", "TZ": "UTC"}) as server:
        yield Suite(server, plugins, environment)
        assert server.running()
        with ApiClient(server.url) as client:
            assert client.http.get("/health").status_code == 200


@pytest.mark.parametrize("plugin", TESTED)
def test_the_harness_passes(suite: Suite, plugin: str) -> None:
    done = suite.run(plugin)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("plugin", PASSED_OVER)
def test_the_harness_finds_no_file(suite: Suite, plugin: str) -> None:
    done = suite.run(plugin)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{plugin}.py not found" in done.stdout


@pytest.mark.parametrize("plugin", UNIT_TESTS)
def test_unit_tests_pass_with_the_line_builder_of_the_engine(
    repository: Repository, environment: Environment, plugin: str
) -> None:
    environment.install(*packages.EVERY)
    done = subprocess.run(
        [environment.python, "-B", "-c", WITH_LINE_BUILDER, str(PRODUCT)],
        cwd=repository.folder / "influxdata" / plugin,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary = done.stdout.splitlines()[-1]
    assert re.findall(r"(\d+) (\w+)", summary)[0] == (str(UNIT_TESTS[plugin]), "passed"), summary
