"""Wrong command lines of the real commands: exact shapes, exit code 2, nothing on stdout."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.conftest import CommandLine

DATABASE = ["-d", "a"]
TRIGGER = ["create", "trigger", *DATABASE, "--path", "p.py", "--trigger-spec"]


def test_a_missing_argument_has_the_known_shape(run: CommandLine) -> None:
    done = run("show", "system", "table-list")
    assert (done.status, done.output) == (2, "")
    assert done.errors == (
        "error: the following required arguments were not provided:\n"
        "  --database <DATABASE_NAME>\n"
        "\n"
        "Usage: influxpe show system table-list --database <DATABASE_NAME>\n"
        "\n"
        "For more information, try '--help'.\n"
    )


def test_a_wrong_value_has_the_known_shape(run: CommandLine) -> None:
    done = run("write", *DATABASE, "-p", "fake", "cpu v=1")
    assert (done.status, done.output) == (2, "")
    assert done.errors == (
        "error: invalid value 'fake' for '--precision <PRECISION>': "
        "unrecognized precision unit: fake\n"
        "\n"
        "For more information, try '--help'.\n"
    )


def test_the_program_is_named_as_it_was_started(run: CommandLine, tmp_path: Path) -> None:
    script = tmp_path / "influxdb3"
    script.write_text("import sys\nfrom influxpe.cli import main\nsys.exit(main())\n")
    done = subprocess.run(
        [sys.executable, str(script), "query"],
        capture_output=True,
        text=True,
        env=run.environment,
        timeout=60,
        check=False,
    )
    assert "Usage: influxdb3 query --database <DATABASE_NAME>\n" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bogus"], "error: unrecognized subcommand 'bogus'"),
        (["create", "first_cache"], "error: unrecognized subcommand 'first_cache'"),
        (["stop", "node"], "error: unrecognized subcommand 'stop'"),
        (["write", "--nonsense"], "error: unexpected argument '--nonsense' found"),
        (["query", *DATABASE, "--format", "xml", "SELECT 1"], "error: invalid value 'xml' for"),
        (["query", *DATABASE, "-l", "sequel", "SELECT 1"], "[possible values: sql, influxql]"),
        (["query", *DATABASE, "--host", "ftp://x", "q"], "unknown scheme 'ftp'"),
        (["query", *DATABASE, "SELECT 1", "SELECT 2"], "unexpected argument 'SELECT 2' found"),
        (["write", *DATABASE, "--max-request-size", "0", "a"], "value must be at least 1"),
        (["write", *DATABASE, "--table", "t"], "--field <KEY=VALUE>"),
        (["write", *DATABASE, "--tag", "a=1"], "--table <NAME>"),
        (["write", *DATABASE, "--time", "1"], "--table <NAME>"),
        (
            ["write", *DATABASE, "--table", "t", "--field", "v=1", "cpu v=1"],
            "'--table <NAME>' cannot be used with '[LINE_PROTOCOL]...'",
        ),
        (
            ["write", *DATABASE, "--table", "t", "--field", "v=1", "--file", "x"],
            "'--table <NAME>' cannot be used with '--file <FILE_PATH>'",
        ),
        (
            ["write", *DATABASE, "--table", "t", "--field", "bare"],
            "invalid value 'bare' for '--field <KEY=VALUE>': must be formatted",
        ),
        (
            ["write", *DATABASE, "--table", "t", "--tag", "a=", "--field", "v=1"],
            "the value of tag 'a' is empty",
        ),
        (["write", *DATABASE, "--table", "t", "--field", "v=1", "--time", "now"], "invalid digit"),
        (["create", "token"], "Missing required subcommand. Use: influxdb3 create token --admin"),
        (["create", "token", "--name", "x"], "Missing required subcommand"),
        (
            ["create", "token", "--admin", "--regenerate", "--name", "x"],
            "--regenerate cannot be used with --name, --regenerate only applies for operator token",
        ),
        (["create", "token", "--admin", "--offline"], "--output-file <FILE>"),
        (["create", "token", "--admin", "--permission", "x"], "unexpected argument '--permission'"),
        (["create", "database"], "<DATABASE_NAME>"),
        (["create", "database", "--retention-period", "5", "x"], "time unit needed"),
        (["create", "table", *DATABASE, "--fields", "x", "t"], "No `:` found in `x`"),
        (["create", "table", *DATABASE, "--fields", "x:int", "t"], "int is not a valid data type"),
        ([*TRIGGER, "every:x", "t"], "couldn't parse to duration"),
        ([*TRIGGER, "table:", "t"], "table name is empty"),
        ([*TRIGGER, "every:2y", "t"], "over 1 year"),
        ([*TRIGGER, "sometimes", "t"], "expect one of the following forms:"),
        ([*TRIGGER, "cron:* *", "t"], "failed to parse trigger from cron:* *"),
        (
            [*TRIGGER, "all_tables", "--plugin-filename", "q.py", "t"],
            "cannot be used with '--path <PATH>'",
        ),
        ([*TRIGGER, "all_tables", "--error-behavior", "LOG", "t"], "invalid value 'LOG'"),
        ([*TRIGGER, "all_tables", "--trigger-arguments", "x", "t"], "must be formatted as"),
        (["delete", "database", "a", "--hard-delete", "soon"], "expected never, now, default"),
        (["delete", "token"], "--token-name <TOKEN_NAME>"),
        (["delete", "trigger", "t"], "--database <DATABASE_NAME>"),
        (["update", "trigger", *DATABASE, "-t", "t"], "--path <PATH>"),
        (["show", "system", *DATABASE, "table", "x", "-l", "70000"], "70000 is not in 0..=65535"),
        (["show", "system", *DATABASE], "[subcommands: table-list, table, summary]"),
        (["install", "package"], "<PACKAGES>..."),
        (
            ["test", "wal_plugin", *DATABASE, "--input-arguments", "bare", "p.py"],
            'must be formatted as "key=value"',
        ),
        (["test", "other_plugin"], "unrecognized subcommand 'other_plugin'"),
        (["serve", "--without-auth=true"], "unexpected value 'true' for '--without-auth' found"),
        (["serve", "--object-store", "tape"], "invalid value 'tape' for '--object-store"),
        (["serve", "--http-bind", "nowhere"], "Cannot parse socket address 'nowhere'"),
        (["serve", "--wal-flush-interval", "soon"], "invalid value 'soon'"),
        (["serve", "--tls-minimum-version", "tls-1.1"], "Valid minimum version strings are"),
        (["serve", "--disable-authz", "write"], "invalid value passed in for --disable-authz"),
        (["serve", "--cluster-id", "x"], "belongs to InfluxDB 3 Enterprise"),
        (["serve", "--gen1-duration", "7m"], "[possible values: 1m, 5m, 10m]"),
        (["serve", "--max-concurrent-queries", "0"], "value must be at least 1"),
        (["serve", "--node-id", "a", "--node-id-from-env", "B"], "cannot be used with"),
        (["serve", "--nonsense"], "unexpected argument '--nonsense' found"),
        (["serve", "extra"], "unexpected argument 'extra' found"),
        (["--http-bind", "nowhere"], "Cannot parse socket address 'nowhere'"),
    ],
    ids=lambda value: " ".join(value)[-60:] if isinstance(value, list) else None,
)
def test_a_wrong_command_line_is_explained(
    run: CommandLine, arguments: list[str], message: str
) -> None:
    done = run(*arguments)
    assert (done.status, done.output) == (2, "")
    assert done.errors.startswith("error: ")
    assert message in done.errors
    assert "Traceback" not in done.errors


def test_a_pasted_comment_is_explained(run: CommandLine) -> None:
    done = run("create", "trigger", "--trigger-spec", "all_tables", " ")
    assert done.status == 2
    assert done.errors.startswith("note: ignored a blank argument")
    assert "<TRIGGER_NAME>" in done.errors
    assert "hint: a comment after '\\' ends a command" in done.errors


@pytest.mark.parametrize("group", "create show delete enable disable update install test".split())
def test_a_group_alone_prints_its_help_as_an_error(run: CommandLine, group: str) -> None:
    done = run(group)
    assert (done.status, done.output) == (2, "")
    assert f"Usage: influxpe {group} <COMMAND>" in done.errors
