"""`replay`: dead letters of a trigger, run again by the server."""

from tests.unit.cli.conftest import CommandLine
from tests.unit.cli.recording_server import RecordingServer

REPLAY = ["replay", "-d", "db", "--trigger", "t"]
PATH = "/api/v3/configure/processing_engine_trigger/replay"


def test_letters_are_run_again(client: CommandLine, recorder: RecordingServer) -> None:
    recorder.will_answer(200, {"replayed": 2, "waiting": 0, "error": None})
    done = client(*REPLAY)
    assert (done.status, done.errors) == (0, "")
    assert done.output == "2 runs of trigger t replayed successfully\n"
    assert (recorder.only.method, recorder.only.path) == ("POST", PATH)
    assert recorder.only.query == {"db": "db", "trigger_name": "t"}


def test_one_letter_can_be_named(client: CommandLine, recorder: RecordingServer) -> None:
    recorder.will_answer(200, {"replayed": 1, "waiting": 0, "error": None})
    assert client(*REPLAY, "--letter", "3-17").status == 0
    assert recorder.only.query == {"db": "db", "trigger_name": "t", "letter_id": "3-17"}


def test_a_run_that_fails_again_is_told(client: CommandLine, recorder: RecordingServer) -> None:
    recorder.will_answer(200, {"replayed": 1, "waiting": 2, "error": "ValueError: boom"})
    done = client(*REPLAY)
    assert done.status == 1
    assert done.output == "1 runs of trigger t replayed successfully\n"
    assert done.errors == "Replay command failed: ValueError: boom; 2 dead letters still wait\n"
