"""`show`: what there is on the server."""

from influxpe.cli import client, show_system
from influxpe.cli.command import Command, Group, Values
from influxpe.cli.create_database import DATABASE_PATH
from influxpe.cli.output import FORMAT, OUTPUT, output_from
from influxpe.cli.parameter import flag, option

INTERNAL = "_internal"
TOKENS_SQL = "SELECT * FROM system.tokens"
PLUGINS_SQL = "SELECT * FROM system.plugin_files"
# Whole numbers of the largest unit that divides the period; the rest is counted in seconds.
RETENTION_SQL = """
SELECT database_name, CASE
    WHEN retention_period_ns IS NULL THEN 'infinite'
    WHEN retention_period_ns % 86400000000000 = 0
        THEN concat(retention_period_ns / 86400000000000, 'd')
    WHEN retention_period_ns % 3600000000000 = 0
        THEN concat(retention_period_ns / 3600000000000, 'h')
    WHEN retention_period_ns % 60000000000 = 0
        THEN concat(retention_period_ns / 60000000000, 'm')
    ELSE concat(retention_period_ns / 1000000000, 's')
END AS retention_period
FROM system.databases
WHERE NOT deleted{one}
ORDER BY database_name
"""

SHOW_DELETED = flag("show-deleted", "List databases that are marked for deletion, too")
ONE_DATABASE = option("database", "DATABASE_NAME", "Show this database only", str)


def run_databases(values: Values) -> int:
    """List the databases."""
    shown = "true" if values[SHOW_DELETED] else "false"
    output = output_from(values)
    query = {"format": output.wire_format, "show_deleted": shown}
    with client.client_from(values).send("GET", DATABASE_PATH, query=query) as reply:
        output.deliver(reply)
    return 0


def run_tokens(values: Values) -> int:
    """List the tokens; the secrets themselves are not stored."""
    output_from(values).query(client.client_from(values), INTERNAL, TOKENS_SQL)
    return 0


def run_plugins(values: Values) -> int:
    """List the files behind the triggers."""
    output_from(values).query(client.client_from(values), INTERNAL, PLUGINS_SQL)
    return 0


def run_retention(values: Values) -> int:
    """List how long the databases keep their rows."""
    name = values[ONE_DATABASE]
    sql = RETENTION_SQL.format(one="" if name is None else " AND database_name = $database")
    params = None if name is None else {"database": name}
    server = client.client_from(values)
    output_from(values).query(server, INTERNAL, sql.strip(), params)
    return 0


SHOWN = (FORMAT, OUTPUT, *client.CONNECTION)

GROUP = Group(
    name="show",
    about="List databases, tokens, plugins, retention periods, or the system tables",
    heading="Resource Management",
    members=(
        Command(
            name="databases",
            about="List the databases",
            verb="Show",
            run=run_databases,
            parameters=(SHOW_DELETED, *SHOWN),
        ),
        Command(
            name="tokens",
            about="List the tokens: names, times, permissions, never the secret",
            verb="Show",
            run=run_tokens,
            parameters=SHOWN,
        ),
        Command(
            name="plugins",
            about="List the plugin files behind the triggers",
            verb="Show",
            run=run_plugins,
            parameters=SHOWN,
        ),
        Command(
            name="retention",
            about="List how long databases keep their rows",
            verb="Show",
            run=run_retention,
            parameters=(ONE_DATABASE, *SHOWN),
        ),
        show_system.GROUP,
    ),
)
