"""A server that cannot start says why in one sentence; one that is told to stop does so."""

import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.api_client import ApiClient
from tests.polling import eventually
from tests.server_process import STOP_SECONDS_MAX, StartServer, environment_for, serve_command

STOP_SECONDS_PROMISED = 5.0
SPINS = "def process_writes(influxdb3_local, table_batches, args=None):\n    while True: pass\n"


def start_and_fail(folder: Path, command: list[str], **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment_for(folder, {"INFLUXDB3_HTTP_BIND_ADDR": "127.0.0.1:0"} | environment),
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr.strip()


def is_one_sentence(errors: str) -> bool:
    return errors.startswith("Serve command failed: ") and len(errors.splitlines()) == 1


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        command = serve_command(tmp_path / "data")
        status, errors = start_and_fail(tmp_path, command, INFLUXDB3_HTTP_BIND_ADDR=address)
    assert status == 1
    assert is_one_sentence(errors), errors
    assert address in errors


def test_a_data_directory_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    status, errors = start_and_fail(tmp_path, serve_command(tmp_path / "file" / "data"))
    assert status == 1
    assert is_one_sentence(errors), errors
    assert str(tmp_path / "file") in errors


def test_an_unreadable_data_directory_is_one_sentence(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.symlink_to(data)  # not even root can read a link to itself
    status, errors = start_and_fail(tmp_path, serve_command(data))
    assert status == 1
    assert is_one_sentence(errors), errors
    assert str(data) in errors


def test_a_data_directory_opened_twice_is_one_sentence(
    tmp_path: Path, start_server: StartServer
) -> None:
    data = tmp_path / "data"
    first = start_server(data_dir=data)
    status, errors = start_and_fail(tmp_path, serve_command(data))
    assert status == 1
    assert is_one_sentence(errors), errors
    assert str(data) in errors
    assert first.running()


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--nonsense"], 2, "unexpected argument '--nonsense' found"),
        (["--object-store", "tape"], 2, "tape"),
        (["--http-bind", "nowhere"], 2, "nowhere"),
        (["--wal-flush-interval", "soon"], 2, "soon"),
        (["--object-store", "s3"], 1, "s3"),
        (["--tls-cert", "cert.pem"], 1, "tls requires both a cert and a key file"),
    ],
)
def test_a_wrong_flag_is_explained(
    tmp_path: Path, arguments: list[str], status: int, words: str
) -> None:
    command = [part for part in serve_command(None) if part not in {"--object-store", "memory"}]
    code, errors = start_and_fail(tmp_path, command + arguments)
    assert code == status, errors
    assert words in errors
    assert "Traceback" not in errors


def test_a_clean_stop_keeps_what_was_acknowledged(
    tmp_path: Path, start_server: StartServer, connect: Callable[[str], ApiClient]
) -> None:
    data = tmp_path / "data"
    server = start_server(data_dir=data)
    connect(server.url).write_all("db", "cpu value=1 1\ncpu value=2 2")
    started_s = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - started_s < STOP_SECONDS_PROMISED
    server.start()
    rows = connect(server.url).rows("db", "SELECT value FROM cpu ORDER BY time")
    assert rows == [{"value": 1.0}, {"value": 2.0}]


def test_a_spinning_plugin_does_not_delay_the_stop(
    tmp_path: Path, start_server: StartServer, connect: Callable[[str], ApiClient]
) -> None:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "spins.py").write_text(
        SPINS.replace("while", "influxdb3_local.info('spin')\n    while")
    )
    server = start_server("--plugin-dir", str(plugins), data_dir=tmp_path / "data")
    client = connect(server.url)
    client.write_all("db", "cpu value=1 1")
    made = client.create_trigger("db", "spins", specification="all_tables", plugin="spins.py")
    assert made.status_code == 200, made.text
    client.write_all("db", "cpu value=2 2")
    eventually(lambda: client.logs("db", "spins"), lambda lines: "INFO: spin" in lines)
    started_s = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - started_s < STOP_SECONDS_PROMISED < STOP_SECONDS_MAX


def test_an_open_connection_does_not_delay_the_stop(start_server: StartServer) -> None:
    server = start_server()
    host, port = server.address.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as idle:
        idle.sendall(
            b"POST /api/v3/write_lp?db=a HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"
        )
        started_s = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - started_s < STOP_SECONDS_PROMISED
