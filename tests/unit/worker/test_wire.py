"""Frames: whole, in pieces, too large, broken."""

from enum import Enum
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influxpe.worker import wire
from influxpe.worker.wire import BrokenFrameError, FrameReader, FrameTooLargeError


def done(*sizes: int) -> wire.Done:
    """Make the end of a run with tables of these sizes in bytes."""
    tables = [wire.TableWrite("db", "t", None, size_bytes) for size_bytes in sizes]
    return wire.Done(1, [], [], None, None, tables=tables)


LOGS = [wire.Log(1, "INFO", "x" * size) for size in (0, 10, 1000)]


@given(st.integers(min_value=1, max_value=50))
def test_messages_come_out_of_pieces_of_any_size(size_bytes: int) -> None:
    data = b"".join(map(wire.encode_frame, LOGS))
    reader = FrameReader()
    pieces = [data[start : start + size_bytes] for start in range(0, len(data), size_bytes)]
    assert [message for piece in pieces for message, _ in reader.feed(piece)] == LOGS


class Name(str, Enum):  # noqa: UP042 # `StrEnum` has another `str()`
    """As plugins have them; `str()` of a member is not its text."""

    ROOM = "room"


class Body(bytes):
    """A body of a framework's own class."""


def test_subclasses_of_text_bytes_and_int_go_as_what_they_are() -> None:
    response = wire.HttpResponse(HTTPStatus.CREATED, [(Name.ROOM, "x")], Body(b"b"))
    given_done = wire.Done(1, [(Name.ROOM, "m a=1")], [], None, response)
    ((message, _),) = FrameReader().feed(wire.encode_frame(given_done))
    plain = wire.HttpResponse(201, [("room", "x")], b"b")
    assert message == wire.Done(1, [("room", "m a=1")], [], None, plain)
    with pytest.raises(TypeError, match="a message cannot have a object"):
        wire.encode_frame(wire.Log(1, "INFO", object()))  # type: ignore[arg-type] # on purpose


def test_messages_that_come_at_once_are_all_given() -> None:
    data = b"".join(map(wire.encode_frame, LOGS))
    assert list(FrameReader().feed(data)) == [(message, b"") for message in LOGS]


@given(st.integers(min_value=1, max_value=50))
def test_a_payload_comes_with_its_message_in_pieces_of_any_size(size_bytes: int) -> None:
    data = wire.encode_frame(done(3, 4), 7) + b"abcdefg" + wire.encode_frame(LOGS[1])
    reader = FrameReader()
    pieces = [data[start : start + size_bytes] for start in range(0, len(data), size_bytes)]
    found = [one for piece in pieces for one in reader.feed(piece)]
    assert found == [(done(3, 4), b"abcdefg"), (LOGS[1], b"")]


@pytest.mark.parametrize(
    "data",
    [
        wire.PREFIX.pack(wire.FRAME_BYTES_MAX + 1, 0),
        wire.PREFIX.pack(1, wire.FRAME_BYTES_MAX + 1),
        wire.PREFIX.pack(3, 0) + b"abc",
        wire.PREFIX.pack(1, 0) + b"\xc1",
        wire.encode_frame(wire.Reply(1)),
        wire.encode_frame(LOGS[0], 1) + b"x",
        wire.encode_frame(done(1), 2) + b"xy",
        wire.encode_frame(done(3, -1), 2) + b"xy",
        wire.encode_frame(done(3)),
    ],
)
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(BrokenFrameError):
        list(FrameReader().feed(data))


def test_a_frame_that_is_too_large_is_never_sent() -> None:
    too_many = wire.FRAME_BYTES_MAX + 1
    text = f"a payload of {too_many} bytes passes the maximum of {wire.FRAME_BYTES_MAX} bytes"
    with pytest.raises(FrameTooLargeError, match=text):
        wire.encode_frame(wire.Reply(1), too_many)
