"""`plugin new`: the files of a new plugin, with a test that passes."""

import re
from pathlib import Path

from influxpe.cli import plugin_templates
from influxpe.cli.command import Command, CommandError, Values
from influxpe.cli.parameter import defaulted, flag, positional
from influxpe.cli.terminal import say
from influxpe.cli.usage import UsageError

ENTRY_FILE = "__init__.py"
NAME_SHAPE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")

NAME = positional("NAME", "Name of the plugin, as Python names modules")
KIND = defaulted(
    "kind",
    "KIND",
    "What it runs on",
    str,
    "writes",
    choices=tuple(plugin_templates.KINDS),
)
DIRECTORY = flag("directory", "Make a folder with __init__.py, for a plugin of several files")


def run(values: Values) -> int:
    """Write the plugin and its test into the working directory; nothing is replaced."""
    name, template = values[NAME], plugin_templates.KINDS[values[KIND]]
    plugin = Path(name, ENTRY_FILE) if values[DIRECTORY] else Path(f"{name}.py")
    located = name if values[DIRECTORY] else plugin.name
    files = {
        plugin: template.plugin,
        Path(f"test_{name}.py"): template.test.replace("PLUGIN_PATH", located),
    }
    for file in files:
        if file.exists():
            raise CommandError(f"{file} exists already")
    for file, text in files.items():
        _write(file, text)
        say(f"made {file}")
    say(f"try it: pytest test_{name}.py")
    return 0


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(exist_ok=True)
        with file.open("x", encoding="utf-8") as target:
            target.write(text)
    except OSError as error:
        raise CommandError(f"cannot write {file}: {error.strerror}") from error


def _check(values: Values) -> None:
    name = values[NAME]
    if NAME_SHAPE.fullmatch(name) is None:
        raise UsageError(
            f"invalid value '{name}' for '<NAME>': letters, digits and '_', a letter first"
        )


COMMAND = Command(
    name="new",
    about="Start a plugin: its file and a test that passes",
    verb="New",
    run=run,
    check=_check,
    parameters=(NAME, KIND, DIRECTORY),
    examples=("plugin new too_warm", "plugin new report --kind schedule --directory"),
)
