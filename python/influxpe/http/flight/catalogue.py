"""What there is to ask: the answers of Flight SQL about databases, schemas, tables and keys.

One database is one catalog `public`, as in SQL; user tables lie in its schema `iox`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from influxpe.http.flight.planning import planned_schema
from influxpe.http.flight.protobuf import Fields
from influxpe.http.flight.reading import query_table
from influxpe.http.flight.sql_info import SQL_INFO, XDBC_TYPES, sql_info, xdbc_type_info
from influxpe.http.flight.statements import Statement
from influxpe.http.flight.status import invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from influxpe._engine import Engine

CATALOG = "public"
SCHEMAS = ("information_schema", "iox", "system")
BASE_TABLE, VIEW = "BASE TABLE", "VIEW"
# What InfluxDB 3 lets clients call base tables, by the header `x-influxdata-base-table-type`.
BASE_TABLE_TYPES = (BASE_TABLE, "TABLE")

TEXT = pa.string()
ALL_TABLES = (
    "SELECT table_schema, table_name, table_type FROM information_schema.tables "
    "ORDER BY table_schema, table_name, table_type"
)


def _schema(text: str) -> pa.Schema:
    """Give a schema from `name`, `name!` (never null), with `:type` where it is not text."""
    types: dict[str, pa.DataType] = {
        "": TEXT,
        "binary": pa.binary(),
        "int32": pa.int32(),
        "uint8": pa.uint8(),
    }
    fields = []
    for word in text.split():
        name, _, kind = word.partition(":")
        fields.append(pa.field(name.rstrip("!"), types[kind], nullable=not name.endswith("!")))
    return pa.schema(fields)


REFERENCES = _schema(
    "pk_catalog_name pk_db_schema_name pk_table_name! pk_column_name! "
    "fk_catalog_name fk_db_schema_name fk_table_name! fk_column_name! "
    "key_sequence!:int32 fk_key_name pk_key_name update_rule!:uint8 delete_rule!:uint8"
)
TABLES = _schema("catalog_name db_schema_name table_name! table_type!")
SCHEMA_OF: dict[str, pa.Schema] = {
    "CommandGetCatalogs": _schema("catalog_name!"),
    "CommandGetDbSchemas": _schema("catalog_name db_schema_name!"),
    "CommandGetTables": TABLES,
    "CommandGetTableTypes": _schema("table_type!"),
    "CommandGetSqlInfo": SQL_INFO,
    "CommandGetXdbcTypeInfo": XDBC_TYPES,
    "CommandGetPrimaryKeys": _schema(
        "catalog_name db_schema_name table_name! column_name! key_name key_sequence!:int32"
    ),
    "CommandGetExportedKeys": REFERENCES,
    "CommandGetImportedKeys": REFERENCES,
    "CommandGetCrossReference": REFERENCES,
}


def matches(pattern: str | None, name: str) -> bool:
    """Tell whether a name fits a pattern of LIKE; a backslash escapes, none fits every name."""
    if pattern is None:
        return True
    wild = {"%": ".*", "_": "."}
    pieces = re.findall(r"\\[\\%_]|.", pattern, re.DOTALL)
    spelled = "".join(wild.get(piece) or re.escape(piece[-1]) for piece in pieces)
    return re.fullmatch(spelled, name, re.DOTALL) is not None


def check_base_table_type(name: str | None) -> str:
    """Give what base tables are called. Raises `CallFailed` where that is unknown."""
    if name is None:
        return BASE_TABLE
    if name not in BASE_TABLE_TYPES:
        raise invalid(f"bad x-influxdata-base-table-type: {name}")
    return name


class Catalogue:
    """Answers about one database."""

    def __init__(self, engine: Engine, database: str, base_table: str) -> None:
        self._engine = engine
        self._database = database
        self._base_table = base_table
        self._answers: dict[str, Callable[[Fields], list[dict[str, Any]]]] = {
            "CommandGetCatalogs": lambda _: [{"catalog_name": CATALOG}],
            "CommandGetDbSchemas": self._db_schemas,
            "CommandGetTables": self._tables,
            "CommandGetTableTypes": lambda _: [{"table_type": name} for name in self._types()],
        }

    def schema(self, name: str, fields: Fields) -> pa.Schema:
        """Give the schema of an answer."""
        if name == "CommandGetTables" and fields.integer(5):
            return TABLES.append(pa.field("table_schema", pa.binary(), nullable=False))
        return SCHEMA_OF[name]

    def table(self, name: str, fields: Fields) -> pa.Table:
        """Give an answer. Raises `CallFailed`. Reads the catalog, so it belongs into a thread."""
        if name == "CommandGetSqlInfo":
            return sql_info(set(fields.integers(1)))
        if name == "CommandGetXdbcTypeInfo":
            wanted = fields.integer(1) if 1 in fields.numbers() else None
            return xdbc_type_info(wanted)
        answer = self._answers.get(name)
        rows = [] if answer is None else answer(fields)
        return pa.Table.from_pylist(rows, schema=self.schema(name, fields))

    def _types(self) -> list[str]:
        return sorted([self._base_table, VIEW])

    def _db_schemas(self, fields: Fields) -> list[dict[str, Any]]:
        if fields.optional_text(1) not in {None, "", CATALOG}:
            return []
        pattern = fields.optional_text(2)
        found = [name for name in SCHEMAS if matches(pattern, name)]
        return [{"catalog_name": CATALOG, "db_schema_name": name} for name in found]

    def _tables(self, fields: Fields) -> list[dict[str, Any]]:
        if fields.optional_text(1) not in {None, "", CATALOG}:
            return []
        types = fields.texts(4)
        rows = [self._row(row) for row in self._listed()]
        found = [
            row
            for row in rows
            if matches(fields.optional_text(2), row["db_schema_name"])
            and matches(fields.optional_text(3), row["table_name"])
            and (not types or row["table_type"] in types)
        ]
        return [row | self._described(row) for row in found] if fields.integer(5) else found

    def _listed(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = query_table(
            self._engine, self._database, ALL_TABLES
        ).to_pylist()
        return rows

    def _row(self, row: dict[str, Any]) -> dict[str, Any]:
        kind = row["table_type"]
        return {
            "catalog_name": CATALOG,
            "db_schema_name": row["table_schema"],
            "table_name": row["table_name"],
            "table_type": self._base_table if kind == BASE_TABLE else kind,
        }

    def _described(self, row: dict[str, Any]) -> dict[str, bytes]:
        name = ".".join(
            '"' + row[part].replace('"', '""') + '"' for part in ("db_schema_name", "table_name")
        )
        statement = Statement(f"SELECT * FROM {name}")  # noqa: S608 - a quoted name
        return {"table_schema": planned_schema(self._engine, self._database, statement)}
