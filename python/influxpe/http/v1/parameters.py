"""What a `/query` asks, from its URL, its form or its body."""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from influxpe.engine_types import Epoch
from influxpe.http.auth import token_from_header
from influxpe.http.messages import Refusal, json_refusal
from influxpe.http.parameters import Flag, ParameterError, parse_query
from influxpe.http.query import check_parameters

if TYPE_CHECKING:
    from influxpe.engine_types import Scalar
    from influxpe.http.messages import Call

Form = Literal["json", "csv", "msgpack"]

FORMS: dict[bytes, Form] = {
    b"application/json": "json",
    b"*/*": "json",
    b"application/csv": "csv",
    b"text/csv": "csv",
    b"application/x-msgpack": "msgpack",
}
# Rows of a chunk where the client does not say how many, and at most: a chunk is held whole.
CHUNK_ROWS = 10_000
CHUNK_ROWS_MAX = 100_000
# A request has eight known fields; the rest is for those that are ignored.
MULTIPART_PARTS_MAX = 100
# A text of InfluxQL has half of it at most. Parts are read line by line, in half a second per MiB.
MULTIPART_BYTES_MAX = 2 * 1024 * 1024
NO_QUERY = "expected a query to be provided in the query string or body"
NO_PARAMETERS = "missing query parameters 'db' and 'q'"
NO_BOUNDARY = "A boundary header is required for multipart upload"


class Question(msgspec.Struct):
    """The parameters of a request."""

    q: str = ""
    db: str = ""
    rp: str = ""
    epoch: Epoch | None = None
    chunked: Flag = "false"
    chunk_size: int = CHUNK_ROWS
    pretty: Flag = "false"
    params: str = ""

    @property
    def is_pretty(self) -> bool:
        """Tell whether JSON is to be indented."""
        return self.pretty == "true"

    @property
    def chunk_rows(self) -> int | None:
        """Give the rows of a chunk; `None` for one document."""
        if self.chunked == "false":
            return None
        return max(1, min(self.chunk_size, CHUNK_ROWS_MAX))

    def values(self) -> dict[str, Scalar] | None:
        """Give the values of the placeholders. Raises `Refusal` (400)."""
        if not self.params:
            return None
        try:
            given = msgspec.json.decode(self.params.encode(), type=dict[str, Any])
        except (msgspec.MsgspecError, RecursionError) as error:
            raise json_refusal(400, f"error decoding query body: {error}") from error
        return check_parameters(given, "serde json")


def question(call: Call) -> Question:
    """Read a request. Raises `Refusal` (400)."""
    members = _members(call)
    try:
        asked = msgspec.convert(members, Question, strict=False)
    except msgspec.ValidationError as error:
        raise json_refusal(400, f"error decoding params from url: {error}") from error
    if not asked.q.strip():
        raise json_refusal(400, NO_QUERY)
    return asked


def check_token(call: Call) -> None:
    """Refuse a header that holds an empty token, even where no token is asked for."""
    value = call.header(b"authorization")
    if value is None or "p" in _pairs(call.query_string):
        return
    if not token_from_header(value):
        raise json_refusal(401, "unauthorized access")


def form_of(accept: bytes | None) -> Form:
    """Give how the answer is written. Raises `Refusal` (400) for what is not known."""
    accept = b"*/*" if accept is None else accept
    form = FORMS.get(accept)
    if form is None:
        raise Refusal(400, f"invalid mime type ({accept.decode('latin-1')})")
    return form


def _members(call: Call) -> dict[str, str]:
    if call.scope["method"] == "GET":
        return _url(call)
    content_type = call.header(b"content-type") or b""
    kind = content_type.split(b";")[0].strip().lower()
    if kind in {b"", b"application/vnd.influxql"}:
        members = _url(call)
        if not members.get("q"):
            members["q"] = call.body.decode("utf-8", "replace")
        return members
    if kind == b"application/x-www-form-urlencoded":
        return _pairs(call.query_string) | _pairs(call.body)
    if kind == b"multipart/form-data":
        return _pairs(call.query_string) | _multipart(content_type, call.body)
    raise Refusal(400, f"invalid mime type ({content_type.decode('latin-1')})")


def _url(call: Call) -> dict[str, str]:
    if not call.query_string:
        raise json_refusal(400, NO_PARAMETERS)
    return _pairs(call.query_string)


def _pairs(text: bytes) -> dict[str, str]:
    try:
        return dict(parse_query(text))
    except ParameterError as error:
        raise json_refusal(400, f"error decoding params from url: {error}") from error


def _multipart(content_type: bytes, body: bytes) -> dict[str, str]:
    if len(body) > MULTIPART_BYTES_MAX:
        text = f"a multipart body has at most {MULTIPART_BYTES_MAX} bytes, this one {len(body)}"
        raise json_refusal(413, text)
    parsed = BytesParser(policy=HTTP).parsebytes(
        b"content-type: " + content_type + b"\r\n\r\n" + body
    )
    if not parsed.is_multipart():
        raise json_refusal(400, NO_BOUNDARY)
    parts = list(parsed.iter_parts())
    if len(parts) > MULTIPART_PARTS_MAX:
        text = f"a multipart body has at most {MULTIPART_PARTS_MAX} parts, this one {len(parts)}"
        raise json_refusal(400, text)
    members = {}
    for part in parts:
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            members[name] = content.decode("utf-8", "replace").strip('"' if name == "epoch" else "")
    return members
