"""The routes that configure tables, and the one that deletes rows of them."""

import msgspec
from starlette.responses import Response

from influxpe.http.messages import Call, Refusal, empty_response
from influxpe.http.names import check_database_name
from influxpe.http.parameters import json_parameters, query_parameters
from influxpe.http.services import Services
from influxpe.http.times import (
    TIME_NS_MAX,
    TIME_NS_MIN,
    hard_delete_at_ns,
    retention_ns,
    time_ns,
)


class _Field(msgspec.Struct):
    name: str
    type: str


class _Table(msgspec.Struct):
    db: str
    table: str
    tags: list[str]
    fields: list[_Field]
    retention_period: str | None = None


class _Retention(msgspec.Struct):
    db: str
    table: str
    retention_period: str | None = None


class _DeleteTable(msgspec.Struct):
    db: str
    table: str
    hard_delete_at: str | None = None


# A value, several of which any will do, or null for rows without the tag.
_TagValues = str | list[str | None] | None


class _DeleteRows(msgspec.Struct):
    db: str
    table: str
    start: int | str | None = None
    stop: int | str | None = None
    tags: dict[str, _TagValues] = {}


class TableEndpoints:
    """Tables of one engine."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._engine = services.engine
        self._bytes_max = services.config.max_http_request_size

    async def create(self, call: Call) -> Response:
        """Create a table, and its database where it is missing."""
        given = json_parameters(_Table, call, self._bytes_max)
        check_database_name(given.db)
        fields = [(field.name, field.type) for field in given.fields]
        period_ns = retention_ns(given.retention_period)
        await self._services.threads.catalog(
            lambda: self._engine.create_table(
                given.db, given.table, tags=given.tags, fields=fields, retention_ns=period_ns
            )
        )
        return empty_response()

    async def update(self, call: Call) -> Response:
        """Set the retention period of a table; without one its database decides again."""
        given = json_parameters(_Retention, call, self._bytes_max)
        period_ns = retention_ns(given.retention_period)
        await self._services.threads.catalog(
            lambda: self._engine.set_table_retention(given.db, given.table, period_ns)
        )
        return empty_response()

    async def delete(self, call: Call) -> Response:
        """Mark a table as deleted, and say when its rows go for good."""
        given = query_parameters(_DeleteTable, call)
        now_ns = self._services.clock.now_ns()
        purge_ns = hard_delete_at_ns(given.hard_delete_at, now_ns)

        def work() -> None:
            self._engine.delete_table(
                given.db, given.table, now_ns=now_ns, hard_delete_at_ns=purge_ns
            )
            self._engine.purge(now_ns=now_ns)

        await self._services.threads.catalog(work)
        return empty_response()

    async def delete_rows(self, call: Call) -> Response:
        """Delete rows by time (`start` included, `stop` not) and tags; gone on return."""
        given = json_parameters(_DeleteRows, call, self._bytes_max)
        if given.start is None and given.stop is None and not given.tags:
            raise Refusal(
                400, "name `start`, `stop` or `tags`: without any of them every row would go"
            )
        first_ns = TIME_NS_MIN if given.start is None else time_ns(given.start)
        last_ns = TIME_NS_MAX if given.stop is None else time_ns(given.stop) - 1
        tags = [(tag, _values(values)) for tag, values in given.tags.items()]
        await self._services.threads.catalog(
            lambda: self._engine.delete_rows(
                given.db, given.table, first_ns=first_ns, last_ns=last_ns, tags=tags
            )
        )
        return empty_response()


def _values(given: _TagValues) -> list[str | None]:
    return given if isinstance(given, list) else [given]
