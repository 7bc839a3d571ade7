"""`delete`: databases, tables, rows, caches, tokens and triggers."""

from influxpe.cli import caches, client
from influxpe.cli.command import Command, Group, Values
from influxpe.cli.confirm import YES, confirm
from influxpe.cli.create_database import DATABASE_NAME, DATABASE_PATH, TABLE_NAME, TABLE_PATH
from influxpe.cli.create_token import OPERATOR_NAME, TOKEN_PATH
from influxpe.cli.delete_rows import ROWS_COMMAND
from influxpe.cli.parameter import flag, option, required
from influxpe.cli.terminal import quoted, say
from influxpe.cli.trigger_options import TRIGGER_NAME, TRIGGER_PATH

OPERATOR_STAYS = (
    'The operator token "_admin" is required and cannot be deleted. To regenerate an operator '
    "token, use: influxdb3 create token --admin --regenerate --token [TOKEN]"
)


def deletion_time(text: str) -> str:
    """Read when the data is removed: `never`, `now`, `default`, or an RFC 3339 time."""
    if text.lower() in {"never", "now", "default"}:
        return text.lower()
    from datetime import datetime

    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(
            "expected never, now, default, or a time such as 2026-01-31T00:00:00Z"
        ) from error
    if moment.tzinfo is None:
        raise ValueError("the time has no zone, for example Z at its end")
    return text


HARD_DELETE = option(
    "hard-delete",
    "WHEN",
    "When the data is removed for good: never, now, default (72 hours), or an RFC 3339 time",
    deletion_time,
)
TOKEN_NAME = required("token-name", "TOKEN_NAME", "Name of the token", str)
FORCE = flag("force", "Delete it even while it is enabled")


def run_database(values: Values) -> int:
    """Delete a database after asking."""
    name = values[DATABASE_NAME]
    confirm(values, quoted(name))
    query = {"db": name} | _hard_delete(values)
    client.client_from(values).call("DELETE", DATABASE_PATH, query=query)
    say(f"Database {quoted(name)} deleted successfully")
    return 0


def run_table(values: Values) -> int:
    """Delete a table after asking."""
    database, table = values[client.DATABASE], values[TABLE_NAME]
    full_name = f"{quoted(database)}.{quoted(table)}"
    confirm(values, full_name)
    query = {"db": database, "table": table} | _hard_delete(values)
    client.client_from(values).call("DELETE", TABLE_PATH, query=query)
    say(f"Table {full_name} deleted successfully")
    return 0


def run_token(values: Values) -> int:
    """Delete a token after asking; the operator's stays, which is told and is no failure."""
    name = values[TOKEN_NAME]
    if name == OPERATOR_NAME:
        say(OPERATOR_STAYS)
        return 0
    confirm(values, quoted(name))
    client.client_from(values).call("DELETE", TOKEN_PATH, query={"token_name": name})
    say(f"Token {quoted(name)} deleted successfully")
    return 0


def run_trigger(values: Values) -> int:
    """Delete a trigger."""
    name = values[TRIGGER_NAME]
    document = {"db": values[client.DATABASE], "trigger_name": name, "force": values[FORCE]}
    client.client_from(values).call("DELETE", TRIGGER_PATH, document=document)
    say(f"Trigger {name} deleted successfully")
    return 0


def _hard_delete(values: Values) -> dict[str, str]:
    when = values[HARD_DELETE]
    return {} if when is None else {"hard_delete_at": when}


GROUP = Group(
    name="delete",
    about="Delete a database, table, rows, a cache, a token or a trigger",
    heading="Resource Management",
    members=(
        Command(
            name="database",
            about="Delete a database with all its tables",
            verb="Delete",
            run=run_database,
            parameters=(DATABASE_NAME, HARD_DELETE, YES, *client.CONNECTION),
        ),
        Command(
            name="table",
            about="Delete a table with all its rows",
            verb="Delete",
            run=run_table,
            parameters=(TABLE_NAME, HARD_DELETE, YES, *client.CONNECTION_AND_DATABASE),
        ),
        ROWS_COMMAND,
        caches.DELETE_LAST,
        caches.DELETE_DISTINCT,
        Command(
            name="token",
            about="Delete an admin token; whoever uses it is refused at once",
            verb="Delete",
            run=run_token,
            parameters=(TOKEN_NAME, YES, *client.CONNECTION),
        ),
        Command(
            name="trigger",
            about="Delete a trigger; its plugin file stays",
            verb="Delete",
            run=run_trigger,
            parameters=(TRIGGER_NAME, FORCE, *client.CONNECTION_AND_DATABASE),
        ),
    ),
)
