"""`test wal_plugin` and its kin: run a plugin on the server without keeping what it writes."""

import json
from collections.abc import Mapping

from influxpe.cli import client
from influxpe.cli.command import Command, CommandError, Group, Values
from influxpe.cli.input import read_text
from influxpe.cli.parameter import option
from influxpe.cli.plugin_run import BODY, HEADERS, METHOD, QUERY, request_body
from influxpe.cli.terminal import say
from influxpe.cli.trigger_options import CACHE_NAME, INPUT_ARGUMENTS, PLUGIN_NAME
from influxpe.cli.value_types import path

LINES = option("lp", "LINE_PROTOCOL", "Line protocol that the plugin receives", str)
FILE = option("file", "FILE_PATH", "File on this machine whose lines the plugin receives", path)
SCHEDULE = option(
    "schedule",
    "CRON",
    "Cron expression, seconds first: the plugin is called for its next time (default: each second)",
    str,
)


def run_wal(values: Values) -> int:
    """Run `process_writes` over the given lines."""
    return _run(values, "wal", {"input_lp": _input(values)})


def run_schedule(values: Values) -> int:
    """Run `process_scheduled_call` for the next time of the schedule."""
    return _run(values, "schedule", {"schedule": values[SCHEDULE]})


def run_request(values: Values) -> int:
    """Run `process_request` for a request that nobody sent."""
    request = {
        "method": values[METHOD],
        "query_parameters": dict(values[QUERY]),
        "headers": dict(values[HEADERS]),
        "body": _body(values),
    }
    return _run(values, "request", request)


def _body(values: Values) -> str:
    try:
        return request_body(values).decode()
    except UnicodeDecodeError as error:
        raise CommandError(f"the body of the request is not UTF-8 text: {error}") from error


def _run(values: Values, kind: str, particular: Mapping[str, object]) -> int:
    arguments = dict(values[INPUT_ARGUMENTS]) if values.given(INPUT_ARGUMENTS) else None
    document = {
        "filename": values[PLUGIN_NAME],
        "database": values[client.DATABASE],
        **particular,
        "cache_name": values[CACHE_NAME],
        "input_arguments": arguments,
    }
    server = client.client_from(values)
    reply = server.call("POST", f"/api/v3/plugin_test/{kind}", document=document)
    say(json.dumps(reply, indent=2, ensure_ascii=False))
    return 0


def _input(values: Values) -> str:
    lines, file = values[LINES], values[FILE]
    if lines is not None:
        return lines
    if file is None:
        raise CommandError("either --lp or --file must be provided")
    try:
        return read_text(file)
    except CommandError as error:
        raise CommandError(f"unable to read input file: {error}") from error


GROUP = Group(
    name="test",
    about="Try a plugin: it runs on the server, what it writes is printed and not kept",
    heading="System Management",
    members=(
        Command(
            name="wal_plugin",
            about="Try a plugin that runs on writes",
            verb="Test",
            run=run_wal,
            parameters=(
                PLUGIN_NAME,
                LINES,
                FILE,
                INPUT_ARGUMENTS,
                CACHE_NAME,
                *client.CONNECTION_AND_DATABASE,
            ),
            details="Errors of the plugin are part of the printed result; the exit code is 0.",
            examples=("test wal_plugin -d sensors --lp 'home,room=kitchen temp=21.5' check.py",),
        ),
        Command(
            name="schedule_plugin",
            about="Try a plugin that runs on a schedule",
            verb="Test",
            run=run_schedule,
            parameters=(
                PLUGIN_NAME,
                SCHEDULE,
                INPUT_ARGUMENTS,
                CACHE_NAME,
                *client.CONNECTION_AND_DATABASE,
            ),
            details="Errors of the plugin are part of the printed result; the exit code is 0.",
            examples=("test schedule_plugin -d sensors --schedule '0 0 8 * * *' report.py",),
        ),
        Command(
            name="request_plugin",
            about="Try a plugin that answers requests",
            verb="Test",
            run=run_request,
            parameters=(
                PLUGIN_NAME,
                BODY,
                QUERY,
                HEADERS,
                METHOD,
                INPUT_ARGUMENTS,
                CACHE_NAME,
                *client.CONNECTION_AND_DATABASE,
            ),
            details=(
                "The printed result has the status, the headers and the body of the answer. Errors "
                "of the plugin are part of it; the exit code is 0."
            ),
            examples=("""test request_plugin -d sensors --request-body '{"a": 1}' hook.py""",),
        ),
    ),
)
