"""Request bodies: read to their end, within their limit, decompressed within the same limit."""

import asyncio
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from influxpe.http.bodies import BodyTooLarge, decode_body, read_body
from influxpe.http.messages import Disconnected, Refusal

LIMIT = 1000


class Wire:
    """Hands out messages one by one, and knows whether all were taken."""

    def __init__(self, *chunks: bytes, complete: bool = True) -> None:
        more = [True] * len(chunks)
        if complete:
            more[-1] = False
        self.left: list[Message] = [
            {"type": "http.request", "body": chunk, "more_body": more_follows}
            for chunk, more_follows in zip(chunks, more, strict=True)
        ]
        self.left += [] if complete else [{"type": "http.disconnect"}]

    async def receive(self) -> Message:
        """Give the next message."""
        return self.left.pop(0)


def read(wire: Wire) -> bytes:
    return asyncio.run(read_body(wire.receive, LIMIT))


def test_body_in_chunks_is_joined() -> None:
    assert read(Wire(b"ab", b"", b"cd", b"")) == b"abcd"


def test_body_of_exactly_the_limit_is_taken() -> None:
    assert len(read(Wire(b"x" * (LIMIT - 1), b"x"))) == LIMIT


def test_body_past_the_limit_is_read_to_its_end_and_refused() -> None:
    wire = Wire(b"x" * LIMIT, b"x", b"x" * 5000, b"")
    with pytest.raises(BodyTooLarge) as refused:
        read(wire)
    assert refused.value.status == 413
    assert refused.value.body == "max request size (1000 bytes) exceeded"
    assert wire.left == []


def test_client_that_leaves_ends_the_reading() -> None:
    with pytest.raises(Disconnected):
        read(Wire(b"ab", complete=False))


@pytest.mark.parametrize("encoding", [None, b"identity"])
def test_plain_body_is_itself(encoding: bytes | None) -> None:
    assert decode_body(b"abc", encoding, LIMIT) == b"abc"


@given(st.lists(st.binary(max_size=200), max_size=4))
def test_gzip_members_are_joined(members: list[bytes]) -> None:
    body = b"".join(gzip.compress(member) for member in members)
    assert decode_body(body, b"gzip", LIMIT) == b"".join(members)


def test_gzip_body_of_exactly_the_limit_is_taken() -> None:
    assert len(decode_body(gzip.compress(b"x" * LIMIT), b"gzip", LIMIT)) == LIMIT


def test_gzip_body_that_grows_past_the_limit_is_413() -> None:
    with pytest.raises(BodyTooLarge):
        decode_body(gzip.compress(b"x" * 10_000_000), b"gzip", LIMIT)


def test_gzip_members_that_grow_past_the_limit_together_are_413() -> None:
    with pytest.raises(BodyTooLarge):
        decode_body(gzip.compress(b"x" * 600) * 2, b"gzip", LIMIT)


@pytest.mark.parametrize(
    "body", [b"no gzip", gzip.compress(b"abc")[:-1], gzip.compress(b"a") + b"!"]
)
def test_corrupt_gzip_is_400(body: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        decode_body(body, b"gzip", LIMIT)
    assert refused.value.status == 400
    assert str(refused.value.body).startswith("error decoding gzip stream: ")


@pytest.mark.parametrize("encoding", [b"GZIP", b"x-gzip", b"deflate", b"br"])
def test_other_encodings_are_400_and_named(encoding: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        decode_body(b"abc", encoding, LIMIT)
    assert refused.value.body == f"unacceptable content-encoding: {encoding.decode()}"


def test_encoding_that_is_not_ascii_is_400() -> None:
    with pytest.raises(Refusal) as refused:
        decode_body(b"abc", b"gz\xffip", LIMIT)
    assert str(refused.value.body).startswith("invalid content-encoding header: ")
