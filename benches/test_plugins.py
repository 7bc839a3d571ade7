"""What triggers cost when they rest, and what is left for clients while a plugin does harm."""

import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.generator import bodies
from benches.load import percentile, send_all
from benches.processes import processor_seconds, used_by
from tests.api_client import ApiClient
from tests.polling import eventually
from tests.server_process import ServerProcess, serve_command

WRITE_TRIGGERS, REQUEST_TRIGGERS, SCHEDULE_TRIGGERS = 100, 50, 50
TRIGGERS = WRITE_TRIGGERS + REQUEST_TRIGGERS + SCHEDULE_TRIGGERS
REST_SECONDS = 10.0
# A template and one worker for each trigger.
RUN_SECONDS_MAX = 120.0
# From the creation of schedules to their only tick of this day: longer than it takes to make them.
UNTIL_TICK = timedelta(seconds=15)

CONNECTIONS = 4
LINES_PER_BATCH = 5_000
BATCHES_PER_ROUND = 40
ROUNDS = 9
HOSTS = 100
SINGLE_ROWS = 2_000
DATABASE = "bench"
TRIGGER = "/api/v3/configure/processing_engine_trigger"
ALL_KINDS = """
def process_writes(influxdb3_local, table_batches, args=None):
    pass


def process_scheduled_call(influxdb3_local, call_time, args=None):
    pass


def process_request(influxdb3_local, query_parameters, request_headers, request_body, args=None):
    return "well"
"""
SCHEDULED = "def process_scheduled_call(influxdb3_local, call_time, args=None):\n"
# Each has a worker that is at it all the time; the last one dies ten times a second.
HARM = {
    "sleeps": f"{SCHEDULED}    import time\n    time.sleep(3600)\n",
    "burns": f"{SCHEDULED}    while True:\n        pass\n",
    "eats": f"""{SCHEDULED}    kept = []
    while True:
        try:
            kept.append(bytearray(1 << 20))
        except MemoryError:
            kept.clear()
""",
    "dies": f"{SCHEDULED}    import os\n    os._exit(7)\n",
}
MEMORY_LIMIT_BYTES = 1_000_000_000


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    """Give an empty folder for plugins."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    return folder


@pytest.fixture
def server(tmp_path: Path, plugins: Path) -> Iterator[ServerProcess]:
    """Run a server that has plugins, one for each bench."""
    command = serve_command(tmp_path / "data", "--plugin-dir", str(plugins))
    with ServerProcess(tmp_path, command) as running:
        yield running


def make_trigger(api: ApiClient, name: str, specification: str, plugin: str) -> None:
    """Make a trigger of a plugin that lies there."""
    settings = {"run_async": False, "error_behavior": "log"}
    if plugin == "eats.py":
        settings["memory_limit_bytes"] = MEMORY_LIMIT_BYTES
    api.create_trigger(
        DATABASE, name, specification=specification, plugin=plugin, settings=settings
    ).raise_for_status()


def test_triggers_at_rest(
    benchmark: BenchmarkFixture, server: ServerProcess, plugins: Path
) -> None:
    """Make triggers of all kinds, have each run once, and look what they take when they rest.

    The rate is that of requests to triggers that have no worker yet, one after another.
    """
    (plugins / "all_kinds.py").write_text(ALL_KINDS)
    with ApiClient(server.url) as api:
        before = used_by(server.pid)
        make_triggers(api)
        benchmark.pedantic(lambda: request_each_once(api), rounds=1)
        wait_for_runs(api)
    assert used_by(server.pid).processes == TRIGGERS + 2
    spent_s = processor_seconds(server.pid)
    time.sleep(REST_SECONDS)
    cpu_percent = 100 * (processor_seconds(server.pid) - spent_s) / REST_SECONDS
    benchmark.extra_info |= {"unit": "first runs/s", "quantity": REQUEST_TRIGGERS}
    benchmark.extra_info |= {"cpu_percent": cpu_percent, "memory_mb": used_by(server.pid).memory_mb}
    benchmark.extra_info["memory_mb_before"] = before.memory_mb


def make_triggers(api: ApiClient) -> None:
    """Make all triggers; those on writes have a row to run on, the schedules one tick this day."""
    api.write_all(DATABASE, "other v=1i")
    tick = datetime.now(UTC) + UNTIL_TICK
    cron = f"cron:{tick.second} {tick.minute} {tick.hour} * * *"
    for number in range(SCHEDULE_TRIGGERS):
        make_trigger(api, f"schedule_{number}", cron, "all_kinds.py")
    for number in range(WRITE_TRIGGERS):
        make_trigger(api, f"write_{number}", f"table:table_{number}", "all_kinds.py")
    for number in range(REQUEST_TRIGGERS):
        make_trigger(api, f"request_{number}", f"request:request_{number}", "all_kinds.py")
    assert datetime.now(UTC) < tick, "the schedules were made too late for their tick"
    api.write_all(DATABASE, "\n".join(f"table_{n} v=1i" for n in range(WRITE_TRIGGERS)))


def request_each_once(api: ApiClient) -> None:
    for number in range(REQUEST_TRIGGERS):
        api.http.get(f"/api/v3/engine/request_{number}").raise_for_status()


def wait_for_runs(api: ApiClient) -> None:
    """Wait until all triggers have run."""
    runs = "SELECT count(DISTINCT trigger_name) AS n FROM system.processing_engine_runs"
    eventually(
        lambda: api.rows(DATABASE, runs), lambda r: r == [{"n": TRIGGERS}], seconds=RUN_SECONDS_MAX
    )


class Harm:
    """A trigger whose plugin does harm, while it is enabled."""

    def __init__(self, api: ApiClient, plugins: Path, name: str) -> None:
        self._api = api
        self._name = name
        self._parameters = {"db": DATABASE, "trigger_name": name}
        (plugins / f"{name}.py").write_text(HARM[name])
        api.write_all(DATABASE, "other v=1i")
        make_trigger(api, name, "every:100ms", f"{name}.py")

    def begin(self) -> None:
        """Let it be at it; comes back when its worker is."""
        before = self._starts()
        self._api.http.post(f"{TRIGGER}/enable", params=self._parameters).raise_for_status()
        eventually(self._starts, lambda starts: starts > before)

    def end(self) -> None:
        """Stop it; its worker ends."""
        self._api.http.post(f"{TRIGGER}/disable", params=self._parameters).raise_for_status()

    def _starts(self) -> int:
        log = "system.processing_engine_logs"
        starts = f"trigger_name = '{self._name}' AND log_text LIKE 'starting execution%'"
        rows = self._api.rows(DATABASE, f"SELECT count(*) AS n FROM {log} WHERE {starts}")  # noqa: S608 - names of this file
        return int(rows[0]["n"]) if rows else 0


@pytest.mark.parametrize("harm", HARM)
def test_ingest_beside_a_plugin(
    benchmark: BenchmarkFixture, server: ServerProcess, plugins: Path, harm: str
) -> None:
    """Write batches in turns without the plugin and while it is at it, then single rows.

    The machine may change within a minute: each turn has its pair right before it.
    """
    batches = iter(bodies((2 * ROUNDS + 1) * BATCHES_PER_ROUND, LINES_PER_BATCH, HOSTS))
    path = "/api/v3/write_lp?db=batches&precision=nanosecond"
    without_s: list[float] = []

    def ingest(own: list[bytes]) -> None:
        send_all(server.address, path, own, connections=CONNECTIONS)

    def without() -> float:
        own = list(islice(batches, BATCHES_PER_ROUND))
        started_s = time.perf_counter()
        ingest(own)
        return time.perf_counter() - started_s

    with ApiClient(server.url) as api:
        harming = Harm(api, plugins, harm)

        def next_round() -> tuple[tuple[list[bytes]], dict[str, object]]:
            harming.end()
            without_s.append(without())
            harming.begin()
            return (list(islice(batches, BATCHES_PER_ROUND)),), {}

        without()
        benchmark.pedantic(ingest, setup=next_round, rounds=ROUNDS)
    assert benchmark.stats is not None
    pairs = zip(without_s, benchmark.stats.stats.data, strict=True)
    benchmark.extra_info |= {"unit": "rows/s", "quantity": BATCHES_PER_ROUND * LINES_PER_BATCH}
    benchmark.extra_info["times_without"] = statistics.median(a / b for a, b in pairs)
    benchmark.extra_info |= single_rows(server)


def single_rows(server: ServerProcess) -> dict[str, float]:
    """Write single rows, one after another; says how long their answers took."""
    path = "/api/v3/write_lp?db=single&precision=nanosecond"
    waits_ms = send_all(server.address, path, bodies(SINGLE_ROWS, 1), connections=1)
    return {"ack_p50_ms": percentile(waits_ms, 0.5), "ack_p99_ms": percentile(waits_ms, 0.99)}
