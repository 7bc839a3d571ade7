"""Talking to a server: how its errors are printed, and what is told where there is no server."""

import os
import pty
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.unit.cli.conftest import CommandLine
from tests.unit.cli.recording_server import RecordingServer

REFUSED = '{"error": "the request was not authenticated"}'
QUERY = ("query", "-d", "db", "SELECT 1")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def raw_server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Hand the first connection to `answer`, on a free port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "line"),
    [
        (404, '{"error":"query error: database not found: db"}', "[404 Not Found]: {body}"),
        (400, "Error during planning: no", "[400 Bad Request]: Error during planning: no"),
        (409, '{"code":"x","message":"it exists"}', "[409 Conflict]: it exists"),
        (500, '{"message":5}', '[500 Internal Server Error]: {"message":5}'),
        (500, "", "[500 Internal Server Error]: "),
        (422, '["list"]', '[422 Unprocessable Entity]: ["list"]'),
        (503, b"\xff", "[503 Service Unavailable]: \ufffd"),
        (301, "moved", "[301 Moved Permanently]: moved"),
    ],
)
def test_errors_of_the_server_are_one_line(
    client: CommandLine, recorder: RecordingServer, status: int, body: bytes | str, line: str
) -> None:
    recorder.will_answer(status, body)
    done = client(*QUERY)
    told = line.replace("{body}", str(body))
    assert (done.status, done.output) == (1, "")
    assert done.errors == f"Query command failed: server responded with error {told}\n"


def test_a_missing_token_is_explained(client: CommandLine, recorder: RecordingServer) -> None:
    recorder.will_answer(401, REFUSED)
    done = client("create", "database", "db")
    first, hint = done.errors.splitlines()
    assert done.status == 1
    assert first == (
        f"Create command failed: server responded with error [401 Unauthorized]: {REFUSED}"
    )
    assert hint.startswith("hint: give a token with --token or INFLUXDB3_AUTH_TOKEN")
    assert "create token --admin" in hint


def test_a_wrong_token_is_explained(client: CommandLine, recorder: RecordingServer) -> None:
    recorder.will_answer(401, REFUSED)
    done = client(*QUERY, "--token", "apiv3_wrong")
    assert "hint: the server does not know this token" in done.errors
    assert "apiv3_wrong" not in done.errors


def test_an_empty_token_is_sent(client: CommandLine, recorder: RecordingServer) -> None:
    client(*QUERY, INFLUXDB3_AUTH_TOKEN="")
    assert recorder.only.headers["authorization"].strip() == "Bearer"


@pytest.mark.parametrize("token", ["a\nb", "tökén", "a\x7f"])
def test_a_token_that_no_header_can_carry_is_refused(client: CommandLine, token: str) -> None:
    done = client(*QUERY, INFLUXDB3_AUTH_TOKEN=token)
    assert done.status == 1
    assert "the token holds a character that no HTTP header may carry" in done.errors


def test_no_server_is_told_with_its_remedy(run: CommandLine) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = run("write", "-d", "db", "cpu v=1", INFLUXDB3_HOST_URL=url)
    assert (done.status, done.output) == (1, "")
    assert done.errors == (
        f"Write command failed: failed to send POST {url}/api/v3/write_lp request: "
        "client error (Connect): no server answers there, 'influxdb3 serve' starts one\n"
    )


def test_an_unknown_host_is_told(run: CommandLine) -> None:
    done = run(*QUERY, "--host", "http://no-such-host.invalid:1")
    request = "POST http://no-such-host.invalid:1/api/v3/query_sql request"
    assert done.status == 1
    assert f"failed to send {request}: client error (Connect): " in done.errors


def test_a_path_of_the_host_is_dropped(run: CommandLine, recorder: RecordingServer) -> None:
    assert run(*QUERY, "--host", f"{recorder.url}/some/path").status == 0
    assert recorder.only.path == "/api/v3/query_sql"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ],
    ids=["silence", "garbage", "cut short", "cut short in a chunk"],
)
def test_a_broken_answer_is_one_line(run: CommandLine, answer: bytes) -> None:
    def reply(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(answer)

    with raw_server(reply) as url:
        done = run(*QUERY, "--host", url)
    assert done.status == 1
    assert done.errors.startswith("Query command failed: ")
    assert len(done.errors.splitlines()) == 1, done.errors


def test_an_answer_that_comes_before_the_body_is_read(run: CommandLine) -> None:
    def refuse_early(connection: socket.socket) -> None:
        connection.recv(1_000)
        connection.sendall(b"HTTP/1.1 413 Payload Too Large\r\nContent-Length: 3\r\n\r\nbig")
        while connection.recv(1 << 20):
            pass

    with raw_server(refuse_early) as url:
        done = run("write", "-d", "db", "--host", url, stdin=b"cpu v=1 1\n" * 100_000)
    assert done.status == 1
    assert "[413 Payload Too Large]: big" in done.errors


def test_https_needs_a_certificate_that_exists(run: CommandLine) -> None:
    done = run(*QUERY, "--host", "https://127.0.0.1:1", "--tls-ca", "absent.pem")
    assert done.status == 1
    assert "cannot use the certificate absent.pem" in done.errors


def test_https_to_a_plain_server_is_one_line(run: CommandLine, recorder: RecordingServer) -> None:
    url = recorder.url.replace("http:", "https:")
    done = run(*QUERY, "--host", url, "--tls-no-verify")
    assert done.status == 1
    assert "client error (Connect)" in done.errors
    assert len(done.errors.splitlines()) == 1


def test_parquet_is_not_printed_on_a_terminal(
    client: CommandLine, recorder: RecordingServer
) -> None:
    status, _, errors = on_a_terminal(client, *QUERY, "--format", "parquet")
    assert status == 1
    assert "cannot write parquet to a terminal, use `--output <file>` or pipe" in errors
    assert recorder.received == []


def test_colours_are_for_terminals(client: CommandLine) -> None:
    _, output, _ = on_a_terminal(client, "-h")
    assert "\033[1mCommon Commands:\033[0m" in output


def test_a_terminal_is_not_read_for_input(client: CommandLine) -> None:
    status, _, errors = on_a_terminal(client, "write", "-d", "db")
    assert status == 1
    assert errors.startswith("Write command failed: No input from stdin detected")


def test_a_closed_pipe_is_quiet(client: CommandLine, recorder: RecordingServer) -> None:
    recorder.will_answer(200, "x" * 5_000_000)
    command = [sys.executable, "-m", "influxpe", *QUERY]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=client.environment,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 1


def on_a_terminal(client: CommandLine, *arguments: str) -> tuple[int, str, str]:
    """Run with stdin and stdout on a terminal; stderr is read apart."""
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "influxpe", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.PIPE,
            env=client.environment,
            timeout=60,
            check=False,
        )
        os.set_blocking(ours, False)
        output = b""
        while True:
            try:
                output += os.read(ours, 65_536)
            except BlockingIOError:
                break
    finally:
        os.close(ours)
        os.close(theirs)
    return done.returncode, output.decode(), done.stderr.decode()
