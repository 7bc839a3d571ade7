"""`cancel`: what runs for too long."""

from influxpe.cli import client
from influxpe.cli.command import Command, Group, Values
from influxpe.cli.parameter import positional
from influxpe.cli.terminal import say

QUERY_PATH = "/api/v3/query"
QUERY_ID = positional("ID", "Id of the query, as show queries lists it")


def run_query(values: Values) -> int:
    """End a running query."""
    query_id = values[QUERY_ID]
    client.client_from(values).call("DELETE", QUERY_PATH, query={"id": query_id})
    say(f"Query {query_id} cancelled successfully")
    return 0


GROUP = Group(
    name="cancel",
    about="Cancel a running query",
    heading="Resource Management",
    members=(
        Command(
            name="query",
            about="End a running query, of whichever client",
            verb="Cancel",
            run=run_query,
            parameters=(QUERY_ID, *client.CONNECTION),
            details="Its client is told that the query was cancelled.",
        ),
    ),
)
