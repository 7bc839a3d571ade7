"""`create trigger`: say what runs which plugin when."""

from pathlib import Path

from influxpe.cli import client, trigger_settings
from influxpe.cli.command import Command, CommandError, Values
from influxpe.cli.input import read_text
from influxpe.cli.parameter import defaulted, flag, option, required, several
from influxpe.cli.plugin_files import folder_files
from influxpe.cli.terminal import note, say
from influxpe.cli.trigger_options import PLUGIN_FILES_PATH, TRIGGER_NAME, TRIGGER_PATH
from influxpe.cli.value_types import key_value

ENTRY_FILE = "__init__.py"
TRIGGERS_OF_NAME = (
    "SELECT trigger_name FROM system.processing_engine_triggers WHERE trigger_name = $name"
)
HTTP_NOT_FOUND = 404
NO_PATH = "Either --path or --plugin-filename must be provided"


def specification(text: str) -> str:
    """Read a trigger specification as the server takes it: `every:60s` is `every:1m`."""
    from influxpe.triggers.spec import SpecError, parse

    try:
        return parse(text).canonical
    except SpecError as error:
        raise ValueError(str(error)) from error


PATH = option(
    "path",
    "PATH",
    "Plugin file or folder: relative to the server's plugin directory, gh:<path> for one of the "
    "plugin repository, or a path on this machine with --upload",
    str,
    short="p",
)
PLUGIN_FILENAME = option(
    "plugin-filename",
    "PLUGIN_FILENAME",
    "Older spelling of --path",
    str,
    conflicts=("path",),
)
SPECIFICATION = required(
    "trigger-spec",
    "TRIGGER_SPECIFICATION",
    "When it runs: table:<NAME>, all_tables, every:<DURATION>, cron:<EXPRESSION> (seconds first, "
    "UTC or --time-zone) or request:<PATH>",
    specification,
)
ARGUMENTS = several(
    "trigger-arguments",
    "TRIGGER_ARGUMENTS",
    "Arguments for the plugin: a=1,b=2; repeatable",
    key_value,
)
DISABLED = flag("disabled", "Create it without starting it")
RUN_ASYNCHRONOUS = flag("run-asynchronous", "Let runs overlap, where the last has not ended")
ERROR_BEHAVIOR = defaulted(
    "error-behavior",
    "ERROR_BEHAVIOR",
    "After a failed run: log it, retry it, or disable the trigger",
    str,
    "log",
    choices=("log", "retry", "disable"),
)
UPLOAD = flag("upload", "Send the plugin from this machine first; files of the server are replaced")


def run(values: Values) -> int:
    """Make the trigger; what the server has to say of it goes to stderr."""
    server, database = client.client_from(values), values[client.DATABASE]
    plugin = values[PATH] or values[PLUGIN_FILENAME]
    if not plugin:
        raise CommandError(NO_PATH)
    if values[UPLOAD]:
        plugin = _upload(server, values, Path(plugin))
    reply = server.call("POST", TRIGGER_PATH, document=_document(values, database, plugin))
    say(f"Trigger {values[TRIGGER_NAME]} created successfully")
    for kind in ("warning", "note"):
        for text in _told(reply, f"{kind}s"):
            note(f"{kind}: {text}")
    return 0


def _document(values: Values, database: str, plugin: str) -> dict[str, object]:
    return {
        "db": database,
        "plugin_filename": plugin,
        "trigger_name": values[TRIGGER_NAME],
        "trigger_settings": {
            "run_async": values[RUN_ASYNCHRONOUS],
            "error_behavior": values[ERROR_BEHAVIOR],
            **trigger_settings.settings(values),
        },
        "trigger_specification": values[SPECIFICATION],
        "trigger_arguments": dict(values[ARGUMENTS]) if values.given(ARGUMENTS) else None,
        "disabled": values[DISABLED],
    }


def _told(reply: object, member: str) -> list[str]:
    texts = reply.get(member) if isinstance(reply, dict) else None
    return [str(text) for text in texts] if isinstance(texts, list) else []


def _upload(server: client.Client, values: Values, source: Path) -> str:
    """Send a file or folder of this machine; returns its name on the server.

    Nothing is sent for a trigger that cannot be made: what is stored stays.
    """
    if source.is_dir():
        name = source.resolve().name
        files = [(f"{name}/{relative}", text) for relative, text in folder_files(source)]
    elif source.is_file():
        name = source.name
        files = [(name, read_text(source))]
    else:
        raise CommandError(f"File not found: {source}")
    _check_entry_point(values[SPECIFICATION], name, dict(files))
    database = values[client.DATABASE]
    _check_name(server, database, values[TRIGGER_NAME])
    for file_name, text in files:
        document = {"plugin_name": file_name, "content": text}
        server.call("POST", PLUGIN_FILES_PATH, query={"db": database}, document=document)
    return name


def _check_entry_point(specification: str, name: str, files: dict[str, str]) -> None:
    """Raise `CommandError` where nothing in the plugin is what the trigger would call."""
    from influxpe.errors import InvalidError
    from influxpe.triggers.entry_point import check_entry_point
    from influxpe.triggers.spec import parse

    entry = name if name in files else f"{name}/{ENTRY_FILE}"
    others = [text for path, text in files.items() if path != entry]
    try:
        check_entry_point(name, files[entry], others, parse(specification))
    except InvalidError as error:
        raise CommandError(str(error)) from error


def _check_name(server: client.Client, database: str, name: str) -> None:
    """Raise `CommandError` where there is no such database, or a trigger of this name in it.

    All else that keeps a server from answering, it says itself to what is sent next.
    """
    document = {"db": database, "q": TRIGGERS_OF_NAME, "params": {"name": name}, "format": "json"}
    try:
        found = server.call("POST", "/api/v3/query_sql", document=document)
    except client.ServerError as error:
        if error.status == HTTP_NOT_FOUND:
            raise
        return
    if isinstance(found, list) and found:
        raise CommandError(f"database {database} has a trigger {name} already")


COMMAND = Command(
    name="trigger",
    about="Create a new trigger: what runs which plugin when",
    verb="Create",
    run=run,
    parameters=(
        TRIGGER_NAME,
        SPECIFICATION,
        PATH,
        PLUGIN_FILENAME,
        ARGUMENTS,
        DISABLED,
        RUN_ASYNCHRONOUS,
        ERROR_BEHAVIOR,
        UPLOAD,
        *trigger_settings.PARAMETERS,
        *client.CONNECTION_AND_DATABASE,
    ),
    examples=(
        "create trigger -d sensors --trigger-spec table:home --path check.py check_home",
        "create trigger -d sensors --trigger-spec every:10m --path rollup.py rollup",
        "create trigger -d sensors --trigger-spec 'cron:0 0 8 * * MON-FRI' --path mail.py mail",
        "create trigger -d sensors --trigger-spec request:hook --path hook.py \\\n"
        "      --trigger-arguments room=kitchen,limit=30 hook",
    ),
)
