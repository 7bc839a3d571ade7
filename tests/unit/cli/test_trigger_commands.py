"""`create trigger` and `update trigger`: the specification, the plugin, the warnings."""

from pathlib import Path

import pytest

from influxpe.triggers.options import MEMORY_LIMIT_BYTES_MIN
from tests.unit.cli.conftest import CommandLine
from tests.unit.cli.recording_server import RecordingServer

TRIGGER = "/api/v3/configure/processing_engine_trigger"
FILES = "/api/v3/plugins/files"
WRITES = "def process_writes(influxdb3_local, table_batches, args=None):\n    é = 1\n"
CREATE = ["create", "trigger", "-d", "db", "--trigger-spec"]


def test_a_trigger_is_created(client: CommandLine, recorder: RecordingServer) -> None:
    done = client(*CREATE, "all_tables", "--plugin-filename", "hello-wal.py", "hello")
    assert (done.status, done.errors) == (0, "")
    assert done.output == "Trigger hello created successfully\n"
    assert (recorder.only.method, recorder.only.path) == ("POST", TRIGGER)
    assert recorder.only.document == {
        "db": "db",
        "plugin_filename": "hello-wal.py",
        "trigger_name": "hello",
        "trigger_settings": {"run_async": False, "error_behavior": "log"},
        "trigger_specification": "all_tables",
        "trigger_arguments": None,
        "disabled": False,
    }


def test_all_options_reach_the_server(client: CommandLine, recorder: RecordingServer) -> None:
    options = ["--disabled", "--run-asynchronous", "--error-behavior", "retry", "-p", "gh:a/b.py"]
    arguments = ["--trigger-arguments", "threshold=90,notify_email=admin@example.com"]
    client(*CREATE, "every:90m", *options, *arguments, "t")
    document = recorder.only.document
    assert document["trigger_settings"] == {"run_async": True, "error_behavior": "retry"}
    assert document["disabled"] is True
    assert document["plugin_filename"] == "gh:a/b.py"
    assert document["trigger_arguments"] == {"threshold": "90", "notify_email": "admin@example.com"}


@pytest.mark.parametrize(
    ("specification", "sent"),
    [
        ("every:60s", "every:1m"),
        ("every:90m", "every:1h 30m"),
        (" table:foo ", "table:foo"),
        ("cron:0 0 8 * * *", "cron:0 0 8 * * *"),
        ("request:hello", "request:hello"),
    ],
)
def test_a_specification_is_sent_in_its_canonical_form(
    client: CommandLine, recorder: RecordingServer, specification: str, sent: str
) -> None:
    done = client(*CREATE, specification, "--path", "p.py", "t")
    assert done.status == 0, done.errors
    assert recorder.only.document["trigger_specification"] == sent


def test_warnings_of_the_server_go_to_stderr(
    client: CommandLine, recorder: RecordingServer
) -> None:
    warnings = ["plugin file p.py does not exist yet", "next runs: ..."]
    recorder.will_answer(200, {"warnings": warnings})
    done = client(*CREATE, "every:1m", "--path", "p.py", "t")
    assert (done.status, done.output) == (0, "Trigger t created successfully\n")
    assert done.errors.splitlines() == [f"warning: {text}" for text in warnings]


@pytest.mark.parametrize("body", ["", "{}", '{"warnings":null}', "[]", '{"warnings":[]}'])
def test_no_warnings_are_no_output(
    client: CommandLine, recorder: RecordingServer, body: str
) -> None:
    recorder.will_answer(200, body)
    done = client(*CREATE, "every:1m", "--path", "p.py", "t")
    assert (done.status, done.errors) == (0, "")


def test_a_failure_is_told_once(client: CommandLine, recorder: RecordingServer) -> None:
    recorder.will_answer(404, "Database not found db")
    done = client(*CREATE, "all_tables", "--path", "p.py", "t")
    assert (done.status, done.output) == (1, "")
    assert done.errors == (
        "Create command failed: server responded with error [404 Not Found]: "
        "Database not found db\n"
    )


