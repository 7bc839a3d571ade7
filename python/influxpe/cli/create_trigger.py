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
        plugin = _upload(server, database, Path(plugin))
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


def _upload(server: client.Client, database: str, source: Path) -> str:
    """Send a file or folder of this machine; returns its name on the server."""
    if source.is_dir():
        name = source.resolve().name
        files = [(f"{name}/{relative}", text) for relative, text in folder_files(source)]
    elif source.is_file():
        name = source.name
        files = [(name, read_text(source))]
    else:
        raise CommandError(f"File not found: {source}")
    for file_name, text in files:
        document = {"plugin_name": file_name, "content": text}
        server.call("POST", PLUGIN_FILES_PATH, query={"db": database}, document=document)
    return name


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
