"""`show`: what there is on the server."""

from influxpe.cli import client, show_system
from influxpe.cli.command import Command, Group, Values
from influxpe.cli.create_database import DATABASE_PATH
from influxpe.cli.output import FORMAT, OUTPUT, output_from
from influxpe.cli.parameter import flag, option

INTERNAL = "_internal"
TOKENS_SQL = "SELECT * FROM system.tokens"
PLUGINS_SQL = "SELECT * FROM system.plugin_files"
# Whole numbers of the largest unit that divides the period. The cast keeps divisions whole: an
# unsigned number divided by a literal is a decimal.
RETENTION_SQL = " ".join(
    """
    SELECT database_name, CASE
        WHEN period_s IS NULL THEN 'infinite'
        WHEN period_s % 86400 = 0 THEN concat(period_s / 86400, 'd')
        WHEN period_s % 3600 = 0 THEN concat(period_s / 3600, 'h')
        WHEN period_s % 60 = 0 THEN concat(period_s / 60, 'm')
        ELSE concat(period_s, 's')
    END AS retention_period
    FROM (
        SELECT database_name, CAST(retention_period_ns AS BIGINT) / 1000000000 AS period_s
        FROM system.databases WHERE NOT deleted{one}
    )
    ORDER BY database_name
    """.split()
)

QUERIES_SQL = (
    "SELECT id, phase, issue_time, query_type, max_memory, query_text FROM system.queries "
    "WHERE running ORDER BY issue_time"
)

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


def run_queries(values: Values) -> int:
    """List the queries that run now, this one among them."""
    output_from(values).query(client.client_from(values), INTERNAL, QUERIES_SQL)
    return 0


def run_retention(values: Values) -> int:
    """List how long the databases keep their rows."""
    name = values[ONE_DATABASE]
    sql = RETENTION_SQL.format(one="" if name is None else " AND database_name = $database")
    params = None if name is None else {"database": name}
    server = client.client_from(values)
    output_from(values).query(server, INTERNAL, sql, params)
    return 0


SHOWN = (FORMAT, OUTPUT, *client.CONNECTION)

GROUP = Group(
    name="show",
    about="List databases, tokens, plugins, queries, retention periods, or the system tables",
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
            name="queries",
            about="List the queries that run now, with the ids for cancel query",
            verb="Show",
            run=run_queries,
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
