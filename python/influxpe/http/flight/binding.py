"""Values for the placeholders of a prepared statement: the first row of what a client sends.

A value stands for the placeholder of its column's name and of its place, from `$1`: clients that
know values by place alone call their columns `0`, `1`, ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from influxpe.http.flight import ipc
from influxpe.http.flight.intake import Intake
from influxpe.http.flight.messages import FlightData
from influxpe.http.flight.status import invalid

if TYPE_CHECKING:
    from influxpe.engine_types import Scalar
    from influxpe.http.flight.framing import MessageReader
    from influxpe.http.flight.intake import Pieces

PLAIN = (bool, int, float, str)


async def bound_values(
    first: FlightData, messages: MessageReader, bytes_max: int
) -> dict[str, Scalar]:
    """Read a whole stream; gives its first row. Raises `CallFailed`."""
    intake = Intake(bytes_max)
    rows: Pieces | None = None
    data: FlightData | None = first
    while data is not None:
        _check_plain(data)
        pieces = intake.take(data)
        rows = rows or pieces
        following = await messages.next()
        data = None if following is None else FlightData.parse(following)
    return {} if rows is None else first_row(b"".join(rows))


def _check_plain(data: FlightData) -> None:
    """Refuse dictionaries: their parts would be joined before their offsets can be checked."""
    if len(data.header) and ipc.described(data.header)[0] == ipc.DICTIONARY:
        raise invalid("parameters cannot be dictionaries")


def first_row(stream: bytes) -> dict[str, Scalar]:
    """Give the values of the first row of a stream. Raises `CallFailed`."""
    try:
        batch = pa.ipc.open_stream(stream).read_next_batch()
        # Nothing may be read from it before: its offsets are the client's.
        batch.validate(full=True)
        names = batch.schema.names  # are not validated
    except (pa.ArrowException, StopIteration, OSError, UnicodeDecodeError) as error:
        raise invalid(f"bad parameters: {error}") from error
    if batch.num_rows == 0:
        return {}
    values: dict[str, Scalar] = {}
    for place, name in enumerate(names):
        value = _value(name, batch.column(place))
        values[str(place + 1)] = value
        if not name.isdigit():
            values[name] = value
    return values


def _value(name: str, column: pa.Array[Any]) -> Scalar:
    scalar = column[0]
    if not scalar.is_valid:
        return None
    try:
        if not pa.types.is_temporal(scalar.type):
            value = scalar.as_py()
            if isinstance(value, PLAIN):
                return value
        return str(scalar.cast(pa.string()).as_py())
    except (pa.ArrowException, ValueError) as error:
        raise invalid(f"the parameter '{name}' has the type {column.type}") from error
