"""`create token`: printed once, in any order of words, failures on stderr with exit code 1."""

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import CommandLine
from tests.unit.cli.recording_server import RecordingServer

PATH = "/api/v3/configure/token"
TOKEN = "apiv3_" + "A" * 86
CREATED: dict[str, Any] = {
    "id": 0,
    "name": "_admin",
    "token": TOKEN,
    "hash": "0",
    "created_at": "2025-04-18T14:02:45.331Z",
    "expiry": None,
}
BLOCK = f"""
New token created successfully!

Token: {TOKEN}
HTTP Requests Header: Authorization: Bearer {TOKEN}

IMPORTANT: Store this token securely, as it will not be shown again.

"""


@pytest.mark.parametrize(
    "words", [["--admin"], ["--host", "URL", "--admin"], ["--admin", "--host", "URL"]]
)
def test_the_operator_token_is_printed(
    client: CommandLine, recorder: RecordingServer, words: list[str]
) -> None:
    recorder.will_answer(201, CREATED)
    done = client("create", "token", *[recorder.url if w == "URL" else w for w in words])
    assert (done.status, done.output, done.errors) == (0, BLOCK, "")
    assert (recorder.only.method, recorder.only.path) == ("POST", f"{PATH}/admin")
    assert recorder.only.body == b""


def test_a_token_may_be_printed_as_json(client: CommandLine, recorder: RecordingServer) -> None:
    recorder.will_answer(201, CREATED)
    done = client("create", "token", "--admin", "--format", "json")
    printed = json.loads(done.output)
    assert list(printed) == ["help_msg", "token"]
    assert printed["token"] == TOKEN
    assert f"Authorization: Bearer {TOKEN}" in printed["help_msg"]


def test_a_named_token_has_an_expiry_in_seconds(
    client: CommandLine, recorder: RecordingServer
) -> None:
    recorder.will_answer(201, CREATED)
    client("create", "token", "--name", "ci", "--expiry", "1h 1500ms", "--admin")
    assert recorder.only.path == f"{PATH}/named_admin"
    assert recorder.only.document == {"token_name": "ci", "expiry_secs": 3601}


def test_the_operator_token_is_replaced_after_a_yes(
    client: CommandLine, recorder: RecordingServer
) -> None:
    recorder.will_answer(201, CREATED)
    done = client("create", "token", "--admin", "--regenerate", stdin=b"yes\n")
    assert done.status == 0
    assert done.output.startswith("Are you sure you want to regenerate admin token? Enter 'yes'")
    assert recorder.only.path == f"{PATH}/admin/regenerate"


@pytest.mark.parametrize("answer", [b"", b"y\n", b"YES\n"])
def test_the_operator_token_stays_without_a_yes(
    client: CommandLine, recorder: RecordingServer, answer: bytes
) -> None:
    done = client("create", "token", "--admin", "--regenerate", stdin=answer)
    assert done.status == 1
    assert "Cannot proceed without confirmation" in done.errors
    assert recorder.received == []


@pytest.mark.parametrize(
    ("status", "body", "line"),
    [
        (
            409,
            "token name already exists, _admin",
            'ApiError { code: 409, message: "token name already exists, _admin", '
            "error_code: None }",
        ),
        (
            405,
            "endpoint disabled, started without auth",
            'ApiError { code: 405, message: "endpoint disabled, started without auth", '
            "error_code: None }",
        ),
        (201, "{}", "the answer of the server holds no token"),
    ],
)
def test_a_failure_is_told_on_stderr(
    client: CommandLine, recorder: RecordingServer, status: int, body: str, line: str
) -> None:
    recorder.will_answer(status, body)
    done = client("create", "token", "--admin")
    assert (done.status, done.output) == (1, "")
    assert done.errors == f"Failed to create token, error: {line}\n"


def test_no_server_is_told(run: CommandLine) -> None:
    done = run("create", "token", "--admin", "--host", "http://127.0.0.1:1")
    assert (done.status, done.output) == (1, "")
    assert done.errors.startswith("Failed to create token, error: failed to send POST")


def test_an_offline_token_is_saved_for_its_owner_only(run: CommandLine, tmp_path: Path) -> None:
    words = ["--offline", "--output-file", "admin.json", "--name", "ci", "--expiry", "1d"]
    done = run("create", "token", "--admin", *words)
    assert done.status == 0, done.errors
    assert done.output.startswith("Token saved to: admin.json\n\nNew token created successfully!")
    saved = json.loads((tmp_path / "admin.json").read_text())
    assert list(saved) == ["token", "name", "expiry_millis"]
    assert re.fullmatch(r"apiv3_[A-Za-z0-9_-]{86}", saved["token"])
    assert f"Token: {saved['token']}\n" in done.output
    assert stat.S_IMODE((tmp_path / "admin.json").stat().st_mode) == 0o600
    assert not list(tmp_path.glob(".admin.json*"))


def test_an_offline_operator_token_never_expires(run: CommandLine, tmp_path: Path) -> None:
    words = ["--offline", "--output-file", "admin.json", "--expiry", "1d"]
    assert run("create", "token", "--admin", *words).status == 0
    assert list(json.loads((tmp_path / "admin.json").read_text())) == ["token", "name"]


def test_a_token_that_cannot_be_saved_is_not_printed(run: CommandLine) -> None:
    done = run("create", "token", "--admin", "--offline", "--output-file", "absent/admin.json")
    assert (done.status, done.output) == (1, "")
    assert "cannot write absent/admin.json: No such file or directory" in done.errors
