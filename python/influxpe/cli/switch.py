"""`enable trigger` and `disable trigger`."""

from influxpe.cli import client
from influxpe.cli.command import Command, Group, Values
from influxpe.cli.terminal import say
from influxpe.cli.trigger_options import TRIGGER_NAME, TRIGGER_PATH


def _group(word: str, about: str, verb: str) -> Group:
    def run(values: Values) -> int:
        name = values[TRIGGER_NAME]
        query = {"db": values[client.DATABASE], "trigger_name": name}
        client.client_from(values).call("POST", f"{TRIGGER_PATH}/{word}", query=query)
        say(f"Trigger {name} {word}d successfully")
        return 0

    command = Command(
        name="trigger",
        about=about,
        verb=verb,
        run=run,
        parameters=(TRIGGER_NAME, *client.CONNECTION_AND_DATABASE),
    )
    return Group(
        name=word,
        about=f"{verb} a trigger",
        heading="Resource Management",
        members=(command,),
    )


ENABLE_GROUP = _group("enable", "Start a trigger; it sees what is written from now on", "Enable")
DISABLE_GROUP = _group("disable", "Stop a trigger; what it has written stays", "Disable")
