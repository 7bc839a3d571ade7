"""`create last_cache`, `create distinct_cache` and their deletion."""

import json
from collections.abc import Sequence

from influxpe.cli import client
from influxpe.cli.command import Command, CommandError, Values
from influxpe.cli.parameter import (
    defaulted,
    optional_positional,
    positional,
    required,
    several,
)
from influxpe.cli.terminal import say
from influxpe.cli.value_types import duration_ns, positive_number

LAST_PATH = "/api/v3/configure/last_cache"
DISTINCT_PATH = "/api/v3/configure/distinct_cache"
NS_PER_SECOND = 1_000_000_000


def seconds(text: str) -> int:
    """Read a duration such as `4 hours` as whole seconds."""
    return duration_ns(text) // NS_PER_SECOND


NEW_NAME = optional_positional(
    "CACHE_NAME", "Name of the cache; made of the table and the columns where it is not given"
)
NAME = positional("CACHE_NAME", "Name of the cache")
TABLE = required("table", "TABLE", "The table of the cache", str, short="t")
KEY_COLUMNS = several(
    "key-columns", "KEY_COLUMNS", "Columns whose values are the key; all tags unless given", str
)
VALUE_COLUMNS = several(
    "value-columns",
    "VALUE_COLUMNS",
    "Columns to keep; all others, later ones too, unless given",
    str,
)
COUNT = defaulted("count", "COUNT", "Rows of each key, from 1", positive_number, "1")
TTL = defaulted(
    "ttl", "TTL", "How long a row is kept after it was written, such as 4h", seconds, "4 hours"
)
COLUMNS = several(
    "columns",
    "COLUMNS",
    "Tags and strings, from the outermost to the innermost",
    str,
    aliases=("column",),
)
MAX_CARDINALITY = defaulted(
    "max-cardinality", "MAX_CARDINALITY", "Combinations, at most", positive_number, "100000"
)
MAX_AGE = defaulted(
    "max-age",
    "MAX_AGE",
    "How long a combination is kept after the time of its newest row, such as 1d",
    seconds,
    "1d",
)


def run_create_last(values: Values) -> int:
    """Make a last-value cache."""
    document = _given(values) | {
        "key_columns": _list(values[KEY_COLUMNS]),
        "value_columns": _list(values[VALUE_COLUMNS]),
        "count": values[COUNT],
        "ttl": values[TTL],
    }
    return _create(values, LAST_PATH, document)


def run_create_distinct(values: Values) -> int:
    """Make a distinct-value cache."""
    document = _given(values) | {
        "columns": list(values[COLUMNS]),
        "max_cardinality": values[MAX_CARDINALITY],
        "max_age": values[MAX_AGE],
    }
    return _create(values, DISTINCT_PATH, document)


def run_delete_last(values: Values) -> int:
    """Delete a last-value cache."""
    _delete(values, LAST_PATH)
    say("last cache deleted successfully")
    return 0


def run_delete_distinct(values: Values) -> int:
    """Delete a distinct-value cache."""
    _delete(values, DISTINCT_PATH)
    say("distinct cache deleted successfully")
    return 0


def _given(values: Values) -> dict[str, object]:
    return {"db": values[client.DATABASE], "table": values[TABLE], "name": values[NEW_NAME]}


def _list(names: Sequence[str]) -> list[str] | None:
    return list(names) or None


def _create(values: Values, path: str, document: dict[str, object]) -> int:
    given = {name: value for name, value in document.items() if value is not None}
    reply = client.client_from(values).call("POST", path, document=given)
    if reply is None:
        say("a cache already exists for the provided parameters")
        return 0
    if not isinstance(reply, dict):
        raise CommandError("the answer of the server is no record of a cache")
    say(f"new cache created: {json.dumps(reply, indent=2, ensure_ascii=False)}")
    return 0


def _delete(values: Values, path: str) -> None:
    document = {"db": values[client.DATABASE], "table": values[TABLE], "name": values[NAME]}
    client.client_from(values).call("DELETE", path, document=document)


CREATE_LAST = Command(
    name="last_cache",
    about="Create a last-value cache: the newest rows of each key, in memory",
    verb="Create",
    run=run_create_last,
    parameters=(
        NEW_NAME,
        TABLE,
        KEY_COLUMNS,
        VALUE_COLUMNS,
        COUNT,
        TTL,
        *client.CONNECTION_AND_DATABASE,
    ),
    details="It is asked with SELECT ... FROM last_cache('TABLE', 'CACHE_NAME').",
)
CREATE_DISTINCT = Command(
    name="distinct_cache",
    about="Create a distinct-value cache: the values of columns, in memory",
    verb="Create",
    run=run_create_distinct,
    parameters=(
        NEW_NAME,
        TABLE,
        COLUMNS,
        MAX_CARDINALITY,
        MAX_AGE,
        *client.CONNECTION_AND_DATABASE,
    ),
    details="It is asked with SELECT ... FROM distinct_cache('TABLE', 'CACHE_NAME').",
)
DELETE_LAST = Command(
    name="last_cache",
    about="Delete a last-value cache; the rows of its table stay",
    verb="Delete",
    run=run_delete_last,
    parameters=(NAME, TABLE, *client.CONNECTION_AND_DATABASE),
)
DELETE_DISTINCT = Command(
    name="distinct_cache",
    about="Delete a distinct-value cache; the rows of its table stay",
    verb="Delete",
    run=run_delete_distinct,
    parameters=(NAME, TABLE, *client.CONNECTION_AND_DATABASE),
)
