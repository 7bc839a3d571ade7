"""The HTTP interface as tests use it: write lines, ask questions, make triggers."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

REQUEST_SECONDS_MAX = 30.0


class ApiClient:
    """A connection to one server; `token` is sent where it is given."""

    def __init__(self, url: str, *, token: str | None = None) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self.http = httpx.Client(base_url=url, headers=headers, timeout=REQUEST_SECONDS_MAX)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.http.close()

    def write(self, database: str, lines: str, **parameters: str) -> httpx.Response:
        """Post line protocol to `/api/v3/write_lp`."""
        query = {"db": database, "precision": "nanosecond"} | parameters
        return self.http.post("/api/v3/write_lp", params=query, content=lines.encode())

    def write_all(self, database: str, lines: str, **parameters: str) -> None:
        """Write lines that must all be taken."""
        response = self.write(database, lines, **parameters)
        assert response.status_code == 204, response.text

    def sql(self, database: str, query: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - JSON
        """Post a query to `/api/v3/query_sql`; `more` are further members of the body."""
        body = {"db": database, "q": query, "format": "json"} | more
        return self.http.post("/api/v3/query_sql", json=body)

    def rows(self, database: str, query: str) -> list[dict[str, Any]]:
        """Give the rows of a query; none where its database or table does not exist yet."""
        response = self.sql(database, query)
        if response.status_code in {400, 404} and "not found" in response.text:
            return []
        assert response.status_code == 200, response.text
        rows: list[dict[str, Any]] = response.json()
        return rows

    def create_trigger(
        self,
        database: str,
        name: str,
        *,
        specification: str,
        plugin: str,
        arguments: Mapping[str, str] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """Post a trigger; `settings` are `run_async` and `error_behavior`."""
        body = {
            "db": database,
            "trigger_name": name,
            "plugin_filename": plugin,
            "trigger_specification": specification,
            "trigger_settings": dict(settings or {"run_async": False, "error_behavior": "log"}),
            "trigger_arguments": None if arguments is None else dict(arguments),
            "disabled": False,
        }
        return self.http.post("/api/v3/configure/processing_engine_trigger", json=body)

    def logs(self, database: str, trigger: str) -> list[str]:
        """Give the log of one trigger as `LEVEL: text` lines, oldest first."""
        columns = "log_level, log_text"
        table = "system.processing_engine_logs"
        query = (
            f"SELECT {columns} FROM {table} WHERE trigger_name = '{trigger}' ORDER BY event_time"  # noqa: S608 - names of the test itself
        )
        return [f"{row['log_level']}: {row['log_text']}" for row in self.rows(database, query)]
