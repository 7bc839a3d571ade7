"""`create database` and `create table`."""

from influxpe.cli import client
from influxpe.cli.command import Command, Values
from influxpe.cli.parameter import option, positional, several
from influxpe.cli.terminal import quoted, say
from influxpe.cli.value_types import retention

DATABASE_PATH = "/api/v3/configure/database"
TABLE_PATH = "/api/v3/configure/table"
FIELD_TYPES = ("int64", "uint64", "float64", "utf8", "bool")

DATABASE_NAME = positional(
    "DATABASE_NAME",
    "Name of the database: letters, digits, - and _",
    environment=("INFLUXDB3_DATABASE_NAME",),
)
RETENTION_PERIOD = option(
    "retention-period",
    "DURATION",
    "How long rows are kept, such as 30d or 1h 30m; none keeps them for ever",
    retention,
)
TABLE_RETENTION_PERIOD = option(
    "retention-period",
    "DURATION",
    "How long its rows are kept, such as 30d; none leaves it to the database",
    retention,
)
TABLE_NAME = positional("TABLE_NAME", "Name of the table")


def field_type(text: str) -> dict[str, str]:
    """Read `NAME:TYPE` as the server takes it. Raises `ValueError`."""
    name, colon, kind = text.rpartition(":")
    if not colon:
        raise ValueError(f"invalid FIELD:VALUE. No `:` found in `{text}`")
    if kind not in FIELD_TYPES:
        known = "int64, uint64, float64, utf8, and bool"
        raise ValueError(f"{kind} is not a valid data type, values are {known}")
    return {"name": name, "type": kind}


TAGS = several(
    "tags", "TAGS", "Tags of the table, in their order: a,b,c or a b c", str, greedy=True
)
FIELDS = several(
    "fields",
    "NAME:TYPE",
    f"Fields of the table: name:type,... with the types {', '.join(FIELD_TYPES)}",
    field_type,
    short="f",
)


def run_database(values: Values) -> int:
    """Make a database."""
    name = values[DATABASE_NAME]
    document = {"db": name, "retention_period": values[RETENTION_PERIOD]}
    client.client_from(values).call("POST", DATABASE_PATH, document=document)
    say(f"Database {quoted(name)} created successfully")
    return 0


def run_table(values: Values) -> int:
    """Make a table, and its database where that is missing."""
    database, table = values[client.DATABASE], values[TABLE_NAME]
    document = {
        "db": database,
        "table": table,
        "tags": values[TAGS],
        "fields": values[FIELDS],
        "retention_period": values[TABLE_RETENTION_PERIOD],
    }
    client.client_from(values).call("POST", TABLE_PATH, document=document)
    say(f"Table {quoted(database)}.{quoted(table)} created successfully")
    return 0


DATABASE_COMMAND = Command(
    name="database",
    about="Create a new database",
    verb="Create",
    run=run_database,
    parameters=(DATABASE_NAME, RETENTION_PERIOD, *client.CONNECTION),
    details="A database is also made by the first write to it.",
)
TABLE_COMMAND = Command(
    name="table",
    about="Create a new table",
    verb="Create",
    run=run_table,
    parameters=(
        TABLE_NAME,
        TAGS,
        FIELDS,
        TABLE_RETENTION_PERIOD,
        *client.CONNECTION_AND_DATABASE,
    ),
    details="A table is also made by the first write to it.",
)
