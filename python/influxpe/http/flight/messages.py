"""The messages of Flight, as far as they are used, and how each is spelled.

Numbers of fields are those of `Flight.proto`.
"""

from __future__ import annotations

from dataclasses import dataclass

from influxpe.http.flight.framing import frame_head
from influxpe.http.flight.protobuf import Buffer, Fields, head, message

PATH, COMMAND = 1, 2
# Fields of FlightData.
DESCRIPTOR, HEADER, APP_METADATA, BODY = 1, 2, 3, 1000
UNKNOWN = -1
TYPE_URL = "type.googleapis.com/"


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a client names: a path, or a command of its own form."""

    kind: int
    command: memoryview
    path: tuple[str, ...]
    spelled: bytes

    @classmethod
    def parse(cls, data: Buffer) -> Descriptor:
        """Parse a FlightDescriptor. Raises `ProtobufError`."""
        fields = Fields(data)
        return cls(fields.integer(1), fields.bytes_of(2), tuple(fields.texts(3)), bytes(data))


@dataclass(frozen=True, slots=True)
class FlightData:
    """A message of an Arrow stream on its way: the header without its length, and the body."""

    descriptor: memoryview | None
    header: memoryview
    body: memoryview

    @classmethod
    def parse(cls, data: Buffer) -> FlightData:
        """Parse one. Raises `ProtobufError`."""
        fields = Fields(data)
        named = DESCRIPTOR in fields.numbers()
        descriptor = fields.bytes_of(DESCRIPTOR) if named else None
        return cls(descriptor, fields.bytes_of(HEADER), fields.bytes_of(BODY))


def flight_data_head(header: Buffer, body_bytes: int) -> bytes:
    """Spell a frame with a FlightData, up to its body, which follows as it is."""
    fields = head(HEADER, len(header)) + header + head(BODY, body_bytes)
    return frame_head(len(fields) + body_bytes) + fields


def framed(data: bytes) -> bytes:
    """Spell a frame with a message."""
    return frame_head(len(data)) + data


def handshake_answer(request: Buffer) -> bytes:
    """Answer a HandshakeRequest with what it says."""
    fields = Fields(request)
    return message({1: fields.integer(1) or None, 2: fields.bytes_of(2) or None})


def flight_info(schema: bytes, descriptor: Descriptor, ticket: bytes) -> bytes:
    """Spell a FlightInfo with one endpoint that has no place of its own."""
    endpoint = message({1: message({1: ticket})})
    return message({1: schema, 2: descriptor.spelled, 3: endpoint, 4: UNKNOWN, 5: UNKNOWN})


def wrapped(name: str, body: bytes) -> bytes:
    """Spell an Any with a message of that name."""
    return message({1: TYPE_URL + name, 2: body})


@dataclass(frozen=True, slots=True)
class Wrapped:
    """An Any: the full name of a message, and its bytes."""

    name: str
    body: memoryview

    @classmethod
    def parse(cls, data: Buffer) -> Wrapped | None:
        """Parse an Any; nothing where these bytes are none. Raises `ProtobufError`."""
        fields = Fields(data)
        if not fields.numbers() or not fields.numbers() <= {1, 2}:
            return None
        url = fields.text(1)
        if not url.startswith(TYPE_URL):
            return None
        return cls(url.removeprefix(TYPE_URL), fields.bytes_of(2))
