"""The question before something goes."""

import sys

from influxpe.cli import terminal
from influxpe.cli.command import CommandError, Values
from influxpe.cli.parameter import flag

YES = flag("yes", "Do not ask for confirmation", short="y")


def confirm(values: Values, name: str) -> None:
    """Ask on stderr; only `yes` or `y` goes on. Raises `CommandError`."""
    if values[YES]:
        return
    question = f"Are you sure you want to delete {name}? Enter 'yes' or 'y' to confirm"
    if terminal.ask(question, sys.stderr).lower() not in {"yes", "y"}:
        raise CommandError("Cannot proceed without confirmation")
