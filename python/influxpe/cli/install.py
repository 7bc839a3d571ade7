"""`install package`: Python packages for the plugins, installed on the server."""

from influxpe.cli import client
from influxpe.cli.command import Command, Group, Values
from influxpe.cli.parameter import option, positionals
from influxpe.cli.serve_options import PLUGIN_OPTIONS
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


def run(values: Values) -> int:
    """Install, and print nothing where that went well."""
    requirements = values[REQUIREMENTS]
    if requirements is not None:
        operation = "install_requirements"
        document: dict[str, object] = {"requirements_location": requirements}
    else:
        operation = "install_packages"
        document = {"packages": values[PACKAGES]}
    client.client_from(values).call("POST", f"{ENVIRONMENT_PATH}/{operation}", document=document)
    return 0


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
            parameters=(PACKAGES, REQUIREMENTS, *client.CONNECTION, *PLUGIN_OPTIONS),
            examples=("install package pandas", "install package -r requirements.txt"),
        ),
    ),
)
