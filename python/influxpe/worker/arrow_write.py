"""What plugins write as Arrow data -> IPC streams for the server, or lines for a dry run.

Taken is whatever hands its rows out by the Arrow PyCapsule interface: tables and record batches of
pyarrow, data frames of polars and pandas, the rows of a batch. Columns that no table can have are
refused by the server, when the run ends.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import pyarrow as pa

from influxpe.worker.columns import to_list

TIME: Final = "time"
_SERIES_KEY: Final = b"iox::series::key"
_COLUMN_TYPE: Final = b"iox::column::type"
_TAG: Final = b"iox::column_type::tag"

_MEASUREMENT_ESCAPES: Final = str.maketrans({",": "\\,", " ": "\\ "})
_KEY_ESCAPES: Final = str.maketrans({"\\": "\\\\", ",": "\\,", "=": "\\=", " ": "\\ "})
_TEXT_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"'})


def is_arrow(value: object) -> bool:
    """Whether a value hands out Arrow data."""
    kind = type(value)
    return hasattr(kind, "__arrow_c_stream__") or hasattr(kind, "__arrow_c_array__")


def arrow_table(value: Any) -> "pa.Table":  # noqa: ANN401 # whatever `is_arrow` takes
    """Take the rows over, mostly without a copy. Raises `TypeError` for a single column."""
    if isinstance(value, pa.Array | pa.ChunkedArray):
        raise TypeError(f"Arrow data to write must have named columns, not {type(value).__name__}")
    return value if isinstance(value, pa.Table) else pa.table(value)


def checked_tags(tags: Iterable[str] | None) -> list[str] | None:
    """Check the names of tag columns. Raises `TypeError`."""
    if tags is None:
        return None
    if isinstance(tags, str | bytes):
        raise TypeError(f"tags must be a list of names, not {type(tags).__name__}")
    names = list(tags)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"the name of a tag column must be a str, not {type(name).__name__}")
    return names


def ipc_stream(table: "pa.Table") -> bytes:
    """Give the rows as one Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def as_lines(table: "pa.Table", name: str, tags: list[str] | None) -> str:
    """Give the rows as line protocol. Raises `TypeError` for a column that no table can have.

    Without `tags` the schema decides as in a real write, but a table that exists is not asked.
    """
    known = set(_schema_tags(table.schema) if tags is None else tags)
    columns = [_column(field, table.column(n), known) for n, field in enumerate(table.schema)]
    measurement = name.translate(_MEASUREMENT_ESCAPES)
    return "\n".join(_line(measurement, row) for row in zip(*columns, strict=True))


def _schema_tags(schema: "pa.Schema") -> list[str]:
    """The tags as the schema has them: by its metadata, those of columns, or their types."""
    metadata: dict[bytes, bytes] = dict(schema.metadata or {})
    if _SERIES_KEY in metadata:
        return [name for name in metadata[_SERIES_KEY].decode().split("/") if name]
    types = {field.name: (field.metadata or {}).get(_COLUMN_TYPE) for field in schema}
    if any(types.values()):
        return [name for name, kind in types.items() if kind == _TAG]
    return [field.name for field in schema if pa.types.is_dictionary(field.type)]


def _column(field: "pa.Field[Any]", column: Any, tags: set[str]) -> Iterator[tuple[str, str]]:  # noqa: ANN401 # the stubs have one class per type
    """Give a kind (`time`, `tag`, `field` or nothing) and the text of each row's value."""
    key, values = field.name.translate(_KEY_ESCAPES), to_list(column)
    if field.name == TIME:
        return (("", "") if value is None else ("time", f" {value}") for value in values)
    if field.name in tags:
        _check_is_text(field)
        return (
            ("tag", f",{key}={value.translate(_KEY_ESCAPES)}") if value else ("", "")
            for value in values
        )
    text = _field_text(field)
    return (("", "") if v is None else ("field", f"{key}={text(v)}") for v in values)


def _field_text(field: "pa.Field[Any]") -> Any:  # noqa: ANN401 # a function of any value
    """How values of a type stand in a line. Raises `TypeError`."""
    kind: Any = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if pa.types.is_boolean(kind):
        return lambda value: "t" if value else "f"
    if pa.types.is_signed_integer(kind):
        return "{}i".format
    if pa.types.is_unsigned_integer(kind):
        return "{}u".format
    if pa.types.is_floating(kind):
        return repr
    _check_is_text(field)
    return lambda value: f'"{value.translate(_TEXT_ESCAPES)}"'


def _check_is_text(field: "pa.Field[Any]") -> None:
    kind: Any = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if kind not in {pa.string(), pa.large_string(), pa.string_view()}:
        raise TypeError(f"column '{field.name}' has the Arrow type {kind}, which cannot be written")


def _line(measurement: str, row: tuple[tuple[str, str], ...]) -> str:
    parts = {kind: [text for other, text in row if other == kind] for kind in ("tag", "time")}
    fields = ",".join(text for kind, text in row if kind == "field")
    return f"{measurement}{''.join(parts['tag'])} {fields}{''.join(parts['time'])}"
