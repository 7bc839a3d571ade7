"""`show system`: the tables in which a database describes itself."""

import json

from influxpe.cli import client
from influxpe.cli.command import Command, CommandError, Group, Values
from influxpe.cli.output import FORMAT, Output
from influxpe.cli.parameter import defaulted, positional, several
from influxpe.cli.terminal import say
from influxpe.cli.value_types import whole_number

LIMIT_MAX = 65_535
TABLE_LIST_SQL = (
    "SELECT table_name, array_agg(column_name ORDER BY ordinal_position) AS column_names "
    "FROM information_schema.columns WHERE table_schema = 'system' "
    "GROUP BY table_name ORDER BY table_name"
)
TABLE_NAMES_SQL = (
    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'system' "
    "ORDER BY table_name"
)
# What is largest is what one looks for, in these tables.
LARGEST_FIRST = {
    "distinct_caches": "max_cardinality",
    "last_caches": "count",
    "parquet_files": "size_bytes",
    "queries": "end2end_duration",
}


def row_limit(text: str) -> int:
    """Read a number of rows; 0 means all."""
    limit = whole_number(text)
    if limit > LIMIT_MAX:
        raise ValueError(f"{limit} is not in 0..={LIMIT_MAX}")
    return limit


TABLE = positional("SYSTEM_TABLE", "Name of the system table, such as processing_engine_logs")
TABLE_LIMIT = defaulted("limit", "LIMIT", "Rows to show; 0 shows all", row_limit, "100", short="l")
SUMMARY_LIMIT = defaulted(
    "limit", "LIMIT", "Rows to show of each table; 0 shows all", row_limit, "10", short="l"
)
ORDER_BY = several("order-by", "COLUMNS", "Columns to sort by: a,b", str, short="o")
SELECT = several("select", "COLUMNS", "Columns to show: a,b", str, short="s")


def run_table_list(values: Values) -> int:
    """List the system tables and their columns."""
    server, database = client.client_from(values), values[client.DATABASE]
    Output(values[FORMAT]).query(server, database, TABLE_LIST_SQL)
    return 0


def run_table(values: Values) -> int:
    """Show the rows of one system table."""
    server, database, table = client.client_from(values), values[client.DATABASE], values[TABLE]
    sql = _select(table, values[SELECT], values[ORDER_BY], values[TABLE_LIMIT])
    try:
        Output(values[FORMAT]).query(server, database, sql)
    except client.ServerError as error:
        if "not found" not in error.reply or error.status == 404:
            raise
        names = json.dumps(_table_names(server, database))
        raise CommandError(
            f"system table '{table}' not found: please use a valid system table name: {names}"
        ) from error
    return 0


def run_summary(values: Values) -> int:
    """Show the first rows of every system table."""
    server, database = client.client_from(values), values[client.DATABASE]
    for table in _table_names(server, database):
        say(f"{table} summary:")
        sql = _select(table, (), (), values[SUMMARY_LIMIT])
        Output(values[FORMAT]).query(server, database, sql)
    return 0


def _table_names(server: client.Client, database: str) -> list[str]:
    document = {"db": database, "q": TABLE_NAMES_SQL, "format": "json", "params": None}
    rows = server.call("POST", "/api/v3/query_sql", document=document)
    return [str(row["table_name"]) for row in rows] if isinstance(rows, list) else []


def _select(table: str, columns: tuple[str, ...], order: tuple[str, ...], limit: int) -> str:
    """Compose the query; names are quoted, so that they cannot be anything else."""
    shown = ", ".join(_quoted(column) for column in columns) or "*"
    sql = f"SELECT {shown} FROM system.{_quoted(table)}"  # noqa: S608 - names are quoted
    if order:
        sql += f" ORDER BY {', '.join(_quoted(column) for column in order)}"
    elif table in LARGEST_FIRST:
        sql += f" ORDER BY {_quoted(LARGEST_FIRST[table])} DESC"
    return sql + (f" LIMIT {limit}" if limit else "")


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


SHOWN = (FORMAT, *client.CONNECTION_AND_DATABASE)

GROUP = Group(
    name="system",
    aliases=("s",),
    about="Show the system tables of a database",
    options=client.CONNECTION_AND_DATABASE,
    details="The database and the connection may be given before or after the last word.",
    members=(
        Command(
            name="table-list",
            about="List the system tables and their columns",
            verb="Show",
            run=run_table_list,
            parameters=SHOWN,
        ),
        Command(
            name="table",
            about="Show the rows of one system table",
            verb="Show",
            run=run_table,
            parameters=(TABLE, TABLE_LIMIT, ORDER_BY, SELECT, *SHOWN),
        ),
        Command(
            name="summary",
            about="Show the first rows of every system table",
            verb="Show",
            run=run_summary,
            parameters=(SUMMARY_LIMIT, *SHOWN),
        ),
    ),
)
