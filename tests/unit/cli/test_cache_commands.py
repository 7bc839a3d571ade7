"""`create last_cache` and `create distinct_cache`: what is sent, and what is printed."""

from typing import Any

import pytest

from tests.unit.cli.conftest import CommandLine
from tests.unit.cli.recording_server import RecordingServer

LAST = "/api/v3/configure/last_cache"
DISTINCT = "/api/v3/configure/distinct_cache"
IN_TABLE = ["-d", "db", "-t", "t"]
HOUR, DAY = 3_600, 86_400


@pytest.mark.parametrize(
    ("arguments", "path", "document"),
    [
        (
            ["create", "last_cache", *IN_TABLE],
            LAST,
            {"db": "db", "table": "t", "count": 1, "ttl": 4 * HOUR},
        ),
        (
            [
                *("create", "last_cache", *IN_TABLE, "c", "--key-columns", "a,b"),
                *("--value-columns", "x", "--count", "5", "--ttl", "30m"),
            ],
            LAST,
            {
                "db": "db",
                "table": "t",
                "name": "c",
                "key_columns": ["a", "b"],
                "value_columns": ["x"],
                "count": 5,
                "ttl": HOUR // 2,
            },
        ),
        (
            ["create", "distinct_cache", *IN_TABLE, "--columns", "a,b"],
            DISTINCT,
            {
                "db": "db",
                "table": "t",
                "columns": ["a", "b"],
                "max_cardinality": 100_000,
                "max_age": DAY,
            },
        ),
        (
            [
                *("create", "distinct_cache", *IN_TABLE, "c", "--column", "a"),
                *("--max-cardinality", "10", "--max-age", "2h"),
            ],
            DISTINCT,
            {
                "db": "db",
                "table": "t",
                "name": "c",
                "columns": ["a"],
                "max_cardinality": 10,
                "max_age": 2 * HOUR,
            },
        ),
    ],
)
def test_a_cache_is_asked_for_and_its_record_printed(
    run: CommandLine,
    recorder: RecordingServer,
    arguments: list[str],
    path: str,
    document: dict[str, Any],
) -> None:
    recorder.will_answer(201, {"catalog_batch": {}, "sequence_number": 7})
    done = run(*arguments, "--host", recorder.url)
    assert (done.status, done.errors) == (0, "")
    printed = '{\n  "catalog_batch": {},\n  "sequence_number": 7\n}'
    assert done.output == f"new cache created: {printed}\n"
    assert (recorder.only.method, recorder.only.path) == ("POST", path)
    assert recorder.only.document == document


def test_a_cache_that_exists_already_is_said(run: CommandLine, recorder: RecordingServer) -> None:
    recorder.will_answer(204, b"")
    done = run("create", "last_cache", *IN_TABLE, "--host", recorder.url)
    assert (done.status, done.output) == (
        0,
        "a cache already exists for the provided parameters\n",
    )


def test_a_refusal_is_printed_as_the_server_says_it(
    run: CommandLine, recorder: RecordingServer
) -> None:
    recorder.will_answer(409, "attempted to create a resource that already exists")
    done = run("create", "last_cache", *IN_TABLE, "--host", recorder.url)
    assert done.status == 1
    assert done.errors == (
        "Create command failed: server responded with error [409 Conflict]: "
        "attempted to create a resource that already exists\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["create", "last_cache", "-d", "db"], "--table <TABLE>"),
        (["create", "last_cache", *IN_TABLE, "--count", "0"], "value must be at least 1"),
        (["create", "distinct_cache", *IN_TABLE, "--max-age", "soon"], "--max-age <MAX_AGE>"),
        (["delete", "distinct_cache", *IN_TABLE], "<CACHE_NAME>"),
    ],
)
def test_what_is_missing_or_wrong_is_said(
    run: CommandLine, arguments: list[str], message: str
) -> None:
    done = run(*arguments)
    assert done.status == 2
    assert message in done.errors
