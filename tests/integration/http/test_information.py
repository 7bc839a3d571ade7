"""What a server tells about itself, and what holds for every answer."""

import pytest

from tests.api_client import ApiClient
from tests.server_process import ServerProcess


def test_health(client: ApiClient) -> None:
    for path in ("/health", "/api/v1/health"):
        answer = client.http.get(path)
        assert (answer.status_code, answer.text) == (200, "OK")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_ping_names_product_version_and_process(client: ApiClient, method: str) -> None:
    answer = client.http.request(method, "/ping")
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    assert list(document) == ["product_name", "version", "revision", "process_id"]
    assert document["product_name"] == "InfluxDB 3 Core"
    assert answer.headers["x-influxdb-version"] == document["version"]
    assert answer.headers["x-influxdb-build"] == "Core"
    assert answer.headers["request-id"] == answer.headers["x-request-id"]


def test_metrics_count_requests_and_lines(client: ApiClient) -> None:
    client.write_all("m", "cpu value=1 1\ncpu value=2 2")
    answer = client.http.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.text.endswith("# EOF\n")
    assert 'influxdb3_write_lines_total{db="m"} 2' in answer.text
    assert 'path="/api/v3/write_lp",status="204"} 1' in answer.text
    assert "influxpe_rows_written_total" in answer.text


def test_preflight_allows_everything_everywhere(client: ApiClient) -> None:
    answer = client.http.options("/any/path")
    assert (answer.status_code, answer.content) == (204, b"")
    for name in ("origin", "methods", "headers"):
        assert answer.headers[f"access-control-allow-{name}"] == "*"
    assert answer.headers["access-control-max-age"] == "86400"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("GET", "/health/"),
        ("GET", "//health"),
        ("HEAD", "/health"),
        ("DELETE", "/ping"),
        ("TRACE", "/api/v3/engine/x"),
        ("GET", "/api/v3/write_lp?db=a"),
        ("PUT", "/api/v3/query_influxql?db=a&q=x"),
        ("PUT", "/query?db=a&q=x"),
        ("GET", "/api/v3/configure/last_cache"),
    ],
)
def test_wrong_paths_and_wrong_methods_are_the_same_404(
    client: ApiClient, method: str, path: str
) -> None:
    answer = client.http.request(method, path)
    assert answer.status_code == 404
    assert answer.text == ("" if method == "HEAD" else "Not found")


def test_unknown_engine_path_is_named_in_json(client: ApiClient) -> None:
    answer = client.http.post("/api/v3/engine/webhook", json={"message": "hi"})
    assert answer.status_code == 404
    assert "webhook" in answer.json()["error"]


def test_a_header_of_300_kilobytes_is_accepted(client: ApiClient) -> None:
    assert client.http.get("/ping", headers={"X-Long": "x" * 300_000}).status_code == 200


def test_output_says_where_the_data_is_and_what_to_try(server: ServerProcess) -> None:
    lines = server.output().splitlines()
    assert "server starting" in lines[0]
    started = next(n for n, line in enumerate(lines) if "startup time: " in line)
    assert f"address={server.address}" in lines[started]
    assert "memory" in lines[started + 1]
    assert "influxpe write" in lines[started + 1]
