"""A request as the HTTP interface hands it to a plugin."""

import json
from collections.abc import Mapping

from influxpe.plugin.pool import Request

METHODS = ("GET", "POST")


def request_of(
    query: Mapping[str, str] | None,
    headers: Mapping[str, str] | None,
    body: object,
    method: str,
) -> Request:
    """Make a request; what is neither bytes nor text is sent as JSON.

    Raises `ValueError` for a method that no trigger is called by. A plugin is not told the method,
    nor the `authorization` header.
    """
    if method not in METHODS:
        raise ValueError(f"request triggers are called by GET or POST, not by {method}")
    sent = {name.lower(): value for name, value in (headers or {}).items()}
    sent.pop("authorization", None)
    if not isinstance(body, bytes | str):
        sent.setdefault("content-type", "application/json")
    return Request(dict(query or {}), sent, _bytes(body))


def _bytes(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    return (body if isinstance(body, str) else json.dumps(body)).encode()
