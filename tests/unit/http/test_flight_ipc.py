"""Arrow streams taken apart: every message, in whatever pieces it comes."""

import contextlib

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from influxpe.http.flight import ipc
from influxpe.http.flight.intake import Intake
from influxpe.http.flight.messages import FlightData
from influxpe.http.flight.reading import BATCH_BYTES_MAX, no_rows, parts
from influxpe.http.flight.status import CallFailed


def stream(*batches: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


BATCH = pa.RecordBatch.from_pydict({"a": [1, 2], "s": ["x", None]})
TAGS = pa.RecordBatch.from_pydict({"t": pa.array(["a", "b"]).dictionary_encode()})


def messages(data: bytes, size: int) -> list[ipc.Message]:
    splitter = ipc.Splitter()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return [message for piece in pieces for message in splitter.feed(piece)]


@given(st.integers(1, 2_000))
def test_a_stream_comes_in_any_pieces(size: int) -> None:
    found = messages(stream(BATCH, BATCH), size)
    assert [message.kind for message in found] == [ipc.SCHEMA, ipc.BATCH, ipc.BATCH]
    again = b"".join(b"".join(ipc.encapsulated(message.header, message.body)) for message in found)
    assert pa.ipc.open_stream(again + ipc.END_OF_STREAM).read_all() == pa.Table.from_batches(
        [BATCH, BATCH]
    )


def test_dictionaries_are_messages_of_their_own() -> None:
    kinds = [message.kind for message in messages(stream(TAGS), 10**6)]
    assert kinds == [ipc.SCHEMA, ipc.DICTIONARY, ipc.BATCH]


@given(st.binary(max_size=80))
def test_any_bytes_are_a_header_or_an_error(data: bytes) -> None:
    with contextlib.suppress(ipc.NotArrow):
        ipc.described(data)


def test_what_is_no_stream_is_refused() -> None:
    with pytest.raises(ipc.NotArrow, match="does not begin with its mark"):
        messages(b"x" * 100, 100)


def test_a_large_batch_is_sent_in_parts() -> None:
    rows = BATCH_BYTES_MAX // 4
    batch = pa.RecordBatch.from_pydict({"a": pa.array(range(rows)), "b": pa.array([1] * rows)})
    message = messages(stream(batch), 2**30)[1]
    assert len(message.body) > BATCH_BYTES_MAX
    small = [part for part in parts(message, batch.schema)]
    assert max(len(part.body) for part in small) <= BATCH_BYTES_MAX
    data = [b"".join(ipc.encapsulated(part.header, part.body)) for part in small]
    read = [pa.ipc.read_record_batch(pa.ipc.read_message(each), batch.schema) for each in data]
    assert pa.Table.from_batches(read) == pa.Table.from_batches([batch])


def test_a_sign_of_life_has_no_rows() -> None:
    message = no_rows(BATCH.schema)
    data = b"".join(ipc.encapsulated(message.header, message.body))
    assert pa.ipc.read_record_batch(pa.ipc.read_message(data), BATCH.schema).num_rows == 0


def flight_data(message: ipc.Message) -> FlightData:
    return FlightData(None, message.header, message.body)


def test_a_batch_comes_out_as_a_stream_with_what_it_needs() -> None:
    intake = Intake(10**6)
    schema, first, batch = messages(stream(TAGS), 10**6)
    assert intake.take(flight_data(schema)) is None
    assert intake.take(FlightData(None, memoryview(b""), memoryview(b""))) is None
    for _ in range(2):
        assert intake.take(flight_data(first)) is None
        pieces = intake.take(flight_data(batch))
        assert pieces is not None
        assert pa.ipc.open_stream(b"".join(pieces)).read_all() == pa.Table.from_batches([TAGS])


def test_a_stream_begins_with_one_schema() -> None:
    intake = Intake(10**6)
    schema, _, batch = messages(stream(TAGS), 10**6)
    with pytest.raises(CallFailed, match="the first message is not a schema"):
        intake.take(flight_data(batch))
    intake.take(flight_data(schema))
    with pytest.raises(CallFailed, match="a second schema in one stream"):
        intake.take(flight_data(schema))


def test_dictionaries_are_kept_within_the_limit() -> None:
    schema, first, _ = messages(stream(TAGS), 10**6)
    intake = Intake(100)
    intake.take(flight_data(schema))
    with pytest.raises(CallFailed, match=r"dictionaries of \d+ bytes are larger than 100 bytes"):
        intake.take(flight_data(first))
