"""Arrow IPC streams, as the engine hands them out."""

import pyarrow as pa


def stream(**columns: object) -> bytes:
    """Make a stream of one batch from lists or Arrow arrays."""
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def tags(*values: str | None) -> object:
    """Make a tag column: a dictionary of strings."""
    return pa.array(values, pa.string()).dictionary_encode()


def times(*values_ns: int) -> object:
    """Make a time column from nanoseconds."""
    return pa.array(values_ns, pa.timestamp("ns"))