def test_a_trigger_needs_a_plugin(client: CommandLine, recorder: RecordingServer) -> None:
    done = client(*CREATE, "all_tables", "t")
    assert done.status == 1
    assert done.errors == (
        "Create command failed: Either --path or --plugin-filename must be provided\n"
    )
    assert recorder.received == []


def plugin_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pack"
    (folder / "sub").mkdir(parents=True)
    (folder / "__pycache__").mkdir()
    (folder / "__init__.py").write_text(WRITES)
    (folder / "sub" / "part.py").write_text("b = 2\n")
    (folder / "__pycache__" / "x.py").write_text("")
    (folder / "notes.txt").write_text("")
    (folder / "link.py").symlink_to("/etc/hostname")
    return folder


def test_a_file_is_uploaded_under_its_name(
    client: CommandLine, recorder: RecordingServer, tmp_path: Path
) -> None:
    (tmp_path / "own.py").write_text(WRITES)
    path = str(tmp_path / "own.py")
    done = client(*CREATE, "all_tables", "--upload", "--path", path, "t")
    assert done.status == 0, done.errors
    check, upload, create = recorder.received
    assert (check.path, check.document["db"]) == ("/api/v3/query_sql", "db")
    assert (upload.method, upload.path, upload.query) == ("POST", FILES, {"db": "db"})
    assert upload.document == {"plugin_name": "own.py", "content": WRITES}
    assert create.document["plugin_filename"] == "own.py"


def test_a_folder_is_uploaded_file_by_file(
    client: CommandLine, recorder: RecordingServer, tmp_path: Path
) -> None:
    folder = plugin_folder(tmp_path)
    done = client(*CREATE, "all_tables", "--upload", "--path", str(folder), "t")
    assert done.status == 0, done.errors
    _check, *uploads, create = recorder.received
    assert [upload.document["plugin_name"] for upload in uploads] == [
        "pack/__init__.py",
        "pack/sub/part.py",
    ]
    assert create.document["plugin_filename"] == "pack"


def test_an_upload_that_cannot_be_read_creates_nothing(
    client: CommandLine, recorder: RecordingServer, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "binary.py").write_bytes(b"\xff")
    for path, message in [
        ("absent.py", "File not found: absent.py"),
        ("empty", "Multi-file plugin directory must contain __init__.py: empty"),
        ("binary.py", "binary.py is not UTF-8 text"),
    ]:
        done = client(*CREATE, "all_tables", "--upload", "--path", path, "t")
        assert done.status == 1
        assert done.errors.startswith(f"Create command failed: {message}")
    assert recorder.received == []


@pytest.mark.parametrize(
    ("status", "answer", "told"),
    [
        (404, "query error: database not found: db", "database not found: db"),
        (200, '[{"trigger_name":"t"}]', "database db has a trigger t already"),
    ],
)
def test_nothing_is_sent_for_a_trigger_that_cannot_be_made(
    client: CommandLine,
    recorder: RecordingServer,
    tmp_path: Path,
    status: int,
    answer: str,
    told: str,
) -> None:
    recorder.will_answer(status, answer)
    (tmp_path / "own.py").write_text(WRITES)
    done = client(*CREATE, "all_tables", "--upload", "--path", str(tmp_path / "own.py"), "t")
    assert (done.status, done.output) == (1, "")
    assert told in done.errors
    assert recorder.only.path == "/api/v3/query_sql"


def test_a_plugin_without_the_entry_point_is_not_sent(
    client: CommandLine, recorder: RecordingServer, tmp_path: Path
) -> None:
    folder = plugin_folder(tmp_path)
    done = client(*CREATE, "every:10m", "--upload", "--path", str(folder), "t")
    assert (done.status, done.output) == (1, "")
    assert done.errors == (
        "Create command failed: plugin pack has no process_scheduled_call, which a trigger on "
        "every:10m calls; it has process_writes\n"
    )
    assert recorder.received == []


