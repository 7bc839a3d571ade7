"""A request as the HTTP interface hands it to a plugin."""

import json
from collections.abc import Mapping

from influxpe.plugin.pool import Request

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
# What HTTP adds for the plugin, and no client can set.
OWN_HEADERS = "x-influxpe-"
METHOD_HEADER = "x-influxpe-method"


def request_of(
    query: Mapping[str, str] | None,
    headers: Mapping[str, str] | None,
    body: object,
    method: str,
) -> Request:
    """Make a request; what is neither bytes nor text is sent as JSON.

    Raises `ValueError` for a method that no trigger is called by. A plugin is told the method by
    the header `x-influxpe-method`, and never the header `authorization`.
    """
    if method not in METHODS:
        raise ValueError(f"request triggers are called by {', '.join(METHODS)}, not by {method}")
    lower = {name.lower(): value for name, value in (headers or {}).items()}
    sent = {name: value for name, value in lower.items() if not name.startswith(OWN_HEADERS)}
    sent.pop("authorization", None)
    sent[METHOD_HEADER] = method
    if not isinstance(body, bytes | str):
        sent.setdefault("content-type", "application/json")
    return Request(dict(query or {}), sent, _bytes(body))


def _bytes(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    return (body if isinstance(body, str) else json.dumps(body)).encode()
