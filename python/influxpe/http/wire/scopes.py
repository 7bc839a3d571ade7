"""What the application is told of a request: the ASGI scope."""

import asyncio
from urllib.parse import unquote

from starlette.types import Scope

from influxpe.http.wire.limits import HEADERS_MAX
from influxpe.http.wire.requests import Head

BAD_REQUEST, HEADERS_TOO_LARGE, NOT_IMPLEMENTED = 400, 431, 501


class BadRequest(Exception):
    """A request that is answered before any application sees it."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def connection_scope(transport: asyncio.BaseTransport, *, is_tls: bool) -> dict[str, object]:
    """Give what all requests of a connection have in common."""
    return {
        "type": "http",
        "asgi": {"spec_version": "2.1", "version": "3.0"},
        "scheme": "https" if is_tls else "http",
        "root_path": "",
        "client": _address_pair(transport.get_extra_info("peername")),
        "server": _address_pair(transport.get_extra_info("sockname")),
    }


def _address_pair(address: object) -> tuple[str, int] | None:
    """Give host and port, or nothing for other kinds of sockets."""
    if isinstance(address, tuple) and len(address) >= 2:
        return address[0], address[1]
    return None


def request_scope(common: dict[str, object], head: Head) -> Scope:
    """Add what one request says."""
    path, _, query_string = head.target.partition(b"?")
    text = path.decode("ascii")
    return common | {
        "http_version": head.version,
        "method": head.method,
        "path": unquote(text) if "%" in text else text,
        "raw_path": path,
        "query_string": query_string,
        "headers": head.headers,
    }


def h2_scope(common: dict[str, object], headers: list[tuple[bytes, bytes]]) -> Scope:
    """Add what one request of HTTP/2 says. Raises `BadRequest`."""
    if len(headers) > HEADERS_MAX:
        raise BadRequest(HEADERS_TOO_LARGE)
    pseudo = {name: value for name, value in headers if name.startswith(b":")}
    plain = [(name, value) for name, value in headers if not name.startswith(b":")]
    method, target = pseudo[b":method"], pseudo.get(b":path")
    if target is None:
        raise BadRequest(NOT_IMPLEMENTED)
    if not (method.isascii() and target.isascii() and target.startswith((b"/", b"*"))):
        raise BadRequest(BAD_REQUEST)
    if b":authority" in pseudo and all(name != b"host" for name, _ in plain):
        plain.append((b"host", pseudo[b":authority"]))
    path, _, query_string = target.partition(b"?")
    text = path.decode("ascii")
    return common | {
        "http_version": "2",
        "method": method.decode("ascii").upper(),
        "path": unquote(text),
        "raw_path": path,
        "query_string": query_string,
        "headers": plain,
        "extensions": {"http.response.trailers": {}},
    }
