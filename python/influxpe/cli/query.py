"""`query`: run SQL or InfluxQL on the server and print the result."""

from dataclasses import replace

from influxpe.cli import client
from influxpe.cli.command import Command, CommandError, Values
from influxpe.cli.input import open_input
from influxpe.cli.output import FORMAT, OUTPUT, output_from
from influxpe.cli.parameter import defaulted, option, optional_positional
from influxpe.cli.value_types import path

NO_INPUT = "No input from stdin detected, no string was passed in,  and no file path was given"
LANGUAGES = ("sql", "influxql")

QUERY = optional_positional("QUERY", "The query; without it, it is read from --file or from stdin")
LANGUAGE = defaulted(
    "language", "LANGUAGE", "Language of the query", str, "sql", short="l", choices=LANGUAGES
)
FILE = option("file", "FILE_PATH", "Read the query from this file", path, short="f")
QUERY_HOST = option(
    "query-host",
    "HOST_URL",
    "Where the server for queries listens; wins over --host",
    client.host_url,
    environment=("INFLUXDB3_QUERY_HOST_URL",),
    heading="Connection",
)


def run(values: Values) -> int:
    """Send the query and deliver what comes back."""
    output, server = output_from(values), client.client_from(values)
    server = replace(server, url=values[QUERY_HOST] or server.url)
    wanted, database = output.wire_format, values[client.DATABASE]
    document = {"db": database, "q": _text(values), "format": wanted, "params": None}
    with server.send("POST", f"/api/v3/query_{values[LANGUAGE]}", document=document) as reply:
        output.deliver(reply)
    return 0


def _text(values: Values) -> str:
    given = values[QUERY]
    if given is not None:
        return given
    with open_input(values[FILE], NO_INPUT) as stream:
        content = stream.read()
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise CommandError(f"the query is not UTF-8 text: {error}") from error


COMMAND = Command(
    name="query",
    aliases=("q",),
    about="Run a query and print its result",
    verb="Query",
    heading="Common Commands",
    run=run,
    parameters=(
        QUERY,
        LANGUAGE,
        FORMAT,
        OUTPUT,
        FILE,
        *client.CONNECTION_AND_DATABASE,
        QUERY_HOST,
    ),
    details="A query that begins with an SQL comment (--) needs -- before it.",
    examples=(
        "query -d sensors 'SELECT * FROM home ORDER BY time LIMIT 10'",
        "query -d sensors --format csv -o home.csv 'SELECT * FROM home'",
        "query -d sensors -f report.sql",
        "echo 'SHOW TABLES' | {program} query -d sensors",
    ),
)
