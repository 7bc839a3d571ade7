"""The routes that configure databases and their retention."""

from collections.abc import Iterable

import msgspec
from starlette.responses import Response

from influxpe._engine import DatabaseInfo
from influxpe.http.messages import Answer, Call, empty_response
from influxpe.http.names import INTERNAL_DATABASE, check_database_name
from influxpe.http.parameters import Flag, json_parameters, query_parameters
from influxpe.http.query import FORMATS, FormatName, answer_query
from influxpe.http.services import Services
from influxpe.http.times import hard_delete_at_ns, retention_ns


class _List(msgspec.Struct):
    format: FormatName
    show_deleted: Flag = "false"


class _Database(msgspec.Struct):
    db: str
    retention_period: str | None = None


class _DeleteDatabase(msgspec.Struct):
    db: str
    hard_delete_at: str | None = None


class _Retention(msgspec.Struct):
    db: str
    duration: str


class _Name(msgspec.Struct):
    db: str


class DatabaseEndpoints:
    """Databases of one engine."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._engine = services.engine
        self._bytes_max = services.config.max_http_request_size

    async def show(self, call: Call) -> Answer:
        """List the databases in any format that a query has."""
        given = query_parameters(_List, call)
        databases = await self._services.threads.catalog(self._engine.databases)
        sql = list_sql(databases, show_deleted=given.show_deleted == "true")
        return await answer_query(
            self._services,
            call,
            INTERNAL_DATABASE,
            sql,
            form=FORMATS[given.format],
        )

    async def create(self, call: Call) -> Response:
        """Create a database."""
        given = json_parameters(_Database, call, self._bytes_max)
        check_database_name(given.db)
        period_ns = retention_ns(given.retention_period)
        await self._services.threads.catalog(
            lambda: self._engine.create_database(given.db, retention_ns=period_ns)
        )
        return empty_response()

    async def update(self, call: Call) -> Response:
        """Set the retention period of a database, or clear it."""
        given = json_parameters(_Database, call, self._bytes_max)
        return await self._set_retention(given.db, retention_ns(given.retention_period), 200)

    async def set_retention(self, call: Call) -> Response:
        """Set the retention period by query string."""
        given = query_parameters(_Retention, call)
        return await self._set_retention(given.db, retention_ns(given.duration), 204)

    async def clear_retention(self, call: Call) -> Response:
        """Clear the retention period by query string."""
        return await self._set_retention(query_parameters(_Name, call).db, None, 204)

    async def _set_retention(self, name: str, period_ns: int | None, status: int) -> Response:
        await self._services.threads.catalog(lambda: self._engine.set_retention(name, period_ns))
        return empty_response(status)

    async def delete(self, call: Call) -> Response:
        """Mark a database as deleted, and say when its rows go for good."""
        given = query_parameters(_DeleteDatabase, call)
        now_ns = self._services.clock.now_ns()
        purge_ns = hard_delete_at_ns(given.hard_delete_at, now_ns)

        def work() -> None:
            self._engine.delete_database(given.db, now_ns=now_ns, hard_delete_at_ns=purge_ns)
            self._engine.purge(now_ns=now_ns)

        await self._services.threads.catalog(work)
        return empty_response()


def list_sql(databases: Iterable[DatabaseInfo], *, show_deleted: bool) -> str:
    """Compose a query whose rows are the databases, so that every format comes from one place."""
    rows = [
        f"({_quoted(database.name)}, {str(database.deleted).lower()})"
        for database in databases
        if show_deleted or not database.deleted
    ]
    columns = '"iox::database", deleted' if show_deleted else '"iox::database"'
    source = f'(VALUES {", ".join(rows)}) AS shown("iox::database", deleted)'
    return f'SELECT {columns} FROM {source} ORDER BY deleted, "iox::database"'  # noqa: S608 - quoted


def _quoted(name: str) -> str:
    escaped = name.replace("'", "''")
    return f"'{escaped}'"
