"""Settings beside the command line: `.env` files and names of older releases."""

from pathlib import Path

import pytest

from influxpe.cli.environment import (
    RENAMED_WITH_PREFIX,
    DotenvError,
    copy_renamed,
    load_dotenv,
)
from tests.unit.cli.conftest import CommandLine
from tests.unit.cli.recording_server import RecordingServer

NOW_NS = 1_767_225_600_123_456_789


def dotenv(folder: Path, text: str, **environment: str) -> dict[str, str]:
    (folder / ".env").write_text(text)
    load_dotenv(environment, folder)
    return environment


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("NAME=value", "value"),
        ("export NAME=value", "value"),
        ("  NAME = value ", "value"),
        ("NAME=two words", "two words"),
        ("NAME=value # comment", "value"),
        ("NAME=", ""),
        ("NAME= # only a comment", ""),
        ("NAME='single # $x \\n'", "single # $x \\n"),
        ('NAME="double # \\n \\" \\\\"', 'double # \n " \\'),
        ("NAME=a=b", "a=b"),
        ("NAME=$HOME", "$HOME"),
        ("NAME=http://127.0.0.1:8181", "http://127.0.0.1:8181"),
    ],
)
def test_lines_are_read(tmp_path: Path, line: str, value: str) -> None:
    assert dotenv(tmp_path, f"# comment\n\n{line}\n") == {"NAME": value}


@pytest.mark.parametrize("line", ["no assignment", "=x", "1A=x", "A='open", 'A="open', "A='a'b"])
def test_a_malformed_line_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(DotenvError, match=r"\.env: line 2 is not NAME=value"):
        dotenv(tmp_path, f"A=1\n{line}\n")


def test_what_is_set_stays(tmp_path: Path) -> None:
    assert dotenv(tmp_path, "A=file\nB=file\n", A="process") == {"A": "process", "B": "file"}


def test_the_file_is_looked_for_upwards(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / ".env").write_text("A=1\n")
    environment: dict[str, str] = {}
    load_dotenv(environment, below)
    assert environment == {"A": "1"}


def test_no_file_is_fine(tmp_path: Path) -> None:
    environment: dict[str, str] = {}
    load_dotenv(environment, tmp_path)
    assert environment == {}


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff")
    with pytest.raises(DotenvError, match="decode"):
        load_dotenv({}, tmp_path)


def test_an_old_name_gives_its_value_to_the_new_one() -> None:
    environment = {"LOG_FILTER": "debug"}
    warnings = list(copy_renamed(environment, lambda: NOW_NS))
    assert environment["INFLUXDB3_LOG_FILTER"] == "debug"
    assert warnings == [
        "2026-01-01T00:00:00.123456Z  WARN influxdb3::env_compat: environment variable LOG_FILTER "
        "is deprecated, use INFLUXDB3_LOG_FILTER instead"
    ]


def test_the_new_name_wins() -> None:
    environment = {"LOG_FORMAT": "json", "INFLUXDB3_LOG_FORMAT": "full"}
    assert len(list(copy_renamed(environment, lambda: NOW_NS))) == 1
    assert environment["INFLUXDB3_LOG_FORMAT"] == "full"


def test_old_thread_counts_are_taken_over() -> None:
    environment = {"INFLUXDB3_NUM_THREADS": "3", "INFLUXDB3_DATAFUSION_NUM_THREADS": "2"}
    warnings = list(copy_renamed(environment, lambda: NOW_NS))
    assert environment["INFLUXDB3_NUM_IO_THREADS"] == "3"
    assert environment["INFLUXDB3_NUM_DATAFUSION_THREADS"] == "2"
    assert warnings[0] == (
        "WARN: Use of deprecated environment variable INFLUXDB3_NUM_THREADS: "
        "replace with INFLUXDB3_NUM_IO_THREADS"
    )


def test_all_twenty_old_names_are_known() -> None:
    assert len(RENAMED_WITH_PREFIX) == 20


def test_nothing_old_is_no_warning() -> None:
    assert list(copy_renamed({"INFLUXDB3_LOG_FILTER": "info"}, lambda: NOW_NS)) == []


def test_flag_then_process_then_file(
    run: CommandLine, tmp_path: Path, recorder: RecordingServer
) -> None:
    (tmp_path / ".env").write_text(
        f"INFLUXDB3_HOST_URL={recorder.url}\nINFLUXDB3_DATABASE_NAME=file\n"
        "INFLUXDB3_AUTH_TOKEN=file\n"
    )
    done = run("query", "-d", "flag", "SELECT 1", INFLUXDB3_AUTH_TOKEN="process")  # noqa: S106 - no secret
    assert done.status == 0, done.errors
    assert recorder.only.document["db"] == "flag"
    assert recorder.only.headers["authorization"] == "Bearer process"


def test_a_malformed_file_ends_every_command(run: CommandLine, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("not an assignment\n")
    done = run("query", "-d", "a", "SELECT 1")
    assert (done.status, done.output) == (1, "")
    assert done.errors.startswith("FATAL Error loading config from: ")
    assert done.errors.endswith("\nAborting\n")
