"""Protocol Buffers by hand: what is spelled is read again, and nothing else is."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influxpe.http.flight.messages import TYPE_URL, Descriptor, FlightData, Wrapped
from influxpe.http.flight.protobuf import Fields, ProtobufError, double, message, parse, signed

NUMBERS = st.integers(1, 2**29 - 1)
VALUES = st.one_of(st.integers(0, 2**64 - 1), st.binary(max_size=300))


@given(st.dictionaries(NUMBERS, VALUES, max_size=8))
def test_what_is_spelled_is_read_again(fields: dict[int, int | bytes]) -> None:
    found = {
        number: value if isinstance(value, int) else bytes(value)
        for number, value in parse(message(fields))
    }
    assert found == fields


@given(st.binary(max_size=64))
def test_any_bytes_are_a_message_or_an_error(data: bytes) -> None:
    for read in (Descriptor.parse, FlightData.parse, Wrapped.parse):
        with contextlib.suppress(ProtobufError):
            read(data)


def test_absent_fields_have_their_defaults() -> None:
    fields = Fields(b"")
    assert (fields.integer(1), fields.text(2), bytes(fields.bytes_of(3))) == (0, "", b"")
    assert (fields.optional_text(4), fields.texts(5), fields.integers(6)) == (None, [], [])


def test_the_last_of_several_wins() -> None:
    fields = Fields(message({1: [1, 2], 2: ["a", "b"]}))
    assert (fields.integer(1), fields.text(2)) == (2, "b")
    assert (fields.integers(1), fields.texts(2)) == ([1, 2], ["a", "b"])


def test_packed_numbers_are_read_as_the_others() -> None:
    assert Fields(message({1: b"\x01\xac\x02", 2: 3})).integers(1) == [1, 300]


@pytest.mark.parametrize("value", [-(2**63), -1, 0, 2**63 - 1])
def test_signed_numbers_keep_their_sign(value: int) -> None:
    assert signed(Fields(message({5: value})).integer(5)) == value


def test_floating_point_numbers_keep_their_bits() -> None:
    assert double(Fields(message({6: -0.1})).integer(6)) == -0.1


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\x08", "a number has no end"),
        (b"\x08" + b"\xff" * 10, "a number has no end"),
        (b"\x00\x01", "a field has the number 0"),
        (b"\x0a\x02a", "a field of 2 bytes ends after 1"),
        (b"\x09\x01", "a field of 8 bytes ends after 1"),
        (b"\x0b\x0c", "a field has the wire type 3"),
    ],
)
def test_what_does_not_end_where_it_says_is_refused(data: bytes, text: str) -> None:
    with pytest.raises(ProtobufError, match=text):
        list(parse(data))


def test_a_field_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(ProtobufError, match="field 1 is a number"):
        Fields(message({1: 1})).text(1)
    with pytest.raises(ProtobufError, match="field 1 is not a number"):
        Fields(message({1: "a"})).integer(1)
    with pytest.raises(ProtobufError, match="a string is not UTF-8"):
        Fields(message({1: b"\xff"})).text(1)


def test_an_any_names_its_message() -> None:
    found = Wrapped.parse(message({1: TYPE_URL + "a.B", 2: b"body"}))
    assert found is not None
    assert (found.name, bytes(found.body)) == ("a.B", b"body")
    assert Wrapped.parse(message({1: "a.B", 2: b"body"})) is None
    assert Wrapped.parse(b"") is None
