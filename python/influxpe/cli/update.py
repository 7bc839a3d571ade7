"""`update`: the retention of a database or a table, and the code behind a trigger."""

from influxpe.cli import client
from influxpe.cli.command import Command, CommandError, Group, Values
from influxpe.cli.create_database import (
    DATABASE_PATH,
    RETENTION_PERIOD,
    TABLE_NAME,
    TABLE_PATH,
    TABLE_RETENTION_PERIOD,
)
from influxpe.cli.input import read_text
from influxpe.cli.parameter import flag, option, required
from influxpe.cli.plugin_files import folder_files
from influxpe.cli.terminal import quoted, say
from influxpe.cli.trigger_options import PLUGIN_FILES_PATH, PLUGIN_FOLDER_PATH
from influxpe.cli.value_types import path, retention

NO_RETENTION = "--retention-period is required for update {}"

NEW_RETENTION = option(
    "retention-period", "DURATION", RETENTION_PERIOD.description, retention, short="r"
)
NEW_TABLE_RETENTION = option(
    "retention-period", "DURATION", TABLE_RETENTION_PERIOD.description, retention, short="r"
)
TRIGGER = required("trigger-name", "TRIGGER_NAME", "Name of the trigger", str, short="t")
PATH = required(
    "path", "PATH", "Plugin file or folder on this machine that replaces its code", path, short="p"
)
UPLOAD = flag("upload", "Accepted for other releases: the code is always sent", hidden=True)


def run_database(values: Values) -> int:
    """Change how long a database keeps its rows."""
    if not values.given(NEW_RETENTION):
        raise CommandError(NO_RETENTION.format("database"))
    name = values[client.DATABASE]
    document = {"db": name, "retention_period": values[NEW_RETENTION]}
    client.client_from(values).call("PUT", DATABASE_PATH, document=document)
    say(f"Database {quoted(name)} updated successfully")
    return 0


def run_table(values: Values) -> int:
    """Change how long a table keeps its rows."""
    if not values.given(NEW_TABLE_RETENTION):
        raise CommandError(NO_RETENTION.format("table"))
    database, table = values[client.DATABASE], values[TABLE_NAME]
    document = {"db": database, "table": table, "retention_period": values[NEW_TABLE_RETENTION]}
    client.client_from(values).call("PUT", TABLE_PATH, document=document)
    say(f"Table {quoted(database)}.{quoted(table)} updated successfully")
    return 0


def run_trigger(values: Values) -> int:
    """Replace the code of a trigger: one file, or a whole folder in one step."""
    source, name = values[PATH], values[TRIGGER]
    server, query = client.client_from(values), {"db": values[client.DATABASE]}
    if source.is_dir():
        files = [{"relative_path": p, "content": text} for p, text in folder_files(source)]
        document: dict[str, object] = {"plugin_name": name, "files": files}
        server.call("PUT", PLUGIN_FOLDER_PATH, query=query, document=document)
        say(f"Trigger '{name}' updated successfully (atomic directory replacement)")
        return 0
    if not source.exists():
        raise CommandError(f"Path does not exist: {source}")
    document = {"plugin_name": name, "content": read_text(source)}
    server.call("PUT", PLUGIN_FILES_PATH, query=query, document=document)
    say(f"Trigger '{name}' updated successfully")
    return 0


GROUP = Group(
    name="update",
    about="Update a database, a table or the code of a trigger",
    heading="Common Commands",
    members=(
        Command(
            name="database",
            about="Change how long a database keeps its rows",
            verb="Update",
            run=run_database,
            parameters=(NEW_RETENTION, *client.CONNECTION_AND_DATABASE),
        ),
        Command(
            name="table",
            about="Change how long a table keeps its rows",
            verb="Update",
            run=run_table,
            parameters=(TABLE_NAME, NEW_TABLE_RETENTION, *client.CONNECTION_AND_DATABASE),
        ),
        Command(
            name="trigger",
            about="Replace the code of a trigger by a file or folder of this machine",
            verb="Update",
            run=run_trigger,
            parameters=(TRIGGER, PATH, UPLOAD, *client.CONNECTION_AND_DATABASE),
        ),
    ),
)
