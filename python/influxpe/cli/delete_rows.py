"""`delete rows`: rows of one table, by their times and tags."""

import re
from collections.abc import Iterable

from influxpe.cli import client
from influxpe.cli.command import Command, CommandError, Values
from influxpe.cli.confirm import YES, confirm
from influxpe.cli.create_database import TABLE_NAME
from influxpe.cli.parameter import option, several
from influxpe.cli.terminal import quoted, say
from influxpe.cli.value_types import key_value

ROWS_PATH = "/api/v3/delete_rows"
NO_CONDITION = (
    "name --start, --stop or --tag: without any of them every row would go, "
    "which `delete table` does"
)


def time(text: str) -> int | str:
    """Read nanoseconds since the epoch, or an RFC 3339 time, which the server reads."""
    return int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else text


START = option("start", "TIME", "The first time: RFC 3339, or nanoseconds since 1970", time)
STOP = option("stop", "TIME", "The time before which it ends, as --start", time)
TAG = several(
    "tag",
    "KEY=VALUE",
    "What a tag must be; the same tag again: any of the values; no value: rows without the tag",
    key_value,
    separators="",
)


def run(values: Values) -> int:
    """Delete rows after asking."""
    start, stop, tags = values[START], values[STOP], values[TAG]
    if start is None and stop is None and not tags:
        raise CommandError(NO_CONDITION)
    database, table = values[client.DATABASE], values[TABLE_NAME]
    full_name = f"{quoted(database)}.{quoted(table)}"
    confirm(values, f"rows of {full_name}")
    document = {"db": database, "table": table, "start": start, "stop": stop, "tags": _by_tag(tags)}
    client.client_from(values).call("POST", ROWS_PATH, document=document)
    say(f"Rows of {full_name} deleted successfully")
    return 0


def _by_tag(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str | None]]:
    tags: dict[str, list[str | None]] = {}
    for tag, value in pairs:
        tags.setdefault(tag, []).append(value or None)
    return tags


ROWS_COMMAND = Command(
    name="rows",
    about="Delete rows of a table by their times and tags",
    verb="Delete",
    run=run,
    parameters=(TABLE_NAME, START, STOP, TAG, YES, *client.CONNECTION_AND_DATABASE),
    details="Rows that are written later stay, also at the same times.",
)
