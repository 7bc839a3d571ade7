"""`plugin run`: run a plugin once on this machine, without a server, and show what it did."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from influxpe.cli.command import Command, CommandError, Values
from influxpe.cli.input import open_input, read_text
from influxpe.cli.parameter import defaulted, option, positional, several
from influxpe.cli.plugin_check import existing
from influxpe.cli.terminal import note, say
from influxpe.cli.value_types import key_value, path

if TYPE_CHECKING:
    from influxpe.testing import PluginEngine, PluginResponse, RunReport

STDIN = "-"
KINDS = {
    "process_writes": "writes",
    "process_scheduled_call": "schedule",
    "process_request": "request",
}


def call_time(text: str) -> datetime:
    """Read a time as RFC 3339; without a zone it is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


PLUGIN = positional("PATH", "Plugin on this machine: a file, or a folder with __init__.py")
LINES = option("lp", "FILE", "Line protocol that the plugin receives: a file, or - for stdin", str)
DATA = option("data", "FILE", "Line protocol that is in the database before the plugin runs", path)
CALL_TIME = option(
    "call-time",
    "TIME",
    "Time that a scheduled plugin is called for, such as 2026-01-01T08:00:00Z (default: now)",
    call_time,
)
BODY = option("request-body", "TEXT", "Body of the request, or @FILE for the bytes of a file", str)
QUERY = several(
    "request-query", "NAME=VALUE", "Query parameters of the request: a=1,b=2; repeatable", key_value
)
HEADERS = several(
    "request-header", "NAME=VALUE", "A header of the request; repeatable", key_value, separators=""
)
METHOD = defaulted(
    "request-method", "METHOD", "Method of the request", str, "POST", choices=("GET", "POST")
)
ARGUMENTS = several(
    "arguments", "NAME=VALUE", "Arguments of the trigger: a=1,b=2; repeatable", key_value
)
DATABASE = defaulted(
    "database", "DATABASE_NAME", "Database that the plugin belongs to", str, "test", short="d"
)
KIND = option(
    "kind",
    "KIND",
    "Which entry point to call, where the plugin has several and no other option says it",
    str,
    choices=tuple(KINDS.values()),
)
PARAMETERS = (
    PLUGIN,
    KIND,
    LINES,
    DATA,
    CALL_TIME,
    BODY,
    QUERY,
    HEADERS,
    METHOD,
    ARGUMENTS,
    DATABASE,
)
# Options that make sense for one kind of run only.
HINTS = {
    LINES: "writes",
    CALL_TIME: "schedule",
    BODY: "request",
    QUERY: "request",
    HEADERS: "request",
    METHOD: "request",
}


def run(values: Values) -> int:
    """Run once; the exit code is 1 where the run failed."""
    return run_once(values, existing(values[PLUGIN]))


def run_once(values: Values, plugin: Path) -> int:
    """Run a plugin in an engine of its own. Raises `CommandError` with what went wrong."""
    from influxpe.errors import EngineError, TriggerError
    from influxpe.testing import PluginEngine

    kind = values[KIND] or _kind(values, plugin)
    lines = _lines(values) if kind == "writes" else ""
    data = values[DATA]
    try:
        with PluginEngine() as engine:
            if data is not None:
                engine.write(read_text(data), database=values[DATABASE])
            return show(_report(engine, values, plugin, kind, lines))
    except (EngineError, TriggerError, ValueError) as error:
        raise CommandError(str(error)) from error


def _kind(values: Values, plugin: Path) -> str:
    """Find out which entry point is meant. Raises `CommandError` where that is open."""
    from influxpe.testing.check import check

    asked = sorted({kind for parameter, kind in HINTS.items() if values.given(parameter)})
    found = [KINDS[name] for name in check(plugin).entry_points]
    kinds = asked or found
    if len(kinds) == 1:
        return kinds[0]
    if not kinds:
        # The plugin does not compile, or has no entry point: running it says so.
        return "schedule"
    raise CommandError(f"choose one with --kind: {', '.join(kinds)}")


def _lines(values: Values) -> str:
    given = values[LINES]
    if given is None:
        raise CommandError("the plugin runs on writes: give it lines with --lp FILE or --lp -")
    if given != STDIN:
        return read_text(Path(given).expanduser())
    return _decoded(open_input(None, "stdin is a terminal: pipe line protocol into --lp -"))


def _decoded(stream: BinaryIO) -> str:
    try:
        return stream.read().decode()
    except UnicodeDecodeError as error:
        raise CommandError(f"stdin is not UTF-8 text: {error}") from error


def _report(engine: PluginEngine, values: Values, plugin: Path, kind: str, lines: str) -> RunReport:
    database = values[DATABASE]
    arguments = dict(values[ARGUMENTS]) if values.given(ARGUMENTS) else None
    if kind == "writes":
        return engine.run_writes(plugin, lines, database=database, arguments=arguments)
    if kind == "schedule":
        time = values[CALL_TIME]
        return engine.run_schedule(plugin, time, database=database, arguments=arguments)
    return engine.run_request(
        plugin,
        dict(values[QUERY]),
        dict(values[HEADERS]),
        request_body(values),
        values[METHOD],
        database=database,
        arguments=arguments,
    )


def request_body(values: Values) -> bytes:
    """Give the bytes of `--request-body`. Raises `CommandError` where its file cannot be read."""
    given = values[BODY] or ""
    if not given.startswith("@"):
        return given.encode()
    file = Path(given[1:]).expanduser()
    try:
        return file.read_bytes()
    except OSError as error:
        raise CommandError(f"cannot read {file}: {error.strerror}") from error


def show(report: RunReport) -> int:
    """Print the log, the written lines and the answer. Raises `CommandError` for a failed run."""
    for line in report.logs:
        say(str(line))
    for database, texts in report.lines.items():
        say(f"written to {database}:")
        for text in texts:
            say(text)
    if report.response is not None:
        say(_answer(report.response))
    if report.error is not None:
        if report.error.traceback:
            note(report.error.traceback.rstrip())
        raise CommandError(str(report.error))
    return 0


def _answer(response: PluginResponse) -> str:
    headers = [f"{name}: {value}" for name, value in response.headers.items()]
    body = response.body.decode("utf-8", "replace")
    return "\n".join([f"answered {response.status}", *headers, *(["", body] if body else [])])


COMMAND = Command(
    name="run",
    about="Run a plugin once on this machine, without a server",
    verb="Run",
    run=run,
    parameters=PARAMETERS,
    details=(
        "The plugin runs in a process and over an engine as on a server; both are gone afterwards. "
        "Printed are its log, the lines that it wrote and its answer; the exit code is 1 where the "
        "run failed."
    ),
    examples=(
        "plugin run --lp home.lp --arguments above=30 too_warm.py",
        "plugin run --data home.lp --call-time 2026-01-01T08:00:00Z report.py",
        """plugin run --request-body '{"room": "hall"}' hook.py""",
    ),
)
