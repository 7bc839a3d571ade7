"""A stream of FlightData, cut into streams of one batch each, as the engine takes them.

What comes before the batches (the schema, the newest dictionaries) is kept and set in front of
each. A dictionary that is sent anew replaces the one before; one that grows is kept in its parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from influxpe.http.flight import ipc
from influxpe.http.flight.status import CallFailed, Code, invalid

if TYPE_CHECKING:
    from influxpe.http.flight.messages import FlightData
    from influxpe.http.flight.protobuf import Buffer

Pieces = list["Buffer"]


class Intake:
    """Takes the messages of one stream; a batch comes out as the pieces of a stream."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._schema: Pieces | None = None
        self._dictionaries: dict[int, list[Pieces]] = {}

    def take(self, data: FlightData) -> Pieces | None:
        """Take a message; gives a stream where it has rows. Raises `CallFailed`, `NotArrow`."""
        if not len(data.header):
            return None
        kind, _ = ipc.described(data.header)
        pieces = ipc.encapsulated(data.header, data.body)
        if kind == ipc.SCHEMA:
            self._begin(pieces)
        elif self._schema is None:
            raise invalid("the first message is not a schema")
        elif kind == ipc.DICTIONARY:
            self._keep(*ipc.dictionary(data.header), pieces)
        elif kind == ipc.BATCH:
            return self._stream(self._schema, pieces)
        else:
            raise invalid(f"a message has the kind {kind}: it is no schema, dictionary or batch")
        return None

    def _begin(self, pieces: Pieces) -> None:
        if self._schema is not None:
            raise invalid("a second schema in one stream")
        self._schema = pieces

    def _keep(self, number: int, is_delta: bool, pieces: Pieces) -> None:
        kept = self._dictionaries.setdefault(number, [])
        if not is_delta:
            kept.clear()
        kept.append(pieces)
        size = sum(len(p) for each in self._dictionaries.values() for ps in each for p in ps)
        if size > self._bytes_max:
            message = f"dictionaries of {size} bytes are larger than {self._bytes_max} bytes"
            raise CallFailed(Code.RESOURCE_EXHAUSTED, message)

    def _stream(self, schema: Pieces, batch: Pieces) -> Pieces:
        dictionaries = [ps for each in self._dictionaries.values() for ps in each]
        return [piece for ps in (schema, *dictionaries, batch) for piece in ps] + [
            ipc.END_OF_STREAM
        ]
