"""Protocol Buffers by hand: bytes to numbered fields and back.

Flight has a dozen messages of strings, byte strings and numbers: this is all that they need.
Groups, which no message of ours has, are refused, as is everything that does not end where it says.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

Buffer = bytes | bytearray | memoryview
Value = int | memoryview

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
VARINT_BYTES_MAX = 10
U64 = 2**64
I64_MAX = 2**63 - 1


class ProtobufError(ValueError):
    """These bytes are not a message."""


class Fields:
    """The fields of one message, by number; the last of several wins, as the format says."""

    def __init__(self, data: Buffer) -> None:
        self._fields = list(parse(data))

    def numbers(self) -> set[int]:
        """Give the numbers of all fields that are there."""
        return {number for number, _ in self._fields}

    def all_bytes(self, number: int) -> list[memoryview]:
        """Give every value of a field that may be repeated."""
        return [_as_bytes(number, value) for found, value in self._fields if found == number]

    def bytes_of(self, number: int) -> memoryview:
        """Give a byte string; empty where it is absent."""
        found = self.all_bytes(number)
        return found[-1] if found else memoryview(b"")

    def text(self, number: int) -> str:
        """Give a string; empty where it is absent."""
        return as_text(self.bytes_of(number))

    def optional_text(self, number: int) -> str | None:
        """Give a string, or nothing where it is absent."""
        return self.text(number) if number in self.numbers() else None

    def texts(self, number: int) -> list[str]:
        """Give all strings of a repeated field."""
        return [as_text(value) for value in self.all_bytes(number)]

    def integer(self, number: int, default: int = 0) -> int:
        """Give a number without sign."""
        values = [value for found, value in self._fields if found == number]
        if not values:
            return default
        if not isinstance(values[-1], int):
            raise ProtobufError(f"field {number} is not a number")
        return values[-1]

    def integers(self, number: int) -> list[int]:
        """Give all numbers of a repeated field, packed or not."""
        found: list[int] = []
        for _, value in (field for field in self._fields if field[0] == number):
            if isinstance(value, int):
                found.append(value)
            else:
                found += _packed(value)
        return found


def as_text(value: memoryview) -> str:
    """Give the text of a string. Raises `ProtobufError`."""
    try:
        return str(value, "utf-8")
    except UnicodeDecodeError as error:
        raise ProtobufError(f"a string is not UTF-8: {error.reason}") from error


def _as_bytes(number: int, value: Value) -> memoryview:
    if isinstance(value, int):
        raise ProtobufError(f"field {number} is a number")
    return value


def parse(data: Buffer) -> Iterator[tuple[int, Value]]:
    """Give number and value of each field, in their order. Raises `ProtobufError`."""
    view, at = memoryview(data), 0
    while at < len(view):
        tag, at = _varint(view, at)
        number, kind = tag >> 3, tag & 7
        if number == 0 or tag >= 2**32:
            raise ProtobufError(f"a field has the number {number}")
        value, at = _value(view, at, kind)
        yield number, value


def _value(view: memoryview, at: int, kind: int) -> tuple[Value, int]:
    if kind == VARINT:
        return _varint(view, at)
    if kind == LENGTH:
        size, at = _varint(view, at)
        return _slice(view, at, size), at + size
    if kind not in {FIXED64, FIXED32}:
        raise ProtobufError(f"a field has the wire type {kind}")
    size = 8 if kind == FIXED64 else 4
    return int.from_bytes(_slice(view, at, size), "little"), at + size


def _slice(view: memoryview, at: int, size: int) -> memoryview:
    if size > len(view) - at:
        raise ProtobufError(f"a field of {size} bytes ends after {len(view) - at}")
    return view[at : at + size]


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift, byte in enumerate(view[at : at + VARINT_BYTES_MAX]):
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value % U64, at + shift + 1
    raise ProtobufError("a number has no end")


def _packed(view: memoryview) -> list[int]:
    found, at = [], 0
    while at < len(view):
        value, at = _varint(view, at)
        found.append(value)
    return found


def varint(value: int) -> bytes:
    """Spell a number; negative ones as their two's complement of 64 bits."""
    value %= U64
    spelled = bytearray()
    while value >= 0x80:
        spelled.append(value & 0x7F | 0x80)
        value >>= 7
    spelled.append(value)
    return bytes(spelled)


def head(number: int, size: int) -> bytes:
    """Spell what stands in front of a byte string of that size."""
    return varint(number << 3 | LENGTH) + varint(size)


def message(fields: Mapping[int, object]) -> bytes:
    """Spell a message: strings, byte strings, numbers, lists of these; `None` is left out."""
    return b"".join(_field(number, value) for number, value in fields.items())


def _field(number: int, value: object) -> bytes:
    match value:
        case None:
            return b""
        case bool() | int():
            return varint(number << 3 | VARINT) + varint(int(value))
        case float():
            return varint(number << 3 | FIXED64) + struct.pack("<d", value)
        case str():
            return _field(number, value.encode())
        case list() | tuple():
            return b"".join(_field(number, each) for each in value)
        case bytes() | bytearray() | memoryview():
            return head(number, len(value)) + value
    raise TypeError(f"field {number} has the type {type(value).__name__}")


def signed(value: int) -> int:
    """Give the number whose two's complement of 64 bits this is."""
    return value - U64 if value > I64_MAX else value


def double(value: int) -> float:
    """Give the floating-point number whose bits these are."""
    number: float = struct.unpack("<d", value.to_bytes(8, "little"))[0]
    return number
