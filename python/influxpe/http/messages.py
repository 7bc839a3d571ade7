"""What the route table hands to an endpoint, and what an endpoint hands back.

An endpoint is `async (Call) -> Answer`. Refusals are raised; they carry the exact answer.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope

CORS_HEADER = (b"access-control-allow-origin", b"*")


@dataclass(slots=True)
class Call:
    """One request whose body has been read from the wire; `receive` then tells a disconnect.

    It is not changed; `frozen` would triple the price of making one.
    """

    scope: Scope
    body: bytes
    receive: Receive

    @property
    def query_string(self) -> bytes:
        """What follows the question mark, still encoded; empty without one."""
        query_string: bytes = self.scope["query_string"]
        return query_string

    def header(self, name: bytes) -> bytes | None:
        """Give the first header of a (lower-case) name."""
        return header(self.scope, name)


def header(scope: Scope, name: bytes) -> bytes | None:
    """Give the first header of a (lower-case) name in a scope."""
    for key, value in scope["headers"]:
        if key == name:
            found: bytes = value
            return found
    return None


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer of unknown length, sent as it is made.

    `chunks` ends early by an exception; the client then sees a body that is cut off.
    """

    media_type: str
    chunks: AsyncIterator[bytes]


Answer = Response | Streamed
Endpoint = Callable[[Call], Awaitable[Answer]]


class Refusal(Exception):
    """A request that is refused with exactly this status and body."""

    def __init__(self, status: int, body: bytes | str) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body

    def response(self) -> Response:
        """Give the answer; refusals have no content type."""
        return Response(self.body, self.status)


class Disconnected(Exception):
    """The client went away; nobody is left to answer."""


def json_bytes(value: Any) -> bytes:  # noqa: ANN401 - anything that JSON can say
    """Encode compactly, without spaces."""
    return msgspec.json.encode(value)


def json_refusal(status: int, message: str) -> Refusal:
    """Refuse with `{"error":"message"}`."""
    return Refusal(status, json_bytes({"error": message}))


def json_response(value: Any, status: int = 200) -> Response:  # noqa: ANN401 - see above
    """Answer with a JSON document, named as one."""
    return succeeded(Response(json_bytes(value), status, media_type="application/json"))


def empty_response(status: int = 200) -> Response:
    """Answer without a body."""
    return succeeded(Response(status_code=status))


def succeeded(response: Response) -> Response:
    """Let any origin read this answer, as every answer of a handler that did its work."""
    response.raw_headers.append(CORS_HEADER)
    return response


def with_headers(response: Response, headers: Mapping[str, str]) -> Response:
    """Add headers to an answer."""
    for name, value in headers.items():
        response.raw_headers.append((name.lower().encode(), value.encode("latin-1", "replace")))
    return response
