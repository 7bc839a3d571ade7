"""`plugin check`: look at a plugin without running it."""

from pathlib import Path

from influxpe.cli.command import Command, CommandError, Values
from influxpe.cli.parameter import positional
from influxpe.cli.terminal import note, say

PLUGIN = positional("PATH", "Plugin on this machine: a file, or a folder with __init__.py")


def run(values: Values) -> int:
    """Print what was found, and end with 1 where the plugin cannot run."""
    from influxpe.testing.check import check

    plugin = existing(values[PLUGIN])
    try:
        checked = check(plugin)
    except OSError as error:
        raise CommandError(f"cannot read {plugin}: {error.strerror}") from error
    for finding in checked.findings:
        note(str(finding))
    count = len(checked.errors)
    if count:
        raise CommandError(f"{plugin} has {count} error{'s' if count > 1 else ''}")
    say(f"{plugin} can run: {', '.join(checked.entry_points)}")
    return 0


def existing(given: str) -> Path:
    """Give the path of a plugin on this machine. Raises `CommandError` where it is not there."""
    path = Path(given).expanduser()
    if not path.exists():
        raise CommandError(f"there is no plugin {given}")
    return path


COMMAND = Command(
    name="check",
    about="Say what keeps a plugin from running, without running it",
    verb="Check",
    run=run,
    parameters=(PLUGIN,),
    details=(
        "Errors: it does not compile, lacks an entry point, or cannot be called as a server calls "
        "it. Warnings: modules that are not installed here, metadata that tools would miss. Lines "
        "begin with file and number; the exit code is 1 if there is an error."
    ),
    examples=("plugin check too_warm.py",),
)
