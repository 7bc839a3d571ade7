"""`/api/v3/engine/<path>`: a request for a plugin, and the plugin's answer as it wants it.

Whatever HTTP knows beside parameters, headers and body reaches the plugin as headers whose names
begin with `x-influxpe-`; those of the client with such names are left out, so none can be forged.
"""

import re
from functools import partial
from typing import NoReturn
from urllib.parse import parse_qsl

from starlette.responses import Response
from starlette.types import Receive, Scope

from influxpe.http.bodies import decode_body
from influxpe.http.messages import CORS_HEADER, Call, Disconnected, json_bytes, succeeded
from influxpe.http.services import Services
from influxpe.plugin.pool import Request
from influxpe.plugin.pool import Response as PluginResponse

ENGINE_PREFIX = "/api/v3/engine/"
STATUS_MIN, STATUS_MAX = 200, 999
HEADER_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
# The connection's own affairs; a plugin cannot know them.
CONNECTION_HEADERS = {b"content-length", b"transfer-encoding", b"connection", b"keep-alive"}
SERVERS_HEADERS = CONNECTION_HEADERS | {CORS_HEADER[0]}

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
OWN_HEADERS = "x-influxpe-"
METHOD_HEADER = "x-influxpe-method"
PATH_HEADER = "x-influxpe-path"
CLIENT_HEADER = "x-influxpe-client"
# Bytes that are decompressed at once: gzip makes up to a thousand of each, some milliseconds of
# work. More of them go to a thread, so that other clients need not wait.
GZIP_AT_ONCE_BYTES_MAX = 4 * 1024


class PluginCallEndpoint:
    """Hands requests to request triggers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, call: Call) -> Response:
        """Run the plugin of a path. Raises `NoSuchPath` (404) with the paths that exist."""
        path = call.scope["raw_path"].decode("latin-1")[len(ENGINE_PREFIX) :]
        request = Request(
            query_parameters=_query(call.query_string),
            headers=request_headers(call.scope),
            body=await self._body(call),
        )
        leave = partial(_wait_for_disconnect, call.receive)
        return plugin_answer(await self._services.processing.call(path, request, leave))

    async def _body(self, call: Call) -> bytes:
        encoding = call.header(b"content-encoding")
        decode = partial(
            decode_body, call.body, encoding, self._services.config.max_http_request_size
        )
        if encoding is None or len(call.body) <= GZIP_AT_ONCE_BYTES_MAX:
            return decode()
        return await self._services.threads.query(decode)


async def _wait_for_disconnect(receive: Receive) -> NoReturn:
    """Raise `Disconnected` when the client goes away."""
    while (await receive())["type"] != "http.disconnect":
        pass
    raise Disconnected


def _query(query_string: bytes) -> dict[str, str]:
    """Give the parameters; of those with one name the last."""
    if not query_string:
        return {}
    text = query_string.decode("utf-8", "replace")
    return dict(parse_qsl(text, keep_blank_values=True, errors="replace"))


def request_headers(scope: Scope) -> dict[str, str]:
    """Give the headers of a request, names in lower case, without credentials, and ours."""
    given: dict[str, list[str]] = {}
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1").lower()
        if name != "authorization" and not name.startswith(OWN_HEADERS):
            given.setdefault(name, []).append(_text(raw_value))
    headers = {name: _joined(name, values) for name, values in given.items()}
    headers[METHOD_HEADER] = scope["method"]
    headers[PATH_HEADER] = scope["raw_path"].decode("latin-1")
    if scope.get("client") is not None:
        headers[CLIENT_HEADER] = scope["client"][0]
    return headers


def _joined(name: str, values: list[str]) -> str:
    """Write a header that came several times as one; HTTP/2 cuts cookies into pieces."""
    return values[0] if len(values) == 1 else ("; " if name == "cookie" else ", ").join(values)


def _text(value: bytes) -> str:
    """Read a value as UTF-8, or where it is none as ISO 8859-1, which any bytes are."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def plugin_answer(response: PluginResponse) -> Response:
    """Turn what a plugin returned into an answer that HTTP can carry."""
    if not STATUS_MIN <= response.status <= STATUS_MAX:
        message = f"invalid status code {response.status}: it must be {STATUS_MIN} to {STATUS_MAX}"
        return succeeded(Response(json_bytes({"error": message}), 500))
    answer = Response(response.body, response.status)
    for name, value in response.headers:
        raw_name = name.lower().encode("utf-8").strip()
        if HEADER_NAME.fullmatch(raw_name) and raw_name not in SERVERS_HEADERS:
            answer.raw_headers.append((raw_name, _header_value(value)))
    return succeeded(answer)


def _header_value(value: str) -> bytes:
    """Give the bytes of a value; one that HTTP cannot carry is sent empty."""
    raw = value.encode("utf-8").strip()
    return raw if HEADER_VALUE.fullmatch(raw) else b""
