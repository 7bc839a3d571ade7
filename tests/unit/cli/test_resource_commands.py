"""`create`, `delete`, `update`, `enable`, `disable`, `show`, `install`, `test`: the requests."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import CommandLine
from tests.unit.cli.recording_server import RecordingServer

DATABASE = "/api/v3/configure/database"
TABLE = "/api/v3/configure/table"
TRIGGER = "/api/v3/configure/processing_engine_trigger"
PACKAGES = "/api/v3/configure/plugin_environment"
IN_DB = ["-d", "db"]


@pytest.mark.parametrize(
    ("arguments", "request_line", "document", "printed"),
    [
        (
            ["create", "database", "my_db"],
            ("POST", DATABASE),
            {"db": "my_db", "retention_period": None},
            'Database "my_db" created successfully',
        ),
        (
            ["create", "database", "--retention-period", "30d", 'a"b\\c'],
            ("POST", DATABASE),
            {"db": 'a"b\\c', "retention_period": "30days"},
            'Database "a\\"b\\\\c" created successfully',
        ),
        (
            ["create", "database", "--retention-period", "none", "x"],
            ("POST", DATABASE),
            {"db": "x", "retention_period": None},
            'Database "x" created successfully',
        ),
        (
            ["create", "table", *IN_DB, "t", "--tags", "a,b", "--fields", "x:int64,y:utf8"],
            ("POST", TABLE),
            {
                "db": "db",
                "table": "t",
                "tags": ["a", "b"],
                "fields": [{"name": "x", "type": "int64"}, {"name": "y", "type": "utf8"}],
                "retention_period": None,
            },
            'Table "db"."t" created successfully',
        ),
        (
            ["delete", "last_cache", *IN_DB, "-t", "t", "c"],
            ("DELETE", "/api/v3/configure/last_cache"),
            {"db": "db", "table": "t", "name": "c"},
            "last cache deleted successfully",
        ),
        (
            ["delete", "distinct_cache", *IN_DB, "--table", "t", "c"],
            ("DELETE", "/api/v3/configure/distinct_cache"),
            {"db": "db", "table": "t", "name": "c"},
            "distinct cache deleted successfully",
        ),
        (
            ["update", "table", *IN_DB, "t", "-r", "1w"],
            ("PUT", TABLE),
            {"db": "db", "table": "t", "retention_period": "7days"},
            'Table "db"."t" updated successfully',
        ),
        (
            [
                "delete",
                "rows",
                *IN_DB,
                "t",
                "-y",
                "--start=-5",
                "--stop",
                "2026-01-01T00:00:00Z",
            ],
            ("POST", "/api/v3/delete_rows"),
            {"db": "db", "table": "t", "start": -5, "stop": "2026-01-01T00:00:00Z", "tags": {}},
            'Rows of "db"."t" deleted successfully',
        ),
        (
            ["delete", "rows", *IN_DB, "t", "-y", "--tag", "a=x,y", "--tag", "b=", "--tag", "a=z"],
            ("POST", "/api/v3/delete_rows"),
            {
                "db": "db",
                "table": "t",
                "start": None,
                "stop": None,
                "tags": {"a": ["x,y", "z"], "b": [None]},
            },
            'Rows of "db"."t" deleted successfully',
        ),
        (
            ["update", "database", *IN_DB, "-r", "1w"],
            ("PUT", DATABASE),
            {"db": "db", "retention_period": "7days"},
            'Database "db" updated successfully',
        ),
        (
            ["update", "database", *IN_DB, "--retention-period", "None"],
            ("PUT", DATABASE),
            {"db": "db", "retention_period": None},
            'Database "db" updated successfully',
        ),
        (
            ["delete", "trigger", *IN_DB, "--force", "t"],
            ("DELETE", TRIGGER),
            {"db": "db", "trigger_name": "t", "force": True},
            "Trigger t deleted successfully",
        ),
        (
            ["install", "package", "pandas", "tablib==3.8.0"],
            ("POST", f"{PACKAGES}/install_packages"),
            {"packages": ["pandas", "tablib==3.8.0"]},
            "",
        ),
        (
            ["install", "package", "-r", "a.txt", "--plugin-dir", "x", "y"],
            ("POST", f"{PACKAGES}/install_requirements"),
            {"requirements_location": "a.txt"},
            "",
        ),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_a_document_is_sent(
    client: CommandLine,
    recorder: RecordingServer,
    arguments: list[str],
    request_line: tuple[str, str],
    document: dict[str, Any],
    printed: str,
) -> None:
    done = client(*arguments)
    assert (done.status, done.errors) == (0, "")
    assert done.output == (f"{printed}\n" if printed else "")
    assert (recorder.only.method, recorder.only.path) == request_line
    assert (recorder.only.document, recorder.only.query) == (document, {})


@pytest.mark.parametrize(
    ("arguments", "request_line", "query", "printed"),
    [
        (
            ["delete", "database", "a", "--yes"],
            ("DELETE", DATABASE),
            {"db": "a"},
            'Database "a" deleted successfully',
        ),
        (
            ["delete", "table", *IN_DB, "t", "-y", "--hard-delete", "NOW"],
            ("DELETE", TABLE),
            {"db": "db", "table": "t", "hard_delete_at": "now"},
            'Table "db"."t" deleted successfully',
        ),
        (
            ["delete", "token", "--token-name", "ci", "-y"],
            ("DELETE", "/api/v3/configure/token"),
            {"token_name": "ci"},
            'Token "ci" deleted successfully',
        ),
        (
            ["cancel", "query", "17"],
            ("DELETE", "/api/v3/query"),
            {"id": "17"},
            "Query 17 cancelled successfully",
        ),
        (
            ["enable", "trigger", *IN_DB, "t"],
            ("POST", f"{TRIGGER}/enable"),
            {"db": "db", "trigger_name": "t"},
            "Trigger t enabled successfully",
        ),
        (
            ["disable", "trigger", *IN_DB, "t", " "],
            ("POST", f"{TRIGGER}/disable"),
            {"db": "db", "trigger_name": "t"},
            "Trigger t disabled successfully",
        ),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_parameters_are_sent(
    client: CommandLine,
    recorder: RecordingServer,
    arguments: list[str],
    request_line: tuple[str, str],
    query: dict[str, str],
    printed: str,
) -> None:
    done = client(*arguments)
    assert (done.status, done.output) == (0, f"{printed}\n")
    assert (recorder.only.method, recorder.only.path) == request_line
    assert (recorder.only.query, recorder.only.body) == (query, b"")


def test_the_name_of_a_database_may_come_from_the_environment(
    client: CommandLine, recorder: RecordingServer
) -> None:
    assert client("create", "database", INFLUXDB3_DATABASE_NAME="env").status == 0
    assert recorder.only.document["db"] == "env"


@pytest.mark.parametrize("answer", [b"yes\n", b"Y\n", b"YES", b"  y \n"])
def test_a_confirmed_deletion_happens(
    client: CommandLine, recorder: RecordingServer, answer: bytes
) -> None:
    done = client("delete", "database", "a", stdin=answer)
    assert (done.status, done.output) == (0, 'Database "a" deleted successfully\n')
    question = "Are you sure you want to delete \"a\"? Enter 'yes' or 'y' to confirm\n"
    assert done.errors == question
    assert len(recorder.received) == 1


@pytest.mark.parametrize("answer", [b"", b"no\n", b"yess\n", b"\nyes\n"])
def test_an_unconfirmed_deletion_does_not_happen(
    client: CommandLine, recorder: RecordingServer, answer: bytes
) -> None:
    done = client("delete", "table", *IN_DB, "t", stdin=answer)
    assert (done.status, done.output) == (1, "")
    assert 'delete "db"."t"?' in done.errors
    assert done.errors.endswith("Delete command failed: Cannot proceed without confirmation\n")
    assert recorder.received == []


def test_the_operator_token_stays(client: CommandLine, recorder: RecordingServer) -> None:
    done = client("delete", "token", "--token-name", "_admin")
    assert (done.status, done.errors) == (0, "")
    assert done.output.startswith('The operator token "_admin" is required and cannot be deleted.')
    assert recorder.received == []


def test_databases_are_listed(client: CommandLine, recorder: RecordingServer) -> None:
    recorder.will_answer(200, "table")
    done = client("show", "databases", "--show-deleted", "--format", "jsonl")
    assert done.output == "table\n"
    assert (recorder.only.method, recorder.only.path) == ("GET", DATABASE)
    assert recorder.only.query == {"format": "json_lines", "show_deleted": "true"}


@pytest.mark.parametrize(
    ("arguments", "database", "words"),
    [
        (["tokens"], "_internal", ["system.tokens"]),
        (["plugins"], "_internal", ["system.plugin_files"]),
        (["retention"], "_internal", ["system.databases", "ORDER BY database_name"]),
        (["system", *IN_DB, "table-list"], "db", ["information_schema.columns"]),
        (
            ["system", *IN_DB, "table", "queries", "-l", "5"],
            "db",
            ['FROM system."queries" ORDER BY "end2end_duration" DESC LIMIT 5'],
        ),
        (
            ["s", "table", 'a"b', *IN_DB, "-l", "0", "-s", "x,y", "-o", "z"],
            "db",
            ['SELECT "x", "y" FROM system."a""b" ORDER BY "z"'],
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_listings_are_queries(
    client: CommandLine,
    recorder: RecordingServer,
    arguments: list[str],
    database: str,
    words: list[str],
) -> None:
    recorder.will_answer(200, "table")
    done = client("show", *arguments)
    assert (done.status, done.output) == (0, "table\n"), done.errors
    assert recorder.only.path == "/api/v3/query_sql"
    document = recorder.only.document
    assert (document["db"], document["format"]) == (database, "pretty")
    assert all(word in document["q"] for word in words), document["q"]


def test_retention_of_one_database_is_asked_for_by_parameter(
    client: CommandLine, recorder: RecordingServer
) -> None:
    client("show", "retention", "--database", "it's")
    assert recorder.only.document["params"] == {"database": "it's"}
    assert "database_name = $database" in recorder.only.document["q"]


def test_an_unknown_system_table_lists_those_that_exist(
    client: CommandLine, recorder: RecordingServer
) -> None:
    recorder.will_answer(400, "Error during planning: table 'public.system.x' not found")
    recorder.will_answer(200, json.dumps([{"table_name": "queries"}, {"table_name": "tokens"}]))
    done = client("show", "system", *IN_DB, "table", "x")
    assert done.status == 1
    assert done.errors == (
        "Show command failed: system table 'x' not found: please use a valid system table name: "
        '["queries", "tokens"]\n'
    )


def test_a_summary_shows_every_system_table(client: CommandLine, recorder: RecordingServer) -> None:
    recorder.will_answer(200, json.dumps([{"table_name": "a"}, {"table_name": "b"}]))
    recorder.will_answer(200, "one")
    recorder.will_answer(200, "two")
    done = client("show", "system", "summary", *IN_DB)
    assert done.output == "a summary:\none\nb summary:\ntwo\n"
    assert recorder.received[2].document["q"] == 'SELECT * FROM system."b" LIMIT 10'


def test_a_wal_plugin_is_tried(client: CommandLine, recorder: RecordingServer) -> None:
    reply = {"log_lines": ["INFO: é"], "database_writes": {}, "errors": ["boom"]}
    recorder.will_answer(200, reply)
    arguments = ["--lp", "m f=1", "--input-arguments", "a=hello,b=x=y", "--cache-name", "c"]
    done = client("test", "wal_plugin", *IN_DB, *arguments, "test.py")
    assert (done.status, done.output) == (0, json.dumps(reply, indent=2, ensure_ascii=False) + "\n")
    assert recorder.only.path == "/api/v3/plugin_test/wal"
    assert recorder.only.document == {
        "filename": "test.py",
        "database": "db",
        "input_lp": "m f=1",
        "cache_name": "c",
        "input_arguments": {"a": "hello", "b": "x=y"},
    }


def test_lines_for_a_trial_may_come_from_a_file(
    client: CommandLine, recorder: RecordingServer, tmp_path: Path
) -> None:
    (tmp_path / "in.lp").write_text("m f=1\n")
    client("test", "wal_plugin", *IN_DB, "--file", "in.lp", "test.py")
    assert recorder.only.document["input_lp"] == "m f=1\n"
    assert recorder.only.document["input_arguments"] is None


def test_a_schedule_plugin_is_tried(client: CommandLine, recorder: RecordingServer) -> None:
    recorder.will_answer(200, {"trigger_time": None})
    done = client("test", "schedule_plugin", *IN_DB, "--schedule", "0 0 8 * * *", "gh:a/b.py")
    assert done.output == '{\n  "trigger_time": null\n}\n'
    assert recorder.only.document["schedule"] == "0 0 8 * * *"
    assert recorder.only.document["filename"] == "gh:a/b.py"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["test", "wal_plugin", *IN_DB, "p.py"], "Test command failed: either --lp or --file must"),
        (
            ["test", "wal_plugin", *IN_DB, "--file", "absent", "p.py"],
            "Test command failed: unable to read input file: cannot read absent",
        ),
        (
            ["update", "database", *IN_DB],
            "Update command failed: --retention-period is required for update database",
        ),
        (
            ["update", "trigger", *IN_DB, "-t", "t", "-p", "absent.py"],
            "Update command failed: Path does not exist: absent.py",
        ),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_a_command_that_cannot_run_is_one_line(
    client: CommandLine, recorder: RecordingServer, arguments: list[str], line: str
) -> None:
    done = client(*arguments)
    assert (done.status, done.output) == (1, "")
    assert done.errors.startswith(line)
    assert len(done.errors.splitlines()) == 1
    assert recorder.received == []


def test_an_answer_that_is_not_json_is_told(client: CommandLine, recorder: RecordingServer) -> None:
    recorder.will_answer(200, "<html>")
    done = client("test", "schedule_plugin", *IN_DB, "p.py")
    assert done.status == 1
    assert "is not JSON: b'<html>'" in done.errors
