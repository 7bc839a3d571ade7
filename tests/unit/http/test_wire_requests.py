"""The reader of requests: what it tells does not depend on where the bytes are split."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influxpe.http.wire.requests import Head, Malformed, RequestReader

STREAM = (
    b"\r\nPOST /a?b HTTP/1.1\r\nHost: a\r\nX:\r\nContent-Length: 5\r\n\r\nab RT"
    b"PUT /b HTTP/1.1\r\nHOST: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3;x\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n"
    b"GET /c HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nnot read"
)


class Recorder:
    """Remembers what it is told, with the pieces of a body joined."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def request_began(self, head: Head) -> None:
        """Take a head."""
        self.told += [(head.method, head.target, head.keep_alive, tuple(head.headers)), b""]

    def body_came(self, piece: bytes) -> None:
        """Take a piece."""
        before = self.told.pop()
        assert isinstance(before, bytes)
        self.told.append(before + piece)

    def request_ended(self) -> None:
        """Take an end."""
        self.told.append("end")

    def switch_asked(self, unread: bytes) -> None:
        """Take the bytes of another protocol."""
        self.told.append(unread)


def tell(pieces: list[bytes]) -> list[object]:
    """Read pieces; gives what was told, and the status where it ended."""
    recorder = Recorder()
    reader = RequestReader(recorder)
    try:
        for piece in pieces:
            reader.feed(piece)
    except Malformed as malformed:
        recorder.told.append(malformed.status)
    return recorder.told


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    marks = [0, *sorted(cut % len(data) for cut in cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(marks) if a < b]


@given(st.lists(st.integers(0, 10_000), max_size=8))
def test_requests_are_the_same_however_they_are_split(cuts: list[int]) -> None:
    told = tell(split(STREAM, cuts))
    assert told == tell([STREAM])
    assert [item for item in told if isinstance(item, bytes)] == [b"ab RT", b"abc0123456789", b""]


@given(st.lists(st.integers(0, 10_000), max_size=8))
def test_another_protocol_is_refused_however_it_is_split(cuts: list[int]) -> None:
    first = b"POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n RTSP/1."
    told = tell(split(first + b"POST /a RTSP/1.0\r\nHost: a\r\n\r\n", cuts))
    assert told[1:] == [b" RTSP/1.", "end", 400]


@given(st.binary(max_size=300), st.lists(st.integers(0, 10_000), max_size=4))
def test_no_bytes_raise_anything_else(data: bytes, cuts: list[int]) -> None:
    tell(split(data, cuts) if data else [])


@given(st.integers(0, len(STREAM)), st.binary(min_size=1, max_size=4))
def test_no_damaged_request_raises_anything_else(place: int, damage: bytes) -> None:
    tell([STREAM[:place] + damage + STREAM[place + len(damage) :]])


@pytest.mark.parametrize("body", [b"", b"abc"])
def test_a_switch_gives_the_request_back_with_all_that_follows(body: bytes) -> None:
    head = b"POST /a HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: h2c\r\n"
    head += b"content-length: %d\r\n\r\n" % len(body)
    assert tell([head + body + b"rest"]) == [head + body + b"rest"]
