"""The ASGI application: the route table, and the order of checks in front of it.

Each request goes: preflight, gate (authentication), route, body, endpoint, answer. A path that
does not exist and a method that a path does not have are both 404, after the gate.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from influxpe.http import call_plugin, errors, query, write
from influxpe.http.auth import Gate, preflight
from influxpe.http.backup import BackupEndpoints
from influxpe.http.bodies import discard, read_body
from influxpe.http.caches import CacheEndpoints
from influxpe.http.call_plugin import ENGINE_PREFIX, PluginCallEndpoint
from influxpe.http.cancel_query import CancelQueryEndpoint
from influxpe.http.databases import DatabaseEndpoints
from influxpe.http.flight.service import FlightService, is_call
from influxpe.http.hypercorn_glue import abort
from influxpe.http.influxql import InfluxqlEndpoints
from influxpe.http.information import InformationEndpoints
from influxpe.http.messages import (
    CORS_HEADER,
    Answer,
    Call,
    Disconnected,
    Endpoint,
    Refusal,
    Streamed,
)
from influxpe.http.plugin_uploads import PluginUploadEndpoints
from influxpe.http.plugins import PluginEndpoints
from influxpe.http.query import QueryEndpoints
from influxpe.http.services import Services
from influxpe.http.tables import TableEndpoints
from influxpe.http.tokens import TokenEndpoints
from influxpe.http.triggers import TriggerEndpoints
from influxpe.http.v1 import query as v1
from influxpe.http.v1.query import QueryV1Endpoint
from influxpe.http.write import WriteEndpoints
from influxpe.http.write_arrow import ArrowEndpoint, answer_stream_error

logger = logging.getLogger(__name__)

CONFIGURE = "/api/v3/configure"
UNROUTED = "(none)"
PATH_LOGGED_CHARACTERS_MAX = 256


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint, its path for the metrics, and the form of its errors."""

    path: str
    endpoint: Endpoint
    answer_error: Callable[[Exception], Response] = errors.answer


Routes = dict[tuple[str, str], Route]
# Methods, path, endpoint; errors have the general form.
Row = tuple[str, str, Endpoint]


def routes(services: Services) -> Routes:
    """Give the route table: (method, path) to endpoint."""
    return {
        **_data_routes(services),
        **_table(
            [
                *_information_routes(services),
                *_catalog_routes(services),
                *_token_routes(services),
                *_plugin_routes(services),
                *_backup_routes(services),
            ]
        ),
    }


def _table(rows: list[Row]) -> Routes:
    return {
        (method, path): Route(path, endpoint)
        for methods, path, endpoint in rows
        for method in methods.split()
    }


def _data_routes(services: Services) -> Routes:
    writes, queries = WriteEndpoints(services), QueryEndpoints(services)
    arrow, influxql = ArrowEndpoint(services), InfluxqlEndpoints(services)
    query_v1 = QueryV1Endpoint(services)
    found = [
        ("POST", Route("/api/v3/write_lp", writes.v3, write.answer_error)),
        ("POST", Route("/api/v3/write_arrow", arrow.write, answer_stream_error)),
        ("POST", Route("/write", writes.v1, write.answer_error)),
        ("POST", Route("/api/v2/write", writes.v2, write.answer_error_v2)),
        ("GET", Route("/api/v3/query_sql", queries.get, query.answer_error)),
        ("POST", Route("/api/v3/query_sql", queries.post, query.answer_error)),
        ("GET", Route("/query", query_v1.answer, v1.answer_error)),
        ("POST", Route("/query", query_v1.answer, v1.answer_error)),
        ("GET", Route("/api/v3/query_influxql", influxql.get, query.answer_error)),
        ("POST", Route("/api/v3/query_influxql", influxql.post, query.answer_error)),
    ]
    return {(method, route.path): route for method, route in found}


def _information_routes(services: Services) -> list[Row]:
    information = InformationEndpoints(services)
    return [
        ("GET", "/health", information.health),
        ("GET", "/api/v1/health", information.health),
        ("GET POST", "/ping", information.ping),
        ("GET", "/metrics", information.metrics),
        ("DELETE", "/api/v3/query", CancelQueryEndpoint(services).cancel),
    ]


def _catalog_routes(services: Services) -> list[Row]:
    databases, tables = DatabaseEndpoints(services), TableEndpoints(services)
    caches = CacheEndpoints(services)
    database, table = f"{CONFIGURE}/database", f"{CONFIGURE}/table"
    return [
        ("POST", f"{CONFIGURE}/last_cache", caches.create_last),
        ("DELETE", f"{CONFIGURE}/last_cache", caches.delete_last),
        ("POST", f"{CONFIGURE}/distinct_cache", caches.create_distinct),
        ("DELETE", f"{CONFIGURE}/distinct_cache", caches.delete_distinct),
        ("GET", database, databases.show),
        ("POST", database, databases.create),
        ("PUT", database, databases.update),
        ("DELETE", database, databases.delete),
        ("POST", f"{database}/retention_period", databases.set_retention),
        ("DELETE", f"{database}/retention_period", databases.clear_retention),
        ("POST", table, tables.create),
        ("PUT", table, tables.update),
        ("DELETE", table, tables.delete),
        ("POST", "/api/v3/delete_rows", tables.delete_rows),
    ]


