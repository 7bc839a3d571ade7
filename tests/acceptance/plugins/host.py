"""A server with the official plugins in its plugin folder, as a scenario uses it."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from tests.acceptance.plugins.environment import Environment
from tests.acceptance.plugins.repository import Repository
from tests.api_client import ApiClient
from tests.polling import PAUSE_SECONDS
from tests.server_process import ServerProcess, serve_command

Value = TypeVar("Value")

# 2026-01-01T00:00:00Z, where the lines of the scenarios begin.
T0_S = 1_767_225_600
NS = 1_000_000_000
T0_NS = T0_S * NS
TRIGGERS = "/api/v3/configure/processing_engine_trigger"


@dataclass
class Host:
    """A running server, a client of it, and its plugin folder."""

    server: ServerProcess
    client: ApiClient
    plugins: Path

    def create_database(self, name: str) -> None:
        """Create a database that is not there yet."""
        answer = self.client.http.post("/api/v3/configure/database", json={"db": name})
        assert answer.status_code == 200, answer.text

    def trigger(
        self,
        database: str,
        name: str,
        specification: str,
        plugin: str,
        arguments: Mapping[str, str] | None = None,
    ) -> None:
        """Make a trigger that must be accepted."""
        answer = self.client.create_trigger(
            database, name, specification=specification, plugin=plugin, arguments=arguments
        )
        assert answer.status_code == 200, answer.text

    def change(self, method: str, database: str, name: str, path: str = "") -> httpx.Response:
        """Send a request about a trigger that exists: `path` is `/enable`, `/disable` or none."""
        where = {"db": database, "trigger_name": name}
        return self.client.http.request(method, TRIGGERS + path, params=where)

    def call(self, path: str, body: object = None) -> httpx.Response:
        """Post JSON, or nothing, to a request trigger."""
        if body is None:
            return self.client.http.post(f"/api/v3/engine/{path}")
        return self.client.http.post(f"/api/v3/engine/{path}", json=body)

    def errors(self, database: str, trigger: str) -> list[str]:
        """Give the errors in the log of a trigger."""
        return [li for li in self.client.logs(database, trigger) if li.startswith("ERROR")]

    def types(self, database: str, table: str) -> dict[str, str]:
        """Give the columns of a table and their types."""
        columns = "SELECT column_name, data_type FROM information_schema.columns"
        query = f"{columns} WHERE table_name = '{table}'"
        return {r["column_name"]: r["data_type"] for r in self.client.rows(database, query)}


@contextmanager
def started(
    folder: Path,
    repository: Repository,
    environment: Environment,
    *,
    data_dir: Path | None = None,
) -> Iterator[Host]:
    """Start a server whose plugin folder is a copy of the plugins; it is ended on leaving."""
    plugins = folder / "plugins"
    repository.copy_to(plugins)
    command = serve_command(data_dir, "--plugin-dir", str(plugins), *environment.option)
    variables = {"PLUGIN_DIR": str(plugins), "TZ": "UTC"}
    with ServerProcess(folder, command, variables) as server, ApiClient(server.url) as client:
        yield Host(server, client, plugins)


def stays(read: Callable[[], Value], value: Value, *, seconds: float) -> None:
    """Read again and again for a while: it must be the same each time."""
    deadline_s = time.monotonic() + seconds
    while time.monotonic() < deadline_s:
        assert read() == value
        time.sleep(PAUSE_SECONDS)