@pytest.mark.parametrize("status", [401, 403, 500])
def test_what_is_said_to_the_upload_counts_where_nothing_can_be_checked(
    client: CommandLine, recorder: RecordingServer, tmp_path: Path, status: int
) -> None:
    recorder.will_answer(status, "not here")
    (tmp_path / "own.py").write_text(WRITES)
    done = client(*CREATE, "all_tables", "--upload", "--path", str(tmp_path / "own.py"), "t")
    assert done.status == 0, done.errors
    assert [one.path for one in recorder.received[1:]] == [FILES, TRIGGER]


def test_the_code_of_a_trigger_is_replaced(
    client: CommandLine, recorder: RecordingServer, tmp_path: Path
) -> None:
    (tmp_path / "new.py").write_text("x = 1\n")
    done = client("update", "trigger", "-d", "db", "-t", "t", "-p", "new.py", "--upload")
    assert (done.status, done.output) == (0, "Trigger 't' updated successfully\n")
    assert (recorder.only.method, recorder.only.path) == ("PUT", FILES)
    assert recorder.only.document == {"plugin_name": "t", "content": "x = 1\n"}


def test_the_folder_of_a_trigger_is_replaced_in_one_step(
    client: CommandLine, recorder: RecordingServer, tmp_path: Path
) -> None:
    plugin_folder(tmp_path)
    done = client("update", "trigger", "-d", "db", "-t", "t", "-p", "pack")
    assert done.output == "Trigger 't' updated successfully (atomic directory replacement)\n"
    assert (recorder.only.method, recorder.only.path) == ("PUT", "/api/v3/plugins/directory")
    assert recorder.only.document == {
        "plugin_name": "t",
        "files": [
            {"relative_path": "__init__.py", "content": WRITES},
            {"relative_path": "sub/part.py", "content": "b = 2\n"},
        ],
    }


def test_the_least_memory_limit_is_one_that_the_server_takes(
    client: CommandLine, recorder: RecordingServer
) -> None:
    """Megabytes of a million bytes made `64`, which the help names, too little."""
    create = (*CREATE, "all_tables", "-p", "p.py", "--memory-limit-mb")
    assert client(*create, "64", "t").status == 0
    given = recorder.only.document["trigger_settings"]
    assert given["memory_limit_bytes"] == MEMORY_LIMIT_BYTES_MIN
    assert "value must be at least 64" in client(*create, "63", "t").errors


def test_options_beyond_the_reference_reach_the_server(
    client: CommandLine, recorder: RecordingServer
) -> None:
    limits = ["--time-limit", "1.5s", "--memory-limit-mb", "128", "--max-attempts", "3"]
    schedule = ["--missed-runs", "once", "--time-zone", "Europe/Vienna"]
    batches = ["--batch-rows", "1000", "--batch-interval", "5s", "--columns", "a,b", "--own-output"]
    rest = ["--where", "a > 1", "--environment", "ml", "--variables", "A=1,KEY=secret:key"]
    done = client(*CREATE, "all_tables", "-p", "p.py", *limits, *schedule, *batches, *rest, "t")
    assert done.status == 0, done.errors
    assert recorder.only.document["trigger_settings"] == {
        "run_async": False,
        "error_behavior": "log",
        "time_limit": "1500ms",
        "memory_limit_bytes": 128 * 1024 * 1024,
        "max_attempts": 3,
        "missed_runs": "once",
        "time_zone": "Europe/Vienna",
        "own_output": True,
        "batch_rows": 1000,
        "batch_interval": "5000ms",
        "columns": ["a", "b"],
        "where": "a > 1",
        "environment": "ml",
        "variables": {"A": "1", "KEY": "secret:key"},
    }


def test_a_policy_for_missed_runs_is_one_of_three(
    client: CommandLine, recorder: RecordingServer
) -> None:
    done = client(*CREATE, "every:1m", "-p", "p.py", "--missed-runs", "never", "t")
    assert done.status == 2
    assert "[possible values: skip, once, all]" in done.errors
    assert recorder.received == []
