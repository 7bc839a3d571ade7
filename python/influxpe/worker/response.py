"""What `process_request` returns -> an HTTP response, by the rules of the reference.

First match wins: a Flask-like object; any other response object (status, headers, body); a tuple
(body, status, headers); bytes; text (HTML); dict, list and models (JSON); an iterable of text or
bytes, put together; a dataclass (JSON).
"""

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final

from influxpe.worker import wire

HTML: Final = "text/html"
PLAIN: Final = "text/plain"
JSON: Final = "application/json"
BINARY: Final = "application/octet-stream"

_STATUS_VALUES: Final = range(100, 1000)
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_TUPLE_ITEMS: Final = range(1, 4)

UNSUPPORTED: Final = "Unsupported return type from Python function"
NO_HEADERS: Final = "expected a dictionary in header item"


class ResponseError(Exception):
    """The value is no response; the text is the reference's and stands without a type."""


def to_response(value: object) -> wire.HttpResponse:
    """Make the response. Raises `ResponseError`, `TypeError` for what JSON or headers lack."""
    if _is_flask_like(value):
        return _from_object(value, value.get_data())  # type: ignore[attr-defined] # it says so
    if hasattr(value, "status_code") and hasattr(value, "headers"):
        return _from_object(value, _body_of(value))
    if isinstance(value, tuple) and len(value) in _TUPLE_ITEMS:
        return _from_tuple(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return _response(bytes(value), BINARY)
    if isinstance(value, str):
        return _response(value.encode(), HTML)
    # A model of pydantic is iterable as well, over its fields.
    if isinstance(value, dict | list) or _is_model(value):
        return _response(_json(value), JSON)
    if isinstance(value, Iterable):
        return _response(_joined(value), HTML)
    if _is_data(value):
        return _response(_json(value), JSON)
    raise ResponseError(UNSUPPORTED)


def _is_flask_like(value: object) -> bool:
    claim = getattr(value, "__flask_response__", None)
    return callable(claim) and claim() is True


def _body_of(value: Any) -> object:  # noqa: ANN401 # any response object
    """The body of a response of Flask (`get_data`) or Starlette (`body`)."""
    return value.get_data() if hasattr(value, "get_data") else getattr(value, "body", b"")


def _from_object(value: Any, body: object) -> wire.HttpResponse:  # noqa: ANN401 # as above
    """Read a response object; all its headers, and no default type."""
    data = body.encode() if isinstance(body, str) else body
    if not isinstance(data, bytes):
        raise TypeError(f"a response's body must be str or bytes, not {type(body).__name__}")
    return wire.HttpResponse(_status(value.status_code), _headers(None, value.headers), data)


def _from_tuple(value: tuple[Any, ...]) -> wire.HttpResponse:
    """(body), (body, status), (body, headers) or (body, status, headers)."""
    body, content_type = _typed_body(value[0])
    status, extra = int(HTTPStatus.OK), {}
    if len(value) > 1 and isinstance(value[1], int):
        status = _status(value[1])
    elif len(value) > 1 and isinstance(value[1], dict):
        extra = dict(value[1])
    if len(value) == _TUPLE_ITEMS[-1]:
        if not isinstance(value[2], dict):
            raise ResponseError(NO_HEADERS)
        extra = _merged(extra, value[2])
    return wire.HttpResponse(status, _headers(content_type, extra), body)


def _typed_body(value: object) -> tuple[bytes, str]:
    """The first item of a tuple, and the type that it has by default."""
    if isinstance(value, str):
        return value.encode(), HTML
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value), BINARY
    if isinstance(value, dict | list) or _is_model(value) or _is_data(value):
        return _json(value), JSON
    if isinstance(value, Iterator):
        return _joined(value), HTML
    return str(value).encode(), PLAIN


def _is_model(value: object) -> bool:
    """Whether it is a model of pydantic."""
    return hasattr(value, "model_dump") and not isinstance(value, type)


def _is_data(value: object) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def _merged(first: dict[Any, Any], second: dict[Any, Any]) -> dict[Any, Any]:
    """Put headers over others, whatever the case of their names."""
    names = {str(name).lower() for name in second}
    return {name: v for name, v in first.items() if str(name).lower() not in names} | second


def _response(body: bytes, content_type: str) -> wire.HttpResponse:
    return wire.HttpResponse(int(HTTPStatus.OK), [("Content-Type", content_type)], body)


def _joined(pieces: Iterable[object]) -> bytes:
    return b"".join(map(_piece, pieces))


def _piece(item: object) -> bytes:
    """One item of an iterable body; what is neither text nor bytes is left out."""
    if isinstance(item, str):
        return item.encode()
    return bytes(item) if isinstance(item, bytes | bytearray) else b""


def _status(value: object) -> int:
    """A status that HTTP can carry; anything else is an error of the server."""
    good = isinstance(value, int) and int(value) in _STATUS_VALUES
    return int(value) if good else int(HTTPStatus.INTERNAL_SERVER_ERROR)  # type: ignore[call-overload] # good says int


def _headers(content_type: str | None, extra: object) -> list[tuple[str, str]]:
    """The headers, a plugin's over the default one, whatever their case.

    A value with forbidden characters is emptied. Raises `TypeError`.
    """
    if not isinstance(extra, Mapping) and not hasattr(extra, "items"):
        raise ResponseError(NO_HEADERS)
    given = [(name, _header_value(name, value)) for name, value in extra.items()]
    own = any(name.lower() == "content-type" for name, _ in given)
    default = [("Content-Type", content_type)] if content_type and not own else []
    return default + given


def _header_value(name: object, value: object) -> str:
    """Check one header. Raises `TypeError` for other types, `ValueError` for an impossible name."""
    if not isinstance(name, str) or not isinstance(value, str):
        raise TypeError(f"header {name!r} must be a str with a str, not {type(value).__name__}")
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError(f"invalid header name {name!r}")
    return value if _HEADER_VALUE.fullmatch(value) else ""


def _json(value: object) -> bytes:
    """JSON as Python writes it. Raises `TypeError` for what has no JSON."""
    return json.dumps(value, default=_encode).encode()


def _encode(value: Any) -> object:  # noqa: ANN401 # anything that json does not know
    """JSON of types that plugins meet: times, decimals, dataclasses, models, numpy's numbers."""
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, set | frozenset):
        return list(value)
    if _is_data(value):
        return dataclasses.asdict(value)
    for method in ("model_dump", "tolist"):
        if hasattr(value, method):
            return getattr(value, method)()
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
