"""The heads of answers: what is said, what cannot be said, what is remembered."""

import pytest

from influxpe.http.wire.answers import (
    UNKNOWN_LENGTH,
    AnswerRefused,
    RawHeaders,
    head_lines,
    refusal,
)
from influxpe.http.wire.limits import HEADS_REMEMBERED_MAX


def test_framing_is_taken_out_of_the_headers() -> None:
    headers = ((b"X", b" a "), (b"Content-Length", b"3"), (b"Transfer-Encoding", b"chunked"))
    lines = head_lines(200, headers)
    assert lines.block == b"HTTP/1.1 200 OK\r\nx: a\r\ncontent-length: 3\r\n"
    assert (lines.length, lines.closes) == (3, False)


def test_an_application_may_end_the_connection() -> None:
    lines = head_lines(200, ((b"Connection", b"Close"),))
    assert (lines.block, lines.length, lines.closes) == (
        b"HTTP/1.1 200 OK\r\n",
        UNKNOWN_LENGTH,
        True,
    )


def test_a_status_without_a_name_is_sent() -> None:
    assert head_lines(299, ()).block == b"HTTP/1.1 299 \r\n"


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (100, ()),
        (1000, ()),
        (200, ((b"a b", b""),)),
        (200, ((b"", b"a"),)),
        (200, ((b"a:", b"b"),)),
        (200, ((b"a", b"b\r\nc: d"),)),
        (200, ((b"a", b"b\nc: d"),)),
        (200, ((b"a\r\nb", b"c"),)),
        (200, ((b"a", b"b\x00c"),)),
        (200, ((b"content-length", b"-1"),)),
        (200, ((b"content-length", b"1"), (b"content-length", b"2"))),
    ],
)
def test_what_would_break_the_framing_is_refused(status: int, headers: RawHeaders) -> None:
    with pytest.raises(AnswerRefused):
        head_lines(status, headers)


def test_few_heads_are_remembered() -> None:
    for number in range(HEADS_REMEMBERED_MAX * 2):
        head_lines(200, ((b"a", b"%d" % number),))
    assert head_lines.cache_info().currsize == HEADS_REMEMBERED_MAX


def test_a_refusal_is_a_whole_answer() -> None:
    assert refusal(431, b"date: now\r\n") == (
        b"HTTP/1.1 431 Request Header Fields Too Large\r\ndate: now\r\n"
        b"content-length: 0\r\nconnection: close\r\n\r\n"
    )
