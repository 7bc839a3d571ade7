"""`replay`: run again what a trigger was given and gave up."""

from influxpe.cli import client
from influxpe.cli.command import Command, CommandError, Values
from influxpe.cli.parameter import option, required
from influxpe.cli.terminal import say
from influxpe.cli.trigger_options import TRIGGER_PATH

TRIGGER = required("trigger", "TRIGGER_NAME", "Name of the trigger", str)
LETTER = option(
    "letter",
    "LETTER_ID",
    "One dead letter alone; column letter_id of system.processing_engine_dead_letters",
    str,
)


def run(values: Values) -> int:
    """Run the letters that wait, the oldest first; exits with 1 where a run fails again."""
    query: dict[str, str] = {"db": values[client.DATABASE], "trigger_name": values[TRIGGER]}
    if (letter := values[LETTER]) is not None:
        query["letter_id"] = letter
    reply = client.client_from(values).call("POST", f"{TRIGGER_PATH}/replay", query=query)
    if not isinstance(reply, dict):
        raise CommandError(f"the server does not say what it has replayed: {reply!r}")
    name, done, waiting = values[TRIGGER], reply.get("replayed", 0), reply.get("waiting", 0)
    if done:
        say(f"{_counted(done, 'run')} of trigger {name} replayed successfully")
    if error := reply.get("error"):
        letters = _counted(waiting, "dead letter")
        raise CommandError(f"{error}; {letters} of trigger {name} still wait{'s' * (waiting == 1)}")
    if not done:
        say(f"no dead letter of trigger {name} waits")
    return 0


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


COMMAND = Command(
    name="replay",
    about="Run again what a trigger was given and gave up",
    verb="Replay",
    run=run,
    parameters=(*client.CONNECTION_AND_DATABASE, TRIGGER, LETTER),
    heading="Resource Management",
)
