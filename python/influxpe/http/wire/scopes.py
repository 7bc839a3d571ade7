"""What the application is told of a request: the ASGI scope."""

import asyncio
from urllib.parse import unquote

from starlette.types import Scope

from influxpe.http.wire.requests import Head


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
