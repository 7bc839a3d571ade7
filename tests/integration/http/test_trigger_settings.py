"""Settings of triggers beyond the reference, and dead letters, over HTTP and by the command."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api_client import ApiClient
from tests.polling import eventually
from tests.server_process import SCRIPTS, ServerProcess, environment_for, serve_command

TRIGGER = "/api/v3/configure/processing_engine_trigger"
LETTERS = "system.processing_engine_dead_letters"
FAILS = "def process_writes(influxdb3_local, table_batches, args=None):\n    1 / 0\n"
COPIES = (
    "def process_writes(influxdb3_local, table_batches, args=None):\n"
    "    for row in table_batches[0]['rows']:\n"
    "        line = LineBuilder('copy').int64_field('v', row['v'])\n"
    "        influxdb3_local.write(line.time_ns(row['time']))\n"
)


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plugins")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, plugins: Path) -> Iterator[ServerProcess]:
    command = [*serve_command(None), "--plugin-dir", str(plugins)]
    with ServerProcess(tmp_path_factory.mktemp("server"), command) as running:
        yield running


def create(client: ApiClient, name: str, settings: dict[str, object]) -> tuple[int, str]:
    client.http.post("/api/v3/configure/database", json={"db": "db"})
    document = {
        "db": "db",
        "plugin_filename": f"{name}.py",
        "trigger_name": name,
        "trigger_specification": "table:m",
        "trigger_settings": settings,
    }
    response = client.http.post(TRIGGER, json=document)
    return response.status_code, response.text


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"time_limit": "5 parsecs"}, "invalid duration '5 parsecs'"),
        ({"time_limit": 5}, "expected str | null at `trigger_settings.time_limit`"),
        (
            {"memory_limit_bytes": 5},
            "memory_limit_bytes must be from 67108864 to 9223372036854775807, not 5",
        ),
        ({"max_attempts": 0}, "max_attempts must be from 1 to 1000, not 0"),
        ({"missed_runs": "never"}, "never"),
        ({"time_zone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"batch_rows": 0}, "batch_rows must be from 1 to 1000000, not 0"),
        ({"batch_interval": "2days"}, "batch_interval (in s) must be from 0 to 86400.0"),
        ({"where": "v >"}, "SQL"),
        ({"variables": {"A B": "1"}}, "'A B' is no name of an environment variable"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(
    client: ApiClient, plugins: Path, settings: dict[str, object], reason: str
) -> None:
    (plugins / "bad.py").write_text(COPIES)
    status, text = create(client, "bad", settings)
    assert status == 400, text
    assert reason in text
    assert client.rows("db", "SELECT * FROM system.processing_engine_triggers") == []


def test_dead_letters_are_run_again_by_the_command(
    server: ServerProcess, client: ApiClient, plugins: Path
) -> None:
    (plugins / "mends.py").write_text(FAILS)
    settings: dict[str, object] = {"error_behavior": "retry", "max_attempts": 1, "own_output": True}
    assert create(client, "mends", settings)[0] == 200
    client.write_all("db", "m v=1i 1\nm v=2i 2")
    read = f"SELECT status FROM {LETTERS}"  # noqa: S608 - a name of ours
    eventually(lambda: client.rows("db", read), lambda rows: rows == [{"status": "waiting"}])
    failed = replay(server, plugins, "--trigger", "mends")
    assert failed.returncode == 1
    still = "1 dead letter of trigger mends still waits"
    assert f"ZeroDivisionError: division by zero; {still}" in failed.stderr
    assert failed.stdout == ""
    (plugins / "mends.py").write_text(COPIES)
    done = replay(server, plugins, "--trigger", "mends")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "1 run of trigger mends replayed successfully\n"
    assert client.rows("db", "SELECT v FROM copy ORDER BY time") == [{"v": 1}, {"v": 2}]
    assert client.rows("db", read) == [{"status": "replayed"}]
    unknown = replay(server, plugins, "--trigger", "nobody")
    assert unknown.returncode == 1
    assert "the requested resource was not found: nobody" in unknown.stderr
    metrics = client.http.get("/metrics").text
    assert 'influxpe_trigger_dead_letters_total{db="db",trigger="mends"} 1' in metrics
    assert 'influxpe_trigger_run_seconds_total{db="db",trigger="mends"}' in metrics


def replay(server: ServerProcess, home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(SCRIPTS / "influxpe"), "replay", "--host", server.url, "-d", "db", *options]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=30, env=environment_for(home), check=False
    )
