"""The frames of gRPC: messages come out whole, in whatever pieces they come."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from influxpe.http.flight.framing import TINY_BYTES, MessageReader, frame_head
from influxpe.http.flight.status import CallFailed
from influxpe.http.messages import Disconnected

LIMIT = 100_000


def read_all(pieces: Sequence[bytes], *, is_whole: bool = True) -> list[bytes]:
    """Read all messages of a request that comes in these pieces."""

    async def run() -> list[bytes]:
        waiting = list(pieces)

        async def receive() -> Message:
            if not waiting:
                return {"type": "http.request" if is_whole else "http.disconnect"}
            return {"type": "http.request", "body": waiting.pop(0), "more_body": True}

        reader = MessageReader(receive, LIMIT)
        found = []
        while (message := await reader.next()) is not None:
            found.append(bytes(message))
        return found

    return asyncio.run(run())


def spelled(messages: Sequence[bytes]) -> bytes:
    return b"".join(frame_head(len(message)) + message for message in messages)


@given(
    st.lists(st.one_of(st.binary(max_size=40), st.integers(0, 9_000).map(bytes)), max_size=6),
    st.lists(st.one_of(st.integers(1, 9), st.integers(1, 3 * TINY_BYTES)), min_size=1, max_size=9),
)
def test_messages_come_out_whole(messages: list[bytes], sizes: list[int]) -> None:
    data, pieces = spelled(messages), []
    at = number = 0
    while at < len(data):
        pieces.append(data[at : at + sizes[number % len(sizes)]])
        at, number = at + sizes[number % len(sizes)], number + 1
    assert read_all(pieces) == messages


def test_a_message_at_the_limit_is_taken_and_one_past_it_is_not() -> None:
    assert read_all([spelled([bytes(LIMIT)])]) == [bytes(LIMIT)]
    with pytest.raises(CallFailed, match="a message of 100001 bytes is larger than the limit"):
        read_all([frame_head(LIMIT + 1)])


def test_a_client_that_goes_amid_a_message_is_a_disconnect() -> None:
    with pytest.raises(Disconnected):
        read_all([frame_head(5), b"abc"], is_whole=False)
