"""`query`: where the text comes from, what is sent, where the result goes."""

from pathlib import Path

import pytest

from tests.unit.cli.conftest import CommandLine
from tests.unit.cli.recording_server import RecordingServer

TABLE = "+---+\n| a |\n+---+\n| 1 |\n+---+"


def test_a_query_is_sent_and_its_result_printed(
    client: CommandLine, recorder: RecordingServer
) -> None:
    recorder.will_answer(200, TABLE)
    done = client("query", "--database", "db", "--token", "secret", "SELECT 1 AS a")
    assert (done.status, done.output, done.errors) == (0, TABLE + "\n", "")
    request = recorder.only
    assert (request.method, request.path, request.query) == ("POST", "/api/v3/query_sql", {})
    document = {"db": "db", "q": "SELECT 1 AS a", "format": "pretty", "params": None}
    assert request.document == document
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"] == "Bearer secret"


@pytest.mark.parametrize(
    ("words", "wire"),
    [("pretty", "pretty"), ("json", "json"), ("jsonl", "json_lines"), ("csv", "csv")],
)
def test_text_formats_end_with_a_line_end(
    client: CommandLine, recorder: RecordingServer, words: str, wire: str
) -> None:
    recorder.will_answer(200, "{}\n")
    done = client("q", "-d", "db", "--format", words, "SELECT 1")
    assert done.output == "{}\n\n"
    assert recorder.only.document["format"] == wire


def test_parquet_is_printed_as_it_is(client: CommandLine, recorder: RecordingServer) -> None:
    recorder.will_answer(200, b"PAR1\x00\x01PAR1")
    done = client("query", "-d", "db", "--format", "parquet", "SELECT 1")
    assert (done.status, done.raw_output) == (0, b"PAR1\x00\x01PAR1")


def test_a_file_receives_the_result_alone(
    client: CommandLine, recorder: RecordingServer, tmp_path: Path
) -> None:
    recorder.will_answer(200, "a\n1\n")
    (tmp_path / "out.csv").write_text("something longer that was here before")
    done = client("query", "-d", "db", "--format", "csv", "-o", "out.csv", "SELECT 1")
    assert (done.status, done.output) == (0, "")
    assert (tmp_path / "out.csv").read_bytes() == b"a\n1\n"


def test_a_failed_query_leaves_the_file_alone(
    client: CommandLine, recorder: RecordingServer, tmp_path: Path
) -> None:
    recorder.will_answer(400, "no")
    (tmp_path / "out.csv").write_text("before")
    assert client("query", "-d", "db", "-o", "out.csv", "SELECT 1").status == 1
    assert (tmp_path / "out.csv").read_text() == "before"


def test_influxql_has_its_own_route(client: CommandLine, recorder: RecordingServer) -> None:
    client("query", "-d", "db", "--language", "influxql", "SHOW MEASUREMENTS")
    assert recorder.only.path == "/api/v3/query_influxql"


def test_a_query_comes_from_a_file_or_from_stdin(
    client: CommandLine, recorder: RecordingServer, tmp_path: Path
) -> None:
    (tmp_path / "a.sql").write_text("SELECT 'é'")
    client("query", "-d", "db", "-f", "a.sql")
    client("query", "-d", "db", stdin=b"SELECT 2")
    client("query", "-d", "db", "-f", "a.sql", "SELECT 3")
    queries = [request.document["q"] for request in recorder.received]
    assert queries == ["SELECT 'é'", "SELECT 2", "SELECT 3"]


def test_a_query_that_begins_with_a_comment_follows_two_dashes(
    client: CommandLine, recorder: RecordingServer
) -> None:
    assert client("query", "-d", "db", "-- all\nSELECT 1").status == 2
    assert client("query", "-d", "db", "--", "-- all\nSELECT 1").status == 0
    assert recorder.only.document["q"] == "-- all\nSELECT 1"


def test_a_host_for_queries_wins(run: CommandLine, recorder: RecordingServer) -> None:
    done = run("query", "-d", "db", "SELECT 1", INFLUXDB3_QUERY_HOST_URL=recorder.url)
    assert done.status == 0, done.errors
    assert len(recorder.received) == 1


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (["-f", "absent.sql"], b"", "cannot read absent.sql: No such file or directory"),
        ([], b"SELECT \xff", "the query is not UTF-8 text"),
        (["-o", "absent/out.csv", "SELECT 1"], b"", "cannot write absent/out.csv: No such file"),
    ],
)
def test_files_that_cannot_be_used_are_explained(
    client: CommandLine, arguments: list[str], stdin: bytes, message: str
) -> None:
    done = client("query", "-d", "db", *arguments, stdin=stdin)
    assert (done.status, done.output) == (1, "")
    assert done.errors.startswith(f"Query command failed: {message}")
    assert len(done.errors.splitlines()) == 1
