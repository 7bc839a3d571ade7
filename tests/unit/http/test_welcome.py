"""The line that tells a person what to try next."""

from pathlib import Path

from influxpe.config import ServerConfig
from influxpe.http.welcome import next_steps


def test_fresh_server_with_authentication_asks_for_a_token() -> None:
    config = ServerConfig(data_dir=Path("/data"))
    line = next_steps(config, "0.0.0.0:8181", has_tokens=False)
    assert line == "data is in /data; try next: influxpe create token --admin"


def test_server_with_a_token_shows_write_and_query() -> None:
    line = next_steps(ServerConfig(data_dir=Path("/data")), "0.0.0.0:8181", has_tokens=True)
    assert "influxpe write -d mydb" in line
    assert "influxpe query -d mydb" in line


def test_other_addresses_are_named_so_that_clients_reach_them() -> None:
    config = ServerConfig(object_store="memory", without_auth=True)
    line = next_steps(config, "0.0.0.0:9999", has_tokens=False)
    assert "memory" in line
    assert "influxpe write --host http://127.0.0.1:9999 -d mydb" in line
