"""What Flight SQL asks about the server and its types, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from influxpe.http.flight.sql_facts import FLAGS, LARGE, LISTS, MAPS, SMALL, TEXTS, Fact

VALUE = pa.dense_union(
    [
        pa.field("string_value", pa.string()),
        pa.field("bool_value", pa.bool_()),
        pa.field("bigint_value", pa.int64()),
        pa.field("int32_bitmask", pa.int32()),
        pa.field("string_list", pa.list_(pa.string())),
        pa.field("int32_to_int32_list_map", pa.map_(pa.int32(), pa.list_(pa.int32()))),
    ]
)
SQL_INFO = pa.schema(
    [pa.field("info_name", pa.uint32(), nullable=False), pa.field("value", VALUE, nullable=False)]
)
# In the order of the kinds of the union.
KINDS: list[Mapping[int, Fact]] = [TEXTS, FLAGS, LARGE, SMALL, LISTS, MAPS]
FACTS: dict[int, tuple[int, Fact]] = dict(
    sorted(
        (number, (kind, fact)) for kind, facts in enumerate(KINDS) for number, fact in facts.items()
    )
)


def sql_info(wanted: set[int]) -> pa.Table:
    """Give the facts of these numbers; all where none is named."""
    found = {number: fact for number, fact in FACTS.items() if not wanted or number in wanted}
    kinds = [kind for kind, _ in found.values()]
    children: list[Any] = []
    for place, field in enumerate(VALUE):
        facts = [fact for kind, fact in found.values() if kind == place]
        children.append(pa.array(facts, field.type))
    offsets = [kinds[:place].count(kind) for place, kind in enumerate(kinds)]
    values = pa.UnionArray.from_dense(
        pa.array(kinds, pa.int8()),
        pa.array(offsets, pa.int32()),
        children,
        [field.name for field in VALUE],
    )
    numbers = pa.array(list(found), pa.uint32())
    return pa.Table.from_arrays([numbers, values], schema=SQL_INFO)


_XDBC_FIELDS: list[pa.Field[Any]] = [
    pa.field("type_name", pa.string(), nullable=False),
    pa.field("data_type", pa.int32(), nullable=False),
    pa.field("column_size", pa.int32()),
    pa.field("literal_prefix", pa.string()),
    pa.field("literal_suffix", pa.string()),
    pa.field("create_params", pa.list_(pa.field("item", pa.string(), nullable=False))),
    pa.field("nullable", pa.int32(), nullable=False),
    pa.field("case_sensitive", pa.bool_(), nullable=False),
    pa.field("searchable", pa.int32(), nullable=False),
    pa.field("unsigned_attribute", pa.bool_()),
    pa.field("fixed_prec_scale", pa.bool_(), nullable=False),
    pa.field("auto_increment", pa.bool_()),
    pa.field("local_type_name", pa.string()),
    pa.field("minimum_scale", pa.int32()),
    pa.field("maximum_scale", pa.int32()),
    pa.field("sql_data_type", pa.int32(), nullable=False),
    pa.field("datetime_subcode", pa.int32()),
    pa.field("num_prec_radix", pa.int32()),
    pa.field("interval_precision", pa.int32()),
]
XDBC_TYPES = pa.schema(_XDBC_FIELDS)
NULLABLE, SEARCHABLE = 1, 3
TIMESTAMP_SUBCODE = 3
DATETIME = 9
# Name, number, size, quote of literals, without sign, radix.
TYPES: list[tuple[str, int, int | None, str | None, bool | None, int | None]] = [
    ("VARCHAR", 12, 2**31 - 1, "'", None, None),
    ("BIGINT", -5, 64, None, False, 2),
    ("BIGINT UNSIGNED", -5, 64, None, True, 2),
    ("DOUBLE", 8, 53, None, False, 2),
    ("BOOLEAN", -7, 1, None, None, None),
    ("TIMESTAMP", 93, 29, "'", None, None),
]


def xdbc_type_info(wanted: int | None) -> pa.Table:
    """Give the types that columns have; `wanted` is the number of one, as 64 bits without sign."""
    found = [row for row in TYPES if wanted is None or row[1] % 2**32 == wanted % 2**32]
    return pa.Table.from_pylist([_type_row(*row) for row in found], schema=XDBC_TYPES)


def _type_row(
    name: str,
    number: int,
    size: int | None,
    quote: str | None,
    unsigned: bool | None,
    radix: int | None,
) -> dict[str, Any]:
    is_time = name == "TIMESTAMP"
    return {
        "type_name": name,
        "data_type": number,
        "column_size": size,
        "literal_prefix": quote,
        "literal_suffix": quote,
        "nullable": NULLABLE,
        "case_sensitive": name == "VARCHAR",
        "searchable": SEARCHABLE,
        "unsigned_attribute": unsigned,
        "fixed_prec_scale": False,
        "auto_increment": None if radix is None else False,
        "local_type_name": name,
        "minimum_scale": 0 if is_time else None,
        "maximum_scale": 9 if is_time else None,
        "sql_data_type": DATETIME if is_time else number,
        "datetime_subcode": TIMESTAMP_SUBCODE if is_time else None,
        "num_prec_radix": radix,
    }
