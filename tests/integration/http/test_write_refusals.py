"""Refused writes on the three routes: which status, and the body letter for letter."""

import gzip
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from influxpe.config import HTTP_REQUEST_BYTES_MAX
from tests.api_client import ApiClient

BLOWN_UP = gzip.compress(b"#" * (HTTP_REQUEST_BYTES_MAX + 1))
BACKSLASH = "Measurements, tag keys and values, and field keys may not end with a backslash"
FLOAT = "iox::column_type::field::float"
INTEGER = "iox::column_type::field::integer"
TAG = "iox::column_type::tag"


@dataclass(frozen=True)
class Route:
    """One write route, and how it names the database."""

    path: str
    parameter: str

    def write(
        self,
        client: ApiClient,
        database: str,
        body: bytes,
        more: dict[str, str] | None = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Post a body for a database; `more` are further parameters."""
        parameters = {self.parameter: database} | (more or {})
        return client.http.post(self.path, params=parameters, content=body, headers=headers)

    def refuses(self, client: ApiClient, query_string: str) -> tuple[int, str]:
        """Give status and body for a query string and a good line."""
        answer = client.http.post(f"{self.path}?{query_string}", content=b"m f=1 1")
        return answer.status_code, answer.text


V3 = Route("/api/v3/write_lp", "db")
V1 = Route("/write", "db")
V2 = Route("/api/v2/write", "bucket")


def of_version_2(message: str, code: str = "invalid") -> dict[str, str]:
    """Give the body in which version 2 says everything."""
    return {"code": code, "message": message}


@pytest.mark.parametrize(
    ("body", "encoding", "message"),
    [
        (b"", "identity", "incoming write was empty"),
        (b"\n \t\r\n # comment\n", "identity", "incoming write was empty"),
        (gzip.compress(b""), "gzip", "incoming write was empty"),
        (
            b"m f=1 1\nm f=\xff",
            "identity",
            "body content is not valid utf8: invalid utf-8 sequence of 1 bytes from index 12",
        ),
        (b"m f=1 1", "GZIP", "unacceptable content-encoding: GZIP"),
        (b"m f=1 1", "x-gzip", "unacceptable content-encoding: x-gzip"),
        (b"m f=1 1", "deflate", "unacceptable content-encoding: deflate"),
        (
            gzip.compress(b"m f=1 1")[:-1],
            "gzip",
            "error decoding gzip stream: the stream ends early",
        ),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_body_without_lines_is_400_and_makes_nothing(
    client: ApiClient, body: bytes, encoding: str, message: str
) -> None:
    headers = {"Content-Encoding": encoding}
    for route in (V3, V1):
        answer = route.write(client, "no-lines", body, headers=headers)
        assert (answer.status_code, answer.text) == (400, message)
        assert "content-type" not in answer.headers
    answer = V2.write(client, "no-lines", body, headers=headers)
    prefix = "write buffer error: " if message == "incoming write was empty" else ""
    assert (answer.status_code, answer.json()) == (400, of_version_2(prefix + message))
    assert client.sql("no-lines", "SELECT 1").status_code == 404


@pytest.mark.parametrize("body", [BLOWN_UP, b"#" * (HTTP_REQUEST_BYTES_MAX + 1)], ids=["gzip", ""])
def test_a_body_past_the_limit_is_413(client: ApiClient, body: bytes) -> None:
    headers = {"Content-Encoding": "gzip" if body is BLOWN_UP else "identity"}
    message = "max request size (10485760 bytes) exceeded"
    for route in (V3, V1):
        answer = route.write(client, "large", body, headers=headers)
        assert (answer.status_code, answer.text) == (413, message)
    answer = V2.write(client, "large", body, headers=headers)
    assert answer.status_code == 413
    assert answer.json() == of_version_2(message, "request too large")


def test_a_body_of_exactly_the_limit_is_read(client: ApiClient) -> None:
    line = b"m f=1 1\n"
    body = line + b"#" * (HTTP_REQUEST_BYTES_MAX - len(line))
    for route in (V3, V1, V2):
        assert route.write(client, "large", body).status_code == 204


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("_a", "db name did not start with a number or letter"),
        ("/a", "db name did not start with a number or letter"),
        (
            "ab/",
            "db name with invalid retention policy, if providing a retention policy name, "
            "must be of form '<db_name>/<rp_name>'",
        ),
        (
            "a/b/c",
            "db name with invalid retention policy, if providing a retention policy name, "
            "must be of form '<db_name>/<rp_name>'",
        ),
        (
            "a b",
            "invalid character in database or rp name: must be ASCII, containing only letters, "
            "numbers, underscores, or hyphens",
        ),
        (
            "ä",
            "invalid character in database or rp name: must be ASCII, containing only letters, "
            "numbers, underscores, or hyphens",
        ),
    ],
)
def test_a_bad_name_is_400(client: ApiClient, name: str, message: str) -> None:
    for route in (V3, V1):
        answer = route.write(client, name, b"m f=1 1")
        assert (answer.status_code, answer.json()) == (400, {"error": message})
    answer = V2.write(client, name, b"m f=1 1")
    assert (answer.status_code, answer.json()) == (400, of_version_2(message))


def test_a_long_name_is_400_from_65_bytes_on_the_old_routes(client: ApiClient) -> None:
    name = "x" * 65
    message = f"namespace name {name} length must be between 1 and 64 characters"
    assert V1.write(client, name, b"m f=1 1").json() == {"error": message}
    assert V2.write(client, name, b"m f=1 1").json() == of_version_2(message)
    assert V3.write(client, name, b"m f=1 1").status_code == 204
    assert V3.write(client, "x" * 511, b"m f=1 1").status_code == 204
    answer = V3.write(client, "x" * 512, b"m f=1 1")
    assert answer.json() == {"error": "db name too long: max 511"}


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ("x=1", "missing field `db`"),
        ("db=a&db=b", "duplicate field `db`"),
        ("db=a&precision=h", "unknown variant `h` at `precision`, expected one of `auto`, "),
        ("db=a&precision=S", "unknown variant `S` at `precision`, expected one of `auto`, "),
        ("db=a&precision=", "unknown variant `` at `precision`, expected one of `auto`, "),
        ("db=a&accept_partial=1", "unknown variant `1` at `accept_partial`"),
        ("db=a&no_sync=True", "unknown variant `True` at `no_sync`"),
    ],
)
def test_bad_parameters_are_400_in_three_shapes(
    client: ApiClient, parameters: str, reason: str
) -> None:
    status, text = V3.refuses(client, parameters)
    assert status == 400
    assert text.startswith(f"serde error: {reason}")
    if "accept_partial" in parameters or "no_sync" in parameters:
        assert V1.refuses(client, parameters) == (204, "")
        assert V2.refuses(client, parameters.replace("db", "bucket")) == (204, "")
        return
    status, text = V1.refuses(client, parameters)
    start = f"failed to deserialize db/rp/precision in request: {reason.replace('`auto`, ', '')}"
    assert (status, text.startswith(f'{{"error":"{start}')) == (400, True), text
    status, text = V2.refuses(client, parameters.replace("db", "bucket"))
    if "missing" in reason:
        assert (status, text) == (400, '{"code":"invalid","message":"missing bucket value"}')
        return
    reason = reason.replace("`auto`, ", "").replace("`db`", "`bucket`")
    start = f"failed to deserialize org/bucket/precision in request: {reason}"
    assert (status, text.startswith(f'{{"code":"invalid","message":"{start}')) == (400, True), text


def test_a_write_without_parameters_is_400_in_three_shapes(client: ApiClient) -> None:
    assert V3.refuses(client, "") == (400, "missing query parameter 'db'")
    assert V1.refuses(client, "") == (400, '{"error":"no db destination provided"}')
    message = "no org/bucket destination provided"
    assert V2.refuses(client, "") == (400, f'{{"code":"invalid","message":"{message}"}}')


def test_a_deleted_database_takes_no_writes(client: ApiClient) -> None:
    client.write_all("going", "m f=1 1")
    assert client.http.delete("/api/v3/configure/database?db=going").status_code == 200
    listed = client.http.get("/api/v3/configure/database?format=json&show_deleted=true").json()
    name = next(row["iox::database"] for row in listed if row["deleted"])
    message = f"cannot write to soft-deleted database '{name}' - it is marked for deletion"
    for route in (V3, V1):
        answer = route.write(client, name, b"m f=1 1")
        assert (answer.status_code, answer.json()) == (400, {"error": message})
    answer = V2.write(client, name, b"m f=1 1")
    assert answer.json() == of_version_2(f"write buffer error: {message}")


BAD_LINES = [
    (",a=b f=1", "Invalid measurement was provided"),
    ("m", "Expected at least one space character, got end of input"),
    ("m\tf=1", "Expected at least one space character, got `\tf=1`"),
    ("m f", "No fields were provided"),
    ("m f=NaN", "No fields were provided"),
    ("m f=99999999999999999999i", "Unable to parse integer value `99999999999999999999`"),
    ("m f=99999999999999999999u", "Unable to parse unsigned integer value `99999999999999999999`"),
    ("m f=1e999", "Unable to parse floating-point value `1e999`"),
    ("m f=1 99999999999999999999", "Unable to parse timestamp value `99999999999999999999`"),
    ("m,a=b\\\\ f=1", BACKSLASH),
    ("m f=1x23456789ab", "Could not parse entire line. Found trailing content: `x23456789a...`"),
    ("m,a f=1", "Tag set malformed: could not find equals sign in `a f=1`"),
    ("m, f=1", "Expected tag key, got ` f=1`"),
    ("m,a= f=1", "Expected tag value, got ` f=1`"),
    ("m,a=b,a=c f=1", "Must not contain duplicate tags, but `a` was repeated"),
    (f"m f=1,{'x' * 1_048_577}=1", "String is greater than 1MB"),
    ("m f=1,f=2", "invalid line protocol - multiple instances of 'f' field found"),
    ("m f=1i", f"invalid column type for column 'f', expected {FLOAT}, got {INTEGER}"),
    ("m f=1,f=2i", f"invalid column type for column 'f', expected {FLOAT}, got {INTEGER}"),
    ("m t=1", f"invalid column type for column 't', expected {TAG}, got {FLOAT}"),
    ("m,f=x g=1", f"invalid column type for column 'f', expected {FLOAT}, got {TAG}"),
    ("m,g=x g=1", f"invalid column type for column 'g', expected {TAG}, got {FLOAT}"),
    (
        "m time=1i",
        "invalid column type for column 'time', expected iox::column_type::timestamp, "
        f"got {INTEGER}",
    ),
    ("new time=1i", "'time' is a reserved column"),
    ("new,time=x f=1", "'time' is a reserved column"),
    ("new __chunk_order=1i", "'__chunk_order' is a reserved column"),
    ("m ü=1,öööööööööööö", "Could not parse entire line. Found trailing content: `öööööööööö...`"),
]


def refused(line: str, message: str, number: int) -> dict[str, Any]:
    """Give what is said about a line; of its text only 20 bytes, and whole characters."""
    shown = line.encode()[:20].decode(errors="ignore")
    return {"error_message": message, "line_number": number, "original_line": shown}


@pytest.mark.parametrize(("line", "message"), BAD_LINES, ids=lambda value: value[:30])
def test_a_bad_line_is_named_on_every_route(client: ApiClient, line: str, message: str) -> None:
    client.write_all("lines", "m,t=a f=1 1")
    body = f"m,t=a f=1 1\n{line}\nm,t=b f=2 2".encode()
    expected = refused(line, message, 2)
    for route, more in ((V3, {"accept_partial": "false"}), (V1, {"accept_partial": "true"})):
        answer = route.write(client, "lines", body, more)
        assert answer.status_code == 400
        assert answer.json() == {"error": "line protocol parsing error", "data": expected}
    answer = V2.write(client, "lines", body)
    message = f"write buffer error: line protocol parse failed: {message}"
    assert (answer.status_code, answer.json()) == (400, of_version_2(message))
    answer = V3.write(client, "lines", body)
    assert answer.status_code == 400
    error = "partial write of line protocol occurred"
    assert answer.json() == {"error": error, "data": [expected]}


@pytest.mark.parametrize(
    ("precision", "name"), [("s", "Second"), ("ms", "Millisecond"), ("us", "Microsecond")]
)
def test_a_time_out_of_range_is_named_with_its_unit(
    client: ApiClient, precision: str, name: str
) -> None:
    line = "m,t=a f=1 9223372036854775807"
    message = f"timestamp, 9223372036854775807, out of range for precision: {name}"
    answer = V3.write(client, "lines", line.encode(), {"precision": precision})
    assert (answer.status_code, answer.json()["data"]) == (400, [refused(line, message, 1)])


def test_a_table_of_too_many_columns_is_422_in_the_list_form(client: ApiClient) -> None:
    fields = ",".join(f"f{field}=1" for field in range(501))
    line = f"wide {fields} 1"
    message = "Update to schema would exceed number of columns per table limit of 500 columns"
    answer = V3.write(client, "wide", f"ok f=1 1\nbad\n{line}".encode())
    assert answer.status_code == 422
    assert answer.json()["data"][1] == refused(line, message, 3)
    whole = {"accept_partial": "false"}
    for route in (V3, V1):
        answer = route.write(client, "wide", line.encode(), whole)
        assert answer.status_code == 400
        assert answer.json()["data"] == refused(line, message, 1)
    answer = V2.write(client, "wide", line.encode())
    message = f"write buffer error: line protocol parse failed: {message}"
    assert (answer.status_code, answer.json()) == (400, of_version_2(message))


@pytest.mark.parametrize("route", [V1, V2], ids=lambda route: str(route.path))
def test_the_old_routes_store_all_or_nothing(client: ApiClient, route: Route) -> None:
    body = b"first f=1 1\nbad"
    assert route.write(client, "whole", body, {"accept_partial": "true"}).status_code == 400
    assert client.sql("whole", "SELECT 1").status_code == 404


def test_a_refused_line_leaves_no_column_and_no_tag(client: ApiClient) -> None:
    client.write_all("traces", "m f=1 1")
    answer = V3.write(client, "traces", b"m,tag=a new=1,f=1i 1\nm f=2 2")
    assert answer.status_code == 400
    sql = "SELECT column_name FROM information_schema.columns WHERE table_name = 'm'"
    names = {row["column_name"] for row in client.rows("traces", sql)}
    assert names == {"f", "time"}
