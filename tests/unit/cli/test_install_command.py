"""`install package`: what is asked for, and what the installer says meanwhile."""

import json

from tests.unit.cli.conftest import CommandLine
from tests.unit.cli.recording_server import RecordingServer

INSTALL = ["install", "package"]


def lines(*said: dict[str, object]) -> str:
    return "".join(json.dumps(one) + "\n" for one in said)


def test_lines_of_the_installer_are_shown_as_it_says_them(
    client: CommandLine, recorder: RecordingServer
) -> None:
    recorder.will_answer(200, lines({"line": "Collecting a"}, {"line": "ü"}, {"installed": True}))
    done = client(*INSTALL, "a")
    assert (done.status, done.output, done.errors) == (0, "", "Collecting a\nü\n")
    assert recorder.only.headers["accept"] == "application/x-ndjson"


def test_a_failure_at_the_end_of_the_lines_is_one_of_the_command(
    client: CommandLine, recorder: RecordingServer
) -> None:
    recorder.will_answer(200, lines({"line": "Collecting a"}, {"error": "no a", "status": 500}))
    done = client(*INSTALL, "a")
    assert done.status == 1
    assert done.errors == "Collecting a\nInstall command failed: no a\n"


def test_a_server_that_sends_no_lines_is_understood(
    client: CommandLine, recorder: RecordingServer
) -> None:
    for body in ("", "installed\n", "[]"):
        recorder.will_answer(200, body)
        done = client(*INSTALL, "a")
        assert (done.status, done.output, done.errors) == (0, "", "")


def test_an_environment_is_named_with_names_and_with_a_file(
    client: CommandLine, recorder: RecordingServer
) -> None:
    client(*INSTALL, "--environment", "ml", "a")
    client(*INSTALL, "-r", "list.txt", "--environment", "ml")
    assert [one.document for one in recorder.received] == [
        {"environment": "ml", "packages": ["a"]},
        {"environment": "ml", "requirements_location": "list.txt"},
    ]
