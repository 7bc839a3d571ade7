"""Arrow IPC streams, taken apart into their messages and put together again.

A message on its own is a prefix (`FF FF FF FF` and the length of the header), a header, and a
body whose length the header says. Flight carries header and body without the prefix.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from influxpe.http.flight.protobuf import Buffer

PREFIX_BYTES = 8
CONTINUATION = 0xFFFFFFFF
ALIGNMENT = 8
END_OF_STREAM = struct.pack("<II", CONTINUATION, 0)
# Kinds of messages.
SCHEMA, DICTIONARY, BATCH = 1, 2, 3
# Places of the fields in the table of a Message, and of a DictionaryBatch.
HEADER_TYPE, HEADER, BODY_LENGTH = 1, 2, 3
DICTIONARY_ID, IS_DELTA = 0, 2


class NotArrow(ValueError):
    """These bytes are not a message of an Arrow stream."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a stream, without copying it."""

    kind: int
    header: memoryview
    body: memoryview


def described(header: Buffer) -> tuple[int, int]:
    """Give the kind of the message of a header, and the bytes of its body. Raises `NotArrow`."""
    try:
        root = struct.unpack_from("<I", header)[0]
        kind = _number(header, root, HEADER_TYPE, "<B")
        size = _number(header, root, BODY_LENGTH, "<q")
    except struct.error as error:
        raise NotArrow("the header of a message is cut off") from error
    if size < 0:
        raise NotArrow(f"a message has a body of {size} bytes")
    return kind, size


def dictionary(header: Buffer) -> tuple[int, bool]:
    """Give the number of the dictionary of a header, and whether it grows the one before."""
    try:
        root = struct.unpack_from("<I", header)[0]
        place = _place(header, root, HEADER)
        root = place + struct.unpack_from("<I", header, place)[0]
        number = _number(header, root, DICTIONARY_ID, "<q")
        return number, bool(_number(header, root, IS_DELTA, "<B"))
    except struct.error as error:
        raise NotArrow("the header of a message is cut off") from error


def _number(header: Buffer, root: int, field: int, form: str) -> int:
    """Give a number of a table; 0 where it is absent."""
    place = _place(header, root, field)
    number: int = struct.unpack_from(form, header, place)[0] if place else 0
    return number


def _place(header: Buffer, root: int, field: int) -> int:
    """Give where a field of a table stands; 0 where it is absent."""
    table = root - struct.unpack_from("<i", header, root)[0]
    if table < 0:
        raise NotArrow("the header of a message points before its start")
    slot = 4 + 2 * field
    if slot + 2 > struct.unpack_from("<H", header, table)[0]:
        return 0
    offset: int = struct.unpack_from("<H", header, table + slot)[0]
    return root + offset if offset else 0


class Splitter:
    """Takes a stream in pieces and gives its messages; one that is not whole waits for the rest."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> Iterator[Message]:
        """Give the messages that are whole by now. Raises `NotArrow`."""
        data = memoryview(self._rest + piece if self._rest else piece)
        at = 0
        while (end := _end(data, at)) is not None:
            found = _message(data[at:end])
            if found is not None:
                yield found
            at = end
        self._rest = bytes(data[at:])


def _end(data: memoryview, at: int) -> int | None:
    """Give where the message ends that begins here, if it does."""
    if len(data) - at < PREFIX_BYTES:
        return None
    mark, size = struct.unpack_from("<II", data, at)
    if mark != CONTINUATION:
        raise NotArrow("a message does not begin with its mark")
    body = at + PREFIX_BYTES + size
    if size == 0 or len(data) < body:
        return body if len(data) >= body else None
    end = body + described(data[at + PREFIX_BYTES : body])[1]
    return end if len(data) >= end else None


def _message(data: memoryview) -> Message | None:
    size = struct.unpack_from("<I", data, 4)[0]
    header, body = data[PREFIX_BYTES : PREFIX_BYTES + size], data[PREFIX_BYTES + size :]
    return Message(described(header)[0], header, body) if size else None


def encapsulated(header: Buffer, body: Buffer) -> list[Buffer]:
    """Give the pieces of a message on its own."""
    padding = -len(header) % ALIGNMENT
    prefix = struct.pack("<II", CONTINUATION, len(header) + padding)
    return [prefix, header, bytes(padding), body]
