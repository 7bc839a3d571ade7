"""The whole command line: its tree, and what happens around every command."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from influxpe import __version__
from influxpe.cli import (
    backup,
    cancel,
    create,
    delete,
    install,
    plugin,
    plugin_test,
    query,
    replay,
    restore,
    serve,
    serve_accepted,
    show,
    switch,
    terminal,
    update,
    write,
)
from influxpe.cli.command import CommandError, Group
from influxpe.cli.environment import DotenvError, copy_renamed, load_dotenv
from influxpe.cli.parse import HelpAsked, Invocation, VersionAsked, parse
from influxpe.cli.usage import UsageError
from influxpe.clock import SystemClock
from influxpe.config import PRODUCT_NAME, REVISION

FAILED, USAGE, INTERRUPTED = 1, 2, 130
ALIAS = "influxdb3"
VERSION = f"{ALIAS} {PRODUCT_NAME}, {__version__}, revision {REVISION}"
PROGRAM = "influxpe"

ROOT = Group(
    name=PROGRAM,
    about="a time-series database that runs Python plugins next to the data",
    options=serve_accepted.IO_THREADS,
    default=serve.COMMAND,
    details="Without a command it serves, with a default for everything.",
    members=(
        serve.COMMAND,
        query.COMMAND,
        write.COMMAND,
        update.GROUP,
        create.GROUP,
        show.GROUP,
        delete.GROUP,
        cancel.GROUP,
        switch.ENABLE_GROUP,
        switch.DISABLE_GROUP,
        install.GROUP,
        plugin.GROUP,
        plugin_test.GROUP,
        replay.COMMAND,
        backup.COMMAND,
        restore.COMMAND,
    ),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (without the program's name) and return its exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    try:
        return _main(words)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read stdout has gone; nothing may be left that is flushed at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _main(words: Sequence[str]) -> int:
    try:
        _prepare_environment()
        return _run(_parse(words))
    except DotenvError as error:
        terminal.note(f"FATAL Error loading config from: {error}\nAborting")
        return FAILED
    except VersionAsked:
        terminal.say(VERSION)
        return 0
    except HelpAsked as asked:
        return _help(asked)
    except UsageError as error:
        sys.stderr.write(error.text())
        return USAGE


def _prepare_environment() -> None:
    with suppress(FileNotFoundError):  # the working directory has been removed
        load_dotenv(os.environ, Path.cwd())
    for warning in copy_renamed(os.environ, SystemClock().now_ns):
        terminal.note(warning)


def _parse(words: Sequence[str]) -> Invocation:
    notes: list[str] = []
    try:
        return parse(ROOT, _program_name(), words, os.environ, notes)
    finally:
        for text in notes:
            terminal.note(text)


def _run(invocation: Invocation) -> int:
    command = invocation.command
    try:
        status = command.run(invocation.values)
        sys.stdout.flush()
    except CommandError as error:
        terminal.note(f"{command.verb} command failed: {error.message}")
        if error.hint:
            terminal.note(f"hint: {error.hint}")
        return FAILED
    return status


def _help(asked: HelpAsked) -> int:
    from influxpe.cli.help_screen import help_text

    text = help_text(asked.node, asked.path, complete=asked.complete)
    if asked.missing:
        sys.stderr.write(text)
        return USAGE
    sys.stdout.write(text)
    return 0


def _program_name() -> str:
    """Give the name in messages: that of the console script which was started."""
    return ALIAS if Path(sys.argv[0]).name == ALIAS else PROGRAM
