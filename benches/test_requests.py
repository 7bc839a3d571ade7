"""HTTP requests that a plugin answers, in the process of the plugin, with what they brought."""

from collections.abc import Iterator

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.load import Writer, percentile, send_all
from tests.api_client import ApiClient
from tests.server_process import ServerProcess, serve_command

CLIENTS = 8
REQUESTS_PER_ROUND = 10_000
ROUNDS = 5
BODY = b'{"sensor":"kitchen","temperature":21.4,"humidity":38.2,"ok":true}'
ECHO = """
def process_request(influxdb3_local, query_parameters, request_headers, request_body, args=None):
    return request_body
"""


class Caller(Writer):
    """A client of the plugin."""

    well = b"HTTP/1.1 200 "
    end = b"\r\n\r\n" + BODY


@pytest.fixture(scope="module")
def plugin_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Run a server that has plugins."""
    folder = tmp_path_factory.mktemp("requests")
    plugins = folder / "plugins"
    plugins.mkdir()
    (plugins / "echo.py").write_text(ECHO)
    command = serve_command(folder / "data", "--plugin-dir", str(plugins))
    with ServerProcess(folder, command) as running, ApiClient(running.url) as api:
        api.http.post("/api/v3/configure/database", json={"db": "bench"}).raise_for_status()
        make_trigger(api, "turns", overlapping=False)
        make_trigger(api, "beside", overlapping=True)
        yield running


def make_trigger(api: ApiClient, name: str, *, overlapping: bool) -> None:
    settings = {"run_async": overlapping, "error_behavior": "log"}
    api.create_trigger(
        "bench", name, specification=f"request:{name}", plugin="echo.py", settings=settings
    ).raise_for_status()


@pytest.mark.parametrize("trigger", ["turns", "beside"], ids=["in turn", "overlapping"])
def test_requests_to_a_plugin(
    benchmark: BenchmarkFixture, plugin_server: ServerProcess, trigger: str
) -> None:
    """Ask over kept-alive connections, each of which waits for its answer."""
    waits_ms: list[float] = []
    path = f"/api/v3/engine/{trigger}"
    bodies = [BODY] * REQUESTS_PER_ROUND

    def ask() -> None:
        waits_ms.extend(
            send_all(plugin_server.address, path, bodies, connections=CLIENTS, client=Caller)
        )

    ask()
    waits_ms.clear()
    benchmark.pedantic(ask, rounds=ROUNDS)
    waits_ms.sort()
    benchmark.extra_info |= {
        "unit": "requests/s",
        "quantity": REQUESTS_PER_ROUND,
        "p50_ms": percentile(waits_ms, 0.5),
        "p99_ms": percentile(waits_ms, 0.99),
    }
