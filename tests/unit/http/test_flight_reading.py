"""Rows on their way out: signs of life."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, cast

import pyarrow as pa
import pytest
from starlette.types import Message

from influxpe.http.flight import ipc, reading
from influxpe.http.flight.messages import FlightData
from influxpe.http.flight.patience import Patience

BATCH = pa.RecordBatch.from_pydict({"a": [1, 2]})


class Query:
    """Has its first pieces; the last one is there once it is let go."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = list(pieces)
        self._let_go = asyncio.get_running_loop().create_future()

    def poll(self) -> tuple[bool, bytes | None]:
        """Give the next piece, if it is there."""
        if len(self._pieces) == 1 and not self._let_go.done():
            return False, None
        return True, self._pieces.pop(0) if self._pieces else None

    def arrival(self) -> asyncio.Future[None]:
        """Give what is done once it was let go."""
        return self._let_go

    def let_go(self) -> None:
        """Have the last piece."""
        if not self._let_go.done():
            self._let_go.set_result(None)


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
        query = Query(pieces())
        exchange = Exchange(lambda: query.let_go() if len(exchange.batches) == 3 else None)
        patience = Patience(never)
        await reading.RowSender(cast("Any", exchange), patience).send(cast("Any", query))
        patience.end()
        return [batch.num_rows for batch in exchange.batches]

    assert asyncio.run(run()) == [0, 0, 0, 2]


async def never() -> Message:
    """Wait for what does not come."""
    await asyncio.Event().wait()
    raise AssertionError
