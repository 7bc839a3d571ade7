"""What a plugin returns, as HTTP can carry it."""

import json

import pytest

from influxpe.http.call_plugin import plugin_answer
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
