"""The first row of a stream as values of placeholders."""

import pyarrow as pa
import pytest

from influxpe.http.flight.binding import first_row
from influxpe.http.flight.status import CallFailed, Code


def stream(name: str) -> bytes:
    batch = pa.RecordBatch.from_pydict({name: ["a"]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def test_a_value_has_a_place_and_a_name() -> None:
    assert first_row(stream("host")) == {"1": "a", "host": "a"}


def test_a_name_that_is_no_text_is_refused() -> None:
    body = stream("host").replace(b"host", b"\x80ost")
    with pytest.raises(CallFailed, match="bad parameters: 'utf-8' codec") as refused:
        first_row(body)
    assert refused.value.code == Code.INVALID_ARGUMENT
