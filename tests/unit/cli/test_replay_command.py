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
    assert done.output == "1 run of trigger t replayed successfully\n"
    told = "ValueError: boom; 2 dead letters of trigger t still wait"
    assert done.errors == f"Replay command failed: {told}\n"


def test_a_first_run_that_fails_is_no_success(
    client: CommandLine, recorder: RecordingServer
) -> None:
    recorder.will_answer(200, {"replayed": 0, "waiting": 1, "error": "ValueError: boom"})
    done = client(*REPLAY)
    assert (done.status, done.output) == (1, "")
    told = "ValueError: boom; 1 dead letter of trigger t still waits"
    assert done.errors == f"Replay command failed: {told}\n"


def test_nothing_to_run_again_is_said(client: CommandLine, recorder: RecordingServer) -> None:
    recorder.will_answer(200, {"replayed": 0, "waiting": 0, "error": None})
    done = client(*REPLAY)
    assert (done.status, done.output) == (0, "no dead letter of trigger t waits\n")


def test_an_answer_that_says_nothing_is_no_success(
    client: CommandLine, recorder: RecordingServer
) -> None:
    recorder.will_answer(200, "")
    done = client(*REPLAY)
    assert (done.status, done.output) == (1, "")
    assert "the server does not say what it has replayed" in done.errors
