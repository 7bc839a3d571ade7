"""Arrow columns -> Python lists.

Integers, floats, strings, booleans as themselves; timestamps and durations as int nanoseconds, any
zone dropped; dictionaries as their values, shared; lists, structs and decimals as pyarrow has them.
Null is `None`. No type is refused: what Python has no type for comes as its text.
"""

from typing import Any, Final

import pyarrow as pa

_NANOSECONDS: Final = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}


def open_table(stream: bytes | memoryview) -> "pa.Table":
    """Read an Arrow IPC stream without a copy; the table keeps the bytes alive."""
    # No threads: a reader that makes its own would outlive the run in each worker.
    options = pa.ipc.IpcReadOptions(use_threads=False)
    with pa.ipc.open_stream(pa.py_buffer(stream), options=options) as reader:
        return reader.read_all()


def to_list(column: "pa.ChunkedArray[Any]") -> list[Any]:
    """Give all values of a column."""
    chunks = [_array_to_list(chunk) for chunk in column.chunks]
    return chunks[0] if len(chunks) == 1 else [value for chunk in chunks for value in chunk]


def _array_to_list(array: Any) -> list[Any]:  # noqa: ANN401 # the stubs have one class per type
    kind = array.type
    if pa.types.is_dictionary(kind):
        # Once per distinct value, not per row; absent is looked up as the last.
        values = [*_array_to_list(array.dictionary), None]
        indices = array.indices.fill_null(len(values) - 1) if array.null_count else array.indices
        return [values[index] for index in indices.to_pylist()]
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
        return _nanoseconds(array.view(pa.int64()).to_pylist(), _NANOSECONDS[kind.unit])
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _lists(array)
    if pa.types.is_struct(kind):
        return _structs(array)
    try:
        return list(array.to_pylist())
    except (ValueError, OverflowError, NotImplementedError):
        return [None if value is None or not value.is_valid else _text(value) for value in array]


def _nanoseconds(counts: list[int | None], factor: int) -> list[int | None]:
    """Scale counts of a unit; Python's integers do not overflow where Arrow's would."""
    if factor == 1:
        return counts
    return [None if count is None else count * factor for count in counts]


def _lists(array: Any) -> list[Any]:  # noqa: ANN401 # any list array
    """Give lists whose elements are converted like columns."""
    values = iter(_array_to_list(array.flatten()))
    return [
        None if length is None else [next(values) for _ in range(length)]
        for length in array.value_lengths().to_pylist()
    ]


def _structs(array: Any) -> list[Any]:  # noqa: ANN401 # any struct array
    """Give dicts whose values are converted like columns."""
    names = [field.name for field in array.type]
    columns = [_array_to_list(child) for child in array.flatten()]
    rows = [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
    if not columns:
        rows = [{} for _ in range(len(array))]
    valid = array.is_valid().to_pylist()
    return [row if here else None for row, here in zip(rows, valid, strict=True)]


def _text(value: Any) -> str:  # noqa: ANN401 # any scalar
    """What Arrow prints for a value, such as a time of day with nanoseconds."""
    try:
        return str(value.cast(pa.string()).as_py())
    except (pa.ArrowException, NotImplementedError):
        return str(value)
