"""`create`: the group of the commands that make something."""

from influxpe.cli import caches, create_database, create_token, create_trigger
from influxpe.cli.command import Group

GROUP = Group(
    name="create",
    about="Create a database, table, cache, token or trigger",
    heading="Resource Management",
    members=(
        create_database.DATABASE_COMMAND,
        create_database.TABLE_COMMAND,
        caches.CREATE_LAST,
        caches.CREATE_DISTINCT,
        create_token.COMMAND,
        create_trigger.COMMAND,
    ),
)
