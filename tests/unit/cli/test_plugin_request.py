"""`test request_plugin`: what is sent, and what is refused before."""

import json
from pathlib import Path

from tests.unit.cli.conftest import CommandLine
from tests.unit.cli.recording_server import RecordingServer

TRY = ("test", "request_plugin", "-d", "db", "hook.py")


def test_a_request_plugin_is_tried(client: CommandLine, recorder: RecordingServer) -> None:
    reply = {"status": 200, "headers": {}, "body": "é", "log_lines": [], "errors": []}
    recorder.will_answer(200, reply)
    request = ["--request-body", "{}", "--request-query", "a=1,b=2", "--request-header", "X=y,z"]
    more = ["--request-method", "GET", "--input-arguments", "k=v", "--cache-name", "c"]
    done = client(*TRY, *request, *more)
    assert (done.status, done.output) == (0, json.dumps(reply, indent=2, ensure_ascii=False) + "\n")
    assert recorder.only.path == "/api/v3/plugin_test/request"
    assert recorder.only.document == {
        "filename": "hook.py",
        "database": "db",
        "method": "GET",
        "query_parameters": {"a": "1", "b": "2"},
        "headers": {"X": "y,z"},
        "body": "{}",
        "cache_name": "c",
        "input_arguments": {"k": "v"},
    }


def test_a_body_may_come_from_a_file(
    client: CommandLine, recorder: RecordingServer, tmp_path: Path
) -> None:
    (tmp_path / "body.json").write_text('{"é": 1}')
    assert client(*TRY, "--request-body", "@body.json").status == 0
    assert recorder.only.document["body"] == '{"é": 1}'
    assert recorder.only.document["method"] == "POST"


def test_a_body_that_is_no_text_is_not_sent(
    client: CommandLine, recorder: RecordingServer, tmp_path: Path
) -> None:
    (tmp_path / "body.bin").write_bytes(b"\xff")
    absent = client(*TRY, "--request-body", "@absent")
    binary = client(*TRY, "--request-body", "@body.bin")
    assert absent.errors == "Test command failed: cannot read absent: No such file or directory\n"
    assert binary.errors.startswith("Test command failed: the body of the request is not UTF-8")
    assert (absent.status, binary.status, recorder.received) == (1, 1, [])
