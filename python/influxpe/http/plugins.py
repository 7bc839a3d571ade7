"""The routes around plugins: packages, dry runs."""

from collections.abc import Awaitable
from typing import Any

import msgspec
from starlette.responses import Response

from influxpe.errors import InvalidError
from influxpe.http.call_plugin import ENGINE_PREFIX, METHODS, request_headers
from influxpe.http.install_progress import installed
from influxpe.http.messages import Answer, Call, json_bytes, json_response
from influxpe.http.parameters import json_parameters, query_parameters
from influxpe.http.services import Services
from influxpe.plugin.installer import OnLine
from influxpe.plugin.pool import Request


class _Packages(msgspec.Struct):
    packages: list[str]
    environment: str | None = None


class _Requirements(msgspec.Struct):
    requirements_location: str
    environment: str | None = None


class _TestWal(msgspec.Struct):
    filename: str
    database: str
    input_lp: str
    cache_name: str | None = None
    input_arguments: dict[str, str] | None = None


class _TestSchedule(msgspec.Struct):
    filename: str
    database: str
    schedule: str | None = None
    cache_name: str | None = None
    input_arguments: dict[str, str] | None = None


class _TestRequest(msgspec.Struct):
    filename: str
    database: str
    method: str = "GET"
    query_parameters: dict[str, str] = {}
    headers: dict[str, str] = {}
    body: Any = ""
    cache_name: str | None = None
    input_arguments: dict[str, str] | None = None


class PluginEndpoints:
    """Plugins of one processing engine."""

    def __init__(self, services: Services) -> None:
        self._processing = services.processing
        self._bytes_max = services.config.max_http_request_size

    async def install_packages(self, call: Call) -> Answer:
        """Install packages by name; returns once they can be imported."""
        given = json_parameters(_Packages, call, self._bytes_max)

        def install(on_line: OnLine | None) -> Awaitable[None]:
            return self._processing.install_packages(
                given.packages, environment=given.environment, on_line=on_line
            )

        return await installed(call, install)

    async def install_requirements(self, call: Call) -> Answer:
        """Install what a requirements file on the server lists."""
        if call.query_string:
            given = query_parameters(_Requirements, call)
        else:
            given = json_parameters(_Requirements, call, self._bytes_max)

        def install(on_line: OnLine | None) -> Awaitable[None]:
            return self._processing.install_requirements(
                given.requirements_location, environment=given.environment, on_line=on_line
            )

        return await installed(call, install)

    async def test_wal(self, call: Call) -> Response:
        """Run a plugin over given lines; its writes are shown, not stored."""
        given = json_parameters(_TestWal, call, self._bytes_max)
        outcome = await self._processing.test_wal(
            filename=given.filename,
            database=given.database,
            input_lp=given.input_lp,
            cache_name=given.cache_name,
            input_arguments=given.input_arguments,
        )
        return json_response(outcome)

    async def test_schedule(self, call: Call) -> Response:
        """Run a plugin as its schedule would; its writes are shown, not stored."""
        given = json_parameters(_TestSchedule, call, self._bytes_max)
        outcome = await self._processing.test_schedule(
            filename=given.filename,
            database=given.database,
            schedule=given.schedule,
            cache_name=given.cache_name,
            input_arguments=given.input_arguments,
        )
        return json_response(outcome)

    async def test_request(self, call: Call) -> Response:
        """Run a plugin as a request would; a body that is no text is sent to it as JSON."""
        given = json_parameters(_TestRequest, call, self._bytes_max)
        outcome = await self._processing.test_request(
            filename=given.filename,
            database=given.database,
            request=_request(given),
            cache_name=given.cache_name,
            input_arguments=given.input_arguments,
        )
        return json_response(outcome)


def _request(given: _TestRequest) -> Request:
    """Give the request as it would come over HTTP. Raises `InvalidError`."""
    if given.method not in METHODS:
        raise InvalidError(f"unknown method '{given.method}', one of {', '.join(METHODS)}")
    body = given.body.encode() if isinstance(given.body, str) else json_bytes(given.body)
    scope = {
        "method": given.method,
        "raw_path": ENGINE_PREFIX.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in given.headers.items()],
    }
    return Request(given.query_parameters, request_headers(scope), body)
