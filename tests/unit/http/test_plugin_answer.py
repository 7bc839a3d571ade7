"""What a plugin is told of a request, and what it returns, as HTTP can carry it."""

import json

import pytest

from influxpe.http.call_plugin import plugin_answer, request_headers
from influxpe.plugin.pool import Response


def test_status_headers_and_body_are_the_plugins() -> None:
    answer = plugin_answer(Response(201, (("Content-Type", "text/html"), ("X-A", "1")), b"hi"))
    assert (answer.status_code, bytes(answer.body)) == (201, b"hi")
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers["x-a"] == "1"


def test_any_origin_is_allowed_whatever_the_plugin_says() -> None:
    answer = plugin_answer(Response(200, (("Access-Control-Allow-Origin", "me"),), b""))
    assert answer.headers.getlist("access-control-allow-origin") == ["*"]


def test_headers_that_cannot_be_sent_are_emptied_or_left_out() -> None:
    headers = (("X-Bad", "a\r\nSet-Cookie: b"), ("Not a name", "x"), ("Content-Length", "7"))
    answer = plugin_answer(Response(200, headers, b"hi"))
    assert answer.headers["x-bad"] == ""
    assert answer.headers["content-length"] == "2"
    assert "not a name" not in answer.headers


@pytest.mark.parametrize("status", [0, 99, 100, 199, 1000])
def test_status_that_is_none_is_500(status: int) -> None:
    answer = plugin_answer(Response(status, (), b"hi"))
    assert answer.status_code == 500
    assert "status" in json.loads(bytes(answer.body))["error"]


def told(*headers: tuple[bytes, bytes], client: tuple[str, int] | None = None) -> dict[str, str]:
    scope = {"method": "PUT", "raw_path": b"/api/v3/engine/a%20b", "headers": headers}
    return request_headers(scope | {"client": client})


def test_a_plugin_is_told_method_path_and_client() -> None:
    assert told(client=("::1", 7)) == {
        "x-influxpe-method": "PUT",
        "x-influxpe-path": "/api/v3/engine/a%20b",
        "x-influxpe-client": "::1",
    }
    assert "x-influxpe-client" not in told()


def test_credentials_and_forged_headers_are_left_out() -> None:
    headers = told((b"Authorization", b"x"), (b"X-InfluxPE-Client", b"x"), (b"x-influxpe-a", b"x"))
    assert headers.keys() == {"x-influxpe-method", "x-influxpe-path"}


def test_headers_that_come_several_times_are_one() -> None:
    cookies = ((b"cookie", b"a=1"), (b"cookie", b"b=2"))
    headers = told((b"Accept", b"a"), *cookies, (b"accept", b"b"))
    assert (headers["accept"], headers["cookie"]) == ("a, b", "a=1; b=2")


@pytest.mark.parametrize("value", ["J\u00f6rg", "\u20ac", "\U0001f600"])
def test_values_are_read_as_utf_8(value: str) -> None:
    assert told((b"x-a", value.encode()))["x-a"] == value


def test_values_of_any_bytes_are_read() -> None:
    assert told((b"x-a", bytes(range(128, 256))))["x-a"] == bytes(range(128, 256)).decode("latin-1")
