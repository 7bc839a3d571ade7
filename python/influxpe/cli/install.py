"""`install package`: Python packages for the plugins, installed on the server."""

import json

from influxpe.cli import client
from influxpe.cli.command import Command, CommandError, Group, Values
from influxpe.cli.parameter import option, positionals
from influxpe.cli.serve_options import PLUGIN_OPTIONS
from influxpe.cli.terminal import note
from influxpe.cli.usage import UsageError

ENVIRONMENT_PATH = "/api/v3/configure/plugin_environment"

PACKAGES = positionals("PACKAGES", "Packages as pip takes them: pandas, tablib==3.8.0")
REQUIREMENTS = option(
    "requirements",
    "PATH",
    "Requirements file on the server; packages named beside it are ignored",
    str,
    short="r",
)


ENVIRONMENT = option(
    "environment",
    "NAME",
    "Environment to install into, made if missing; a trigger runs in it with the same option",
    str,
)
LINES = "application/x-ndjson"


def run(values: Values) -> int:
    """Install; what the installer says goes to stderr as it says it."""
    requirements = values[REQUIREMENTS]
    document: dict[str, object] = {}
    if values[ENVIRONMENT] is not None:
        document["environment"] = values[ENVIRONMENT]
    if requirements is not None:
        operation = "install_requirements"
        document["requirements_location"] = requirements
    else:
        operation = "install_packages"
        document["packages"] = values[PACKAGES]
    path = f"{ENVIRONMENT_PATH}/{operation}"
    server = client.client_from(values)
    with server.send("POST", path, document=document, headers={"Accept": LINES}) as reply:
        _show(reply)
    return 0


def _show(reply: client.Reply) -> None:
    """Show lines as they come. Raises `CommandError` where the end of them is an error."""
    rest = b""
    for piece in reply.pieces():
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            _show_line(line)
    _show_line(rest)


def _show_line(line: bytes) -> None:
    try:
        told = json.loads(line) if line.strip() else None
    except ValueError:
        told = None  # a server that answers in its own way
    if not isinstance(told, dict):
        return
    if "error" in told:
        raise CommandError(str(told["error"]))
    if "line" in told:
        note(str(told["line"]))


def _check(values: Values) -> None:
    if not values[PACKAGES] and values[REQUIREMENTS] is None:
        raise UsageError(
            "the following required arguments were not provided:", details=["<PACKAGES>..."]
        )


GROUP = Group(
    name="install",
    about="Install Python packages for plugins",
    heading="System Management",
    members=(
        Command(
            name="package",
            about="Install Python packages into the server's environment for plugins",
            verb="Install",
            run=run,
            check=_check,
            parameters=(PACKAGES, REQUIREMENTS, ENVIRONMENT, *client.CONNECTION, *PLUGIN_OPTIONS),
            examples=(
                "install package pandas",
                "install package -r requirements.txt",
                "install package --environment forecasts prophet==1.1.6",
            ),
        ),
    ),
)
