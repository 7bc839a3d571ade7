"""`plugin`: write, check and run plugins on this machine."""

from influxpe.cli import plugin_check, plugin_new, plugin_run, plugin_watch
from influxpe.cli.command import Group

GROUP = Group(
    name="plugin",
    about="Write a plugin: start one, check it, run it without a server",
    heading="System Management",
    members=(
        plugin_new.COMMAND,
        plugin_check.COMMAND,
        plugin_run.COMMAND,
        plugin_watch.COMMAND,
    ),
)
