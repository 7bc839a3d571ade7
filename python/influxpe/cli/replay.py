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
    done = reply if isinstance(reply, dict) else {}
    say(f"{done.get('replayed', 0)} runs of trigger {values[TRIGGER]} replayed successfully")
    if done.get("error"):
        raise CommandError(f"{done['error']}; {done.get('waiting', 0)} dead letters still wait")
    return 0


COMMAND = Command(
    name="replay",
    about="Run again what a trigger was given and gave up",
    verb="Replay",
    run=run,
    parameters=(*client.CONNECTION_AND_DATABASE, TRIGGER, LETTER),
    heading="Resource Management",
)
