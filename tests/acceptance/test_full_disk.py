"""A server on a file system that is full for a while: writes say so, queries go on, it recovers."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api_client import ApiClient
from tests.polling import eventually
from tests.server_process import ServerProcess, serve_command

# Space for one segment of the log, not for two.
SMALL = "size=100m"
LARGE = "size=300m"
LINE_BYTES = 16_000
LINES_PER_BODY = 64


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a small file system, which only an administrator can."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = run("mount", "-t", "tmpfs", "-o", SMALL, "tmpfs", str(folder))
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    assert run("umount", "--lazy", str(folder)).returncode == 0


def run(*command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except FileNotFoundError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))


def body(number: int) -> str:
    text = "x" * LINE_BYTES
    return "\n".join(
        f'm,line=l{line} v={number}i,w="{text}" {number}' for line in range(LINES_PER_BODY)
    )


def count(client: ApiClient) -> int:
    rows = client.rows("db", "SELECT count(*) AS points FROM m")
    return int(rows[0]["points"])


@pytest.mark.timeout(120)
def test_writes_go_on_by_themselves_when_a_full_disk_has_space_again(
    tmp_path: Path, small_disk: Path
) -> None:
    server = ServerProcess(tmp_path, serve_command(small_disk / "data"))
    with server:
        with ApiClient(server.url) as client:
            stored = fill(client)
            assert count(client) == stored * LINES_PER_BODY
            assert run("mount", "-o", f"remount,{LARGE}", str(small_disk)).returncode == 0
            eventually(lambda: client.write("db", body(stored)).status_code, (204).__eq__)
            client.write_all("db", body(stored + 1))
        server.kill()
        server.start()
        with ApiClient(server.url) as client:
            assert count(client) == (stored + 2) * LINES_PER_BODY


def fill(client: ApiClient) -> int:
    """Write until the disk is full; returns how many bodies were taken."""
    for number in range(100):
        response = client.write("db", body(number))
        if response.status_code != 204:
            assert response.status_code == 503, response.text
            assert "no space left for the next log segment" in response.text
            assert response.headers["retry-after"] == "1"
            return number
    pytest.fail("a hundred megabytes fit into a segment")
