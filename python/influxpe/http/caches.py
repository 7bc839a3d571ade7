"""The routes that make and delete last-value and distinct-value caches."""

from typing import Annotated

import msgspec
from starlette.responses import Response

from influxpe._engine import CacheInfo
from influxpe.http.messages import Call, empty_response, json_response
from influxpe.http.parameters import json_parameters, query_parameters
from influxpe.http.services import Services

# What the engine takes is 64 bits wide; that a number is not too large, or 0, the engine says.
_Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _LastCache(msgspec.Struct):
    db: str
    table: str
    name: str | None = None
    key_columns: list[str] | None = None
    value_columns: list[str] | None = None
    count: _Number = 1
    ttl: _Number = 4 * 60 * 60


class _DistinctCache(msgspec.Struct):
    db: str
    table: str
    columns: list[str]
    name: str | None = None
    max_cardinality: _Number = 100_000
    max_age: _Number = 24 * 60 * 60


class _DeleteCache(msgspec.Struct):
    db: str
    table: str
    name: str


class CacheEndpoints:
    """Caches of one engine."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._engine = services.engine
        self._bytes_max = services.config.max_http_request_size

    async def create_last(self, call: Call) -> Response:
        """Make a last-value cache."""
        given = json_parameters(_LastCache, call, self._bytes_max)
        now_ns = self._services.clock.now_ns()
        made = await self._services.threads.catalog(
            lambda: self._engine.create_last_cache(
                given.db,
                given.table,
                name=given.name,
                key_columns=given.key_columns,
                value_columns=given.value_columns,
                count=given.count,
                ttl_s=given.ttl,
                now_ns=now_ns,
            )
        )
        record = {
            "table_id": made.table_id,
            "table": given.table,
            "id": made.id,
            "node_spec": "all",
            "name": made.name,
            "key_columns": _columns(made.key_columns),
            "value_columns": _values(made),
            "count": given.count,
            "ttl": given.ttl,
        }
        return _created(made, given.db, now_ns, {"CreateLastCache": record})

    async def create_distinct(self, call: Call) -> Response:
        """Make a distinct-value cache."""
        given = json_parameters(_DistinctCache, call, self._bytes_max)
        now_ns = self._services.clock.now_ns()
        made = await self._services.threads.catalog(
            lambda: self._engine.create_distinct_cache(
                given.db,
                given.table,
                name=given.name,
                columns=given.columns,
                max_cardinality=given.max_cardinality,
                max_age_s=given.max_age,
                now_ns=now_ns,
            )
        )
        record = {
            "table_id": made.table_id,
            "table_name": given.table,
            "node_spec": "all",
            "cache_id": made.id,
            "cache_name": made.name,
            "column_ids": _columns(made.key_columns),
            "max_cardinality": given.max_cardinality,
            "max_age_seconds": given.max_age,
            "source": {"type": "User"},
        }
        return _created(made, given.db, now_ns, {"CreateDistinctCache": record})

    async def delete_last(self, call: Call) -> Response:
        """Forget a last-value cache."""
        given = self._which(call)
        await self._services.threads.catalog(
            lambda: self._engine.delete_last_cache(given.db, given.table, given.name)
        )
        return empty_response()

    async def delete_distinct(self, call: Call) -> Response:
        """Forget a distinct-value cache."""
        given = self._which(call)
        await self._services.threads.catalog(
            lambda: self._engine.delete_distinct_cache(given.db, given.table, given.name)
        )
        return empty_response()

    def _which(self, call: Call) -> _DeleteCache:
        """Read the parameters of a deletion: those of the URL go before a body."""
        if call.query_string:
            return query_parameters(_DeleteCache, call)
        return json_parameters(_DeleteCache, call, self._bytes_max)


def _columns(places: list[tuple[bool, int]]) -> list[dict[str, object]]:
    """Number columns as InfluxDB 3 does: tags from 0, and fields from 0 in the one family."""
    return [{"tag": place} if is_tag else {"field": [0, place]} for is_tag, place in places]


def _values(made: CacheInfo) -> object:
    if made.value_columns is None:
        return "all_non_key_columns"
    return {"explicit": {"columns": [*_columns(made.value_columns), "timestamp"]}}


def _created(made: CacheInfo, database: str, now_ns: int, record: dict[str, object]) -> Response:
    """Answer with the change of the catalog, as clients of InfluxDB 3 read it."""
    batch = {
        "time_ns": now_ns,
        "database_id": made.database_id,
        "database_name": database,
        "ops": [record],
    }
    answer = {"catalog_batch": {"Database": batch}, "sequence_number": made.position}
    return json_response(answer, 201)
