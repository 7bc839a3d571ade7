"""`write`: what is sent, how input is cut, what is told."""

import gzip
import re
from pathlib import Path

import pytest

from influxpe.cli.write_progress import Progress, size
from tests.unit.cli.conftest import CommandLine
from tests.unit.cli.recording_server import RecordingServer

LINE = "cpu,host=a value=1 1"
PROGRESS = re.compile(
    r"  (\d+s )?(\d+ms)?: (\d+) requests? \(\d+\.\d\d requests/sec\), (\d+) lines "
    r"\(\d+ lines/s\), (\S+) \(\S+/s\)"
)


def test_a_line_is_sent_as_it_is(client: CommandLine, recorder: RecordingServer) -> None:
    done = client("write", "-d", "db", LINE)
    assert (done.status, done.output) == (0, "")
    request = recorder.only
    assert (request.method, request.path) == ("POST", "/api/v3/write_lp")
    assert (request.query, request.body) == ({"db": "db"}, LINE.encode())
    assert "authorization" not in request.headers
    assert PROGRESS.fullmatch(done.errors.rstrip("\n")), done.errors


def test_all_options_reach_the_server(client: CommandLine, recorder: RecordingServer) -> None:
    options = ["--precision", "ms", "--accept-partial", "--no-sync", "--gzip", "--quiet"]
    done = client("w", *options, LINE, "-d", "a b&c", "--token", "secret")
    assert (done.status, done.output, done.errors) == (0, "", "")
    request = recorder.only
    assert request.query == {
        "db": "a b&c",
        "precision": "millisecond",
        "accept_partial": "true",
        "no_sync": "true",
    }
    assert request.headers["authorization"] == "Bearer secret"
    assert request.headers["content-encoding"] == "gzip"
    assert gzip.decompress(request.body) == LINE.encode()


def test_one_point_is_composed(client: CommandLine, recorder: RecordingServer) -> None:
    point = ["--table", "test_data", "--field", "value=123", "--tag", "tag1=value1"]
    done = client("write", "--database", "db", *point, stdin=b"not read")
    assert (done.status, done.output) == (0, "")
    assert recorder.only.body == b"test_data,tag1=value1 value=123"


def test_one_point_may_have_a_time_and_more_fields(
    client: CommandLine, recorder: RecordingServer
) -> None:
    point = ["--table", "t", "--field", "a=1i", "--field", "b=x,y=z", "--time=-5", "-p", "s"]
    client("write", "-d", "db", *point)
    assert recorder.only.body == b't a=1i,b="x,y=z" -5'
    assert recorder.only.query["precision"] == "second"


def test_lines_come_from_a_file_or_from_stdin(
    client: CommandLine, recorder: RecordingServer, tmp_path: Path
) -> None:
    (tmp_path / "lines.lp").write_bytes(b"a v=1 1\nb v=1 1\n")
    assert client("write", "-d", "db", "--file", "lines.lp").status == 0
    assert client("write", "-d", "db", stdin=b"c v=1 1\n").status == 0
    assert client("write", "-d", "db", " ", stdin=b"d v=1 1\n").status == 0
    bodies = [request.body for request in recorder.received]
    assert bodies == [b"a v=1 1\nb v=1 1\n", b"c v=1 1\n", b"d v=1 1\n"]


def test_no_input_sends_nothing(client: CommandLine, recorder: RecordingServer) -> None:
    done = client("write", "-d", "db")
    assert (done.status, done.output, done.errors) == (0, "", "")
    assert recorder.received == []


@pytest.mark.parametrize("concurrent", ["1", "4"])
def test_large_input_is_cut_and_sent_whole(
    client: CommandLine, recorder: RecordingServer, concurrent: str
) -> None:
    lines = [b"cpu value=%d %d\n" % (n, n) for n in range(100)]
    limits = ["--max-request-size", "200", "--max-concurrent-requests", concurrent]
    done = client("write", "-d", "db", *limits, stdin=b"".join(lines))
    assert done.status == 0, done.errors
    assert sorted(b"".join(r.body for r in recorder.received).splitlines(keepends=True)) == sorted(
        lines
    )
    assert all(len(request.body) <= 200 for request in recorder.received)
    told = [PROGRESS.fullmatch(line) for line in done.errors.splitlines()]
    assert [match and int(match[3]) for match in told] == list(range(1, len(told) + 1))
    last = told[-1]
    assert last
    assert (int(last[3]), int(last[4])) == (len(recorder.received), 100)


def test_the_first_failure_stops_the_command(
    client: CommandLine, recorder: RecordingServer
) -> None:
    recorder.will_answer(204, b"")
    recorder.will_answer(400, '{"error":"partial write of line protocol occurred"}')
    lines = b"cpu value=1 1\n" * 10
    limits = ["--max-request-size", "14", "--max-concurrent-requests", "1"]
    done = client("write", "-d", "db", "-q", *limits, stdin=lines)
    assert (done.status, done.output) == (1, "")
    assert done.errors == (
        "Write command failed: server responded with error [400 Bad Request]: "
        '{"error":"partial write of line protocol occurred"}\n'
    )
    assert len(recorder.received) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cpu", "value=1"], "ensure that a single protocol line string is provided as the final"),
        (["--file", "absent.lp"], "cannot read absent.lp: No such file or directory"),
        (["--file", "."], "cannot read .: Is a directory"),
    ],
)
def test_input_that_cannot_be_used_is_explained(
    client: CommandLine, recorder: RecordingServer, arguments: list[str], message: str
) -> None:
    done = client("write", "-d", "db", *arguments)
    assert (done.status, done.output) == (1, "")
    assert done.errors.startswith(f"Write command failed: {message}")
    assert recorder.received == []


def test_a_host_for_writes_wins(run: CommandLine, recorder: RecordingServer) -> None:
    done = run("write", "-d", "db", "--host", "127.0.0.1:1", "--write-host", recorder.url, LINE)
    assert done.status == 0, done.errors
    assert recorder.only.body == LINE.encode()


def test_progress_is_told_in_known_words(capsys: pytest.CaptureFixture[str]) -> None:
    moments = iter([0, 102_400_000])
    progress = Progress(now_ns=lambda: next(moments))
    progress.add(1, 64)
    told = capsys.readouterr().err
    assert told == "  102ms: 1 request (9.77 requests/sec), 1 lines (10 lines/s), 64B (625B/s)\n"


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0B"),
        (1023, "1023B"),
        (1024, "1.00KiB"),
        (1536, "1.50KiB"),
        (10 * 1024**2, "10.00MiB"),
        (5 * 1024**3, "5.00GiB"),
        (5 * 1024**4, "5120.00GiB"),
    ],
)
def test_sizes_are_written_with_units(size_bytes: int, text: str) -> None:
    assert size(size_bytes) == text
