"""`/api/v3/engine/<path>`: a request for a plugin, and the plugin's answer as it wants it."""

import re
from urllib.parse import parse_qsl

from starlette.responses import Response

from influxpe.http.bodies import decode_body
from influxpe.http.messages import CORS_HEADER, Call, json_bytes, succeeded
from influxpe.http.services import Services
from influxpe.plugin.pool import Request
from influxpe.plugin.pool import Response as PluginResponse

ENGINE_PREFIX = "/api/v3/engine/"
STATUS_MIN, STATUS_MAX = 200, 999
HEADER_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
# The connection's own affairs; a plugin cannot know them.
CONNECTION_HEADERS = {b"content-length", b"transfer-encoding", b"connection", b"keep-alive"}


class PluginCallEndpoint:
    """Hands requests to request triggers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, call: Call) -> Response:
        """Run the plugin of a path. Raises `NoSuchPath` (404) with the paths that exist."""
        path = call.scope["raw_path"].decode("latin-1")[len(ENGINE_PREFIX) :]
        encoding = call.header(b"content-encoding")
        bytes_max = self._services.config.max_http_request_size
        request = Request(
            query_parameters=_query(call.query_string),
            headers=_headers(call),
            body=decode_body(call.body, encoding, bytes_max),
        )
        return plugin_answer(await self._services.processing.call(path, request))


def _query(query_string: bytes) -> dict[str, str]:
    text = query_string.decode("utf-8", "replace")
    return dict(parse_qsl(text, keep_blank_values=True, errors="replace"))


def _headers(call: Call) -> dict[str, str]:
    return {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for name, value in call.scope["headers"]
        if name != b"authorization"
    }


def plugin_answer(response: PluginResponse) -> Response:
    """Turn what a plugin returned into an answer that HTTP can carry."""
    if not STATUS_MIN <= response.status <= STATUS_MAX:
        message = f"invalid status code {response.status}: it must be {STATUS_MIN} to {STATUS_MAX}"
        return succeeded(Response(json_bytes({"error": message}), 500))
    answer = Response(response.body, response.status)
    for name, value in response.headers:
        raw_name = name.lower().encode("utf-8").strip()
        if HEADER_NAME.fullmatch(raw_name) and raw_name not in CONNECTION_HEADERS | {
            CORS_HEADER[0]
        }:
            answer.raw_headers.append((raw_name, _header_value(value)))
    return succeeded(answer)


def _header_value(value: str) -> bytes:
    """Give the bytes of a value; one that HTTP cannot carry is sent empty."""
    raw = value.encode("utf-8").strip()
    return raw if HEADER_VALUE.fullmatch(raw) else b""