def _token_routes(services: Services) -> list[Row]:
    tokens = TokenEndpoints(services)
    token = f"{CONFIGURE}/token"
    return [
        ("POST", f"{token}/admin", tokens.create_admin),
        ("POST", f"{token}/admin/regenerate", tokens.regenerate_admin),
        ("POST", f"{token}/named_admin", tokens.create_named),
        ("DELETE", token, tokens.delete),
    ]


def _plugin_routes(services: Services) -> list[Row]:
    triggers, plugins = TriggerEndpoints(services), PluginEndpoints(services)
    uploads = PluginUploadEndpoints(services)
    trigger = f"{CONFIGURE}/processing_engine_trigger"
    environment = f"{CONFIGURE}/plugin_environment"
    return [
        ("POST", trigger, triggers.create),
        ("DELETE", trigger, triggers.delete),
        ("POST", f"{trigger}/enable", triggers.enable),
        ("POST", f"{trigger}/disable", triggers.disable),
        ("POST", f"{trigger}/replay", triggers.replay),
        ("POST", f"{environment}/install_packages", plugins.install_packages),
        ("POST", f"{environment}/install_requirements", plugins.install_requirements),
        ("POST", "/api/v3/plugin_test/wal", plugins.test_wal),
        ("POST", "/api/v3/plugin_test/schedule", plugins.test_schedule),
        ("POST", "/api/v3/plugin_test/request", plugins.test_request),
        ("POST", "/api/v3/plugins/files", uploads.create_file),
        ("PUT", "/api/v3/plugins/files", uploads.replace_file),
        ("PUT", "/api/v3/plugins/directory", uploads.replace_folder),
    ]


def _backup_routes(services: Services) -> list[Row]:
    backups = BackupEndpoints(services)
    backup = "/api/v3/backup"
    return [
        ("POST", backup, backups.begin),
        ("DELETE", backup, backups.end),
        ("GET", f"{backup}/object", backups.read),
    ]


class App:
    """The whole HTTP interface as one ASGI application."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._gate = Gate.from_config(services.config, services.tokens)
        self._routes = routes(services)
        engine = Route(ENGINE_PREFIX, PluginCallEndpoint(services).call)
        self._engine_routes = dict.fromkeys(call_plugin.METHODS, engine)
        self._bytes_max = services.config.max_http_request_size
        uuid = services.engine.cluster_uuid().encode()
        self._flight = FlightService(services)
        self._identity = ((b"cluster-uuid", uuid),)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; other kinds of connections are turned away."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        if scope["type"] != "http":
            return
        if is_call(scope):
            await self._flight(scope, receive, send)
            return
        started_s = perf_counter()
        try:
            route, answer = await self._answer(scope, receive)
            size = await self._send(answer, scope, send)
        except Disconnected:
            return
        path = UNROUTED if route is None else route.path
        status = 200 if isinstance(answer, Streamed) else answer.status_code
        method = scope["method"] if route is not None else UNROUTED
        self._services.metrics.request(method, path, status, perf_counter() - started_s, size)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[Route | None, Answer]:
        path = scope["raw_path"].decode("latin-1")
        route, refused = self._admit(scope, path)
        if route is None or refused is not None:
            await discard(receive)
            return route, refused or Response("Not found", 404)
        try:
            body = await read_body(receive, self._bytes_max)
            return route, await route.endpoint(Call(scope, body, receive))
        except Disconnected:
            raise
        except Exception as error:
            return route, self._failed(route, scope, path, error)

    def _admit(self, scope: Scope, path: str) -> tuple[Route | None, Response | None]:
        if scope["method"] == "OPTIONS":
            return None, preflight()
        try:
            self._gate.check(path, scope)
        except Refusal as refusal:
            return None, refusal.response()
        if path.startswith(ENGINE_PREFIX):
            return self._engine_routes.get(scope["method"]), None
        return self._routes.get((scope["method"], path)), None

    def _failed(self, route: Route, scope: Scope, path: str, error: Exception) -> Response:
        response = route.answer_error(error)
        client = scope.get("client") or ("",)
        fields = {
            "method": scope["method"],
            "path": path[:PATH_LOGGED_CHARACTERS_MAX],
            "status": response.status_code,
            "client_ip": client[0],
        }
        logger.debug("request refused: %s", error, extra={"fields": fields})
        return response

    async def _send(self, answer: Answer, scope: Scope, send: Send) -> int:
        """Send an answer; returns the bytes of its body."""
        if isinstance(answer, Streamed):
            return await self._stream(answer, scope, send)
        headers = (*answer.raw_headers, *self._identity)
        start = {"type": "http.response.start", "status": answer.status_code, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": answer.body})
        return len(answer.body)

    async def _stream(self, answer: Streamed, scope: Scope, send: Send) -> int:
        """Send chunk by chunk; an error cuts the body off, so that it is not taken for whole."""
        headers = [(b"content-type", answer.media_type.encode()), CORS_HEADER, *self._identity]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        size = 0
        try:
            async for chunk in answer.chunks:
                size += len(chunk)
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        except Disconnected:
            raise
        except Exception as error:
            fields = {"path": scope["path"], "sent_bytes": size}
            logger.error("an answer was cut off: %s", error, extra={"fields": fields})  # noqa: TRY400 - the text says it
            await abort(scope, send)
            raise Disconnected from error
        await send({"type": "http.response.body", "body": b""})
        return size
