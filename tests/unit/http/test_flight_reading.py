"""Rows on their way out: signs of life, order, and what is fetched ahead."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any, cast

import pyarrow as pa
import pytest
from starlette.types import Message

from influxpe.http.flight import ipc, reading
from influxpe.http.flight.ahead import AHEAD_BYTES_MAX, Ahead
from influxpe.http.flight.messages import FlightData
from influxpe.http.flight.patience import Patience
from influxpe.http.threads import Threads

BATCH = pa.RecordBatch.from_pydict({"a": [1, 2]})


class Stream:
    """Gives prepared pieces, then raises or ends; `gate` holds the piece of that number back."""

    def __init__(self, pieces: Sequence[bytes], gate: int = -1) -> None:
        self._pieces = list(pieces)
        self._gate = gate
        self.given = 0
        self.let_go = threading.Event()
        self.error: Exception | None = None

    def next_chunk(self) -> bytes | None:
        """Give the next piece."""
        if self.given == self._gate:
            assert self.let_go.wait(20)
        if self.given == len(self._pieces):
            if self.error is not None:
                raise self.error
            return None
        self.given += 1
        return self._pieces[self.given - 1]


class Exchange:
    """Keeps what is sent."""

    def __init__(self, told: Callable[[], None]) -> None:
        self.batches: list[pa.RecordBatch] = []
        self._told = told

    async def message(self, *pieces: bytes) -> None:
        """Keep a message."""
        frame = b"".join(pieces)
        data = FlightData.parse(frame[5:])
        whole = b"".join(ipc.encapsulated(data.header, data.body))
        if ipc.described(data.header)[0] == ipc.BATCH:
            message = pa.ipc.read_message(whole)
            self.batches.append(pa.ipc.read_record_batch(message, BATCH.schema))
            self._told()


def pieces() -> list[bytes]:
    """Give a stream with one batch, cut behind its schema."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, BATCH.schema) as writer:
        writer.write_batch(BATCH)
    whole = sink.getvalue().to_pybytes()
    size = len(BATCH.schema.serialize().to_pybytes())
    return [whole[:size], whole[size:]]


def test_an_empty_batch_is_sent_while_a_query_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "KEEP_ALIVE_SECONDS", 0.01)

    async def run() -> list[int]:
        stream, threads = Stream(pieces(), gate=1), Threads()
        exchange = Exchange(lambda: stream.let_go.set() if len(exchange.batches) == 3 else None)
        patience = Patience(never)
        sender = reading.RowSender(threads, cast("Any", exchange), patience)
        await sender.send(cast("Any", stream))
        patience.end()
        threads.close()
        return [batch.num_rows for batch in exchange.batches]

    *empty, last = asyncio.run(run())
    assert empty[:3] == [0, 0, 0]
    assert set(empty) == {0}
    assert last == 2


async def never() -> Message:
    """Wait for what does not come."""
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize("error", [None, ValueError("at the end")])
def test_pieces_come_in_order_and_not_far_ahead(error: Exception | None) -> None:
    async def run() -> None:
        size = AHEAD_BYTES_MAX // 4
        stream = Stream([b"%d" % number * size for number in range(10)])
        threads = Threads()
        stream.error = error
        ahead = Ahead(threads, cast("Any", stream))
        for number in range(10):
            if (arrival := ahead.arrival()) is not None:
                await arrival
            assert ahead.take() == b"%d" % number * size
            assert stream.given <= number + 1 + 4
        if (arrival := ahead.arrival()) is not None:
            await arrival
        if error is None:
            assert ahead.take() is None
        else:
            with pytest.raises(ValueError, match="at the end"):
                ahead.take()
        threads.close()

    asyncio.run(run())


def test_nothing_is_fetched_after_the_end_was_asked_for() -> None:
    async def run() -> int:
        stream, threads = Stream([b"x"] * 100, gate=1), Threads()
        ahead = Ahead(threads, cast("Any", stream))
        ahead.end()
        stream.let_go.set()
        if (arrival := ahead.arrival()) is not None:
            await arrival
        ahead.take()
        await asyncio.sleep(0)
        threads.close()
        return stream.given

    assert asyncio.run(run()) <= 2
