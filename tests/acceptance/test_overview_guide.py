"""The overview of trigger kinds: its commands and samples do what the text says."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.document import Document
from tests.acceptance.guide_texts import VARIANTS, guide, plugin_repository
from tests.acceptance.terminal import Finished, Terminal
from tests.api_client import ApiClient
from tests.polling import eventually

pytestmark = [pytest.mark.timeout(300), pytest.mark.network]

DATABASE = "my_database"
SCHEDULE_SECONDS_MAX = 75.0


class Overview:
    """A reader of the overview, whose server runs without authentication."""

    def __init__(self, document: Document, folder: Path) -> None:
        self.document = document
        self.plugins = folder / "plugins"
        repository = plugin_repository(folder)
        self.terminal = Terminal(
            folder,
            {"INFLUXDB3_PLUGIN_REPO": str(repository), "INFLUXDB3_START_WITHOUT_AUTH": "true"},
        )
        serve = document.shell("--NODE_ID")
        server = self.terminal.serve(serve, **{"/path/to/plugins": str(self.plugins)})
        self.client = ApiClient(server.url)
        created = self.terminal.run(f"influxdb3 create database {DATABASE}")
        assert created.status == 0, created.errors

    def save(self, name: str, *words: str) -> None:
        """Put the sample with these words into the plugin folder."""
        (self.plugins / name).write_text(self.document.python(*words))

    def trigger(self, name: str, specification: str, plugin: str, options: str = "") -> Finished:
        """Make a trigger with the flags of the text's command."""
        flags = f'--trigger-spec "{specification}" --plugin-filename {plugin} --database {DATABASE}'
        return self.terminal.run(f"influxdb3 create trigger {flags} {options} {name}")

    def wait_for_log(self, trigger: str, line: str) -> None:
        """Wait until a trigger has logged a line."""
        eventually(lambda: self.client.logs(DATABASE, trigger), lambda lines: line in lines)


@pytest.fixture(scope="module", params=VARIANTS)
def overview(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Overview]:
    document = guide(request.param, "overview.md", "002")
    reader = Overview(document, tmp_path_factory.mktemp(f"overview-{request.param}"))
    yield reader
    reader.client.http.close()
    reader.terminal.close()


def test_the_spelling_of_the_text_starts_the_server(overview: Overview) -> None:
    assert overview.plugins.is_dir()
    assert "node1" in overview.terminal.server_output()


def test_the_data_write_sample_counts_rows(overview: Overview) -> None:
    overview.save("process_sensors.py", "processed_data")
    created = overview.terminal.run(overview.document.shell("sensor_processor"))
    assert created.status == 0, created.errors
    lines = "\n".join(f"sensor_data,sensor=s{n} value={n}" for n in range(3))
    overview.client.write_all(DATABASE, lines)
    query = "SELECT source_table, row_count FROM processed_data"
    found = eventually(lambda: overview.client.rows(DATABASE, query), bool)
    assert found == [{"source_table": "sensor_data", "row_count": 3}]
    overview.wait_for_log("sensor_processor", "INFO: Processing 3 rows from sensor_data")


def test_the_scheduled_sample_finds_recent_metrics(overview: Overview) -> None:
    overview.save("recent_metrics.py", "recent metrics")
    overview.client.write_all(DATABASE, "metrics,host=a value=1 1")
    assert overview.trigger("recent", "every:1s", "recent_metrics.py").status == 0
    overview.wait_for_log("recent", "WARN: No recent metrics found")
    written = overview.terminal.run(
        f"influxdb3 write --database {DATABASE} --table metrics --field value=2 --tag host=b"
    )
    assert written.status == 0, written.errors
    overview.wait_for_log("recent", "INFO: Found 1 recent metrics")


def test_the_request_sample_takes_a_body(overview: Overview) -> None:
    overview.save("webhook.py", "Request params")
    assert overview.trigger("webhook", "request:webhook", "webhook.py").status == 0
    address = "/api/v3/engine/webhook?from=test"
    answer = overview.client.http.post(address, json={"level": 3})
    assert answer.json()["status"] == "success"
    overview.wait_for_log("webhook", "INFO: Request params: {'from': 'test'}")
    overview.wait_for_log("webhook", "INFO: Data: {'level': 3}")
    assert overview.client.http.get("/api/v3/engine/webhook").json()["status"] == "success"


def test_the_arguments_of_the_text_reach_the_plugin(overview: Overview) -> None:
    overview.save("threshold_check.py", "Threshold")
    created = overview.terminal.run(overview.document.shell("threshold_monitor"))
    assert created.status == 0, created.errors
    same = '--trigger-arguments "threshold=90,notify_email=admin@example.com"'
    assert overview.trigger("threshold", "every:1s", "threshold_check.py", same).status == 0
    overview.wait_for_log("threshold", "INFO: Threshold: 90.0, notify: admin@example.com")


@pytest.mark.parametrize(
    ("name", "specification"),
    [
        ("all", "all_tables"),
        ("five_minutes", "every:5m"),
        ("at_eight", "cron:0 0 8 * * *"),
    ],
)
def test_each_specification_of_the_text_is_taken(
    overview: Overview, name: str, specification: str
) -> None:
    created = overview.trigger(name, specification, "any.py")
    assert created.status == 0, created.errors
    listed = "SELECT trigger_name FROM system.processing_engine_triggers"
    assert {"trigger_name": name} in overview.client.rows(DATABASE, listed)


@pytest.mark.parametrize("behavior", ["log", "retry", "disable"])
def test_each_error_behavior_of_the_text_is_kept(overview: Overview, behavior: str) -> None:
    options = f"--error-behavior {behavior} " + overview.document.shell("--run-async").strip()
    created = overview.trigger(f"on_error_{behavior}", "table:nothing", "any.py", options)
    assert created.status == 0, created.errors
    query = "SELECT trigger_name, error_behavior FROM system.processing_engine_triggers"
    row = {"trigger_name": f"on_error_{behavior}", "error_behavior": behavior}
    assert row in overview.client.rows(DATABASE, query)


def test_packages_go_into_the_environment_of_the_text(overview: Overview) -> None:
    installed = overview.terminal.run(overview.document.shell("install package"))
    assert installed.status == 0, installed.errors
    package = "pandas" if "pandas" in overview.document.shell("install package") else "tabulate"
    packages = overview.plugins.glob("venv/lib/python*/site-packages/*")
    assert any(path.name.startswith(package) for path in packages)


def test_the_repository_plugin_of_the_text_runs(overview: Overview) -> None:
    created = overview.terminal.run(overview.document.shell("gh:examples"))
    assert created.status == 0, created.errors
    eventually(
        lambda: overview.client.rows(DATABASE, "SELECT load1 FROM system_load"),
        bool,
        seconds=SCHEDULE_SECONDS_MAX,
    )


def test_every_block_of_the_text_was_typed(overview: Overview) -> None:
    left = [block.text for block in overview.document.untaken() if "git clone" not in block.text]
    assert left == []
