"""What the machine and the web server can do at best, in the same run as everything else."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.load import send_all

MEMORY_BYTES = 64 << 20
BLOCK_BYTES = 4096
BLOCKS = 4096
SYNCS = 500
PIECE_BYTES = 8 << 20
PIECES = 16
POSTS = 10_000
CLIENTS = 64


def test_memcpy(benchmark: BenchmarkFixture) -> None:
    source, target = bytes(MEMORY_BYTES), bytearray(MEMORY_BYTES)
    view = memoryview(target)

    def copy() -> None:
        view[:] = source

    benchmark.extra_info |= {"unit": "B/s", "quantity": MEMORY_BYTES}
    benchmark.pedantic(copy, rounds=20, warmup_rounds=2)


def test_fdatasync_of_a_4_kib_overwrite(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    block = bytes(BLOCK_BYTES)
    descriptor = os.open(tmp_path / "segment", os.O_RDWR | os.O_CREAT, 0o600)
    os.write(descriptor, bytes(BLOCK_BYTES * BLOCKS))
    os.fsync(descriptor)

    def overwrite() -> None:
        for number in range(SYNCS):
            os.pwrite(descriptor, block, number * BLOCK_BYTES)
            os.fdatasync(descriptor)

    benchmark.extra_info |= {"unit": "syncs/s", "quantity": SYNCS}
    benchmark.pedantic(overwrite, rounds=5, warmup_rounds=1)
    os.close(descriptor)


def test_fdatasync_of_8_mib(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    piece = bytes(PIECE_BYTES)
    descriptor = os.open(tmp_path / "segment", os.O_RDWR | os.O_CREAT, 0o600)
    os.write(descriptor, piece * PIECES)
    os.fsync(descriptor)

    def overwrite() -> None:
        for number in range(PIECES):
            os.pwrite(descriptor, piece, number * PIECE_BYTES)
            os.fdatasync(descriptor)

    benchmark.extra_info |= {"unit": "B/s", "quantity": PIECES * PIECE_BYTES}
    benchmark.pedantic(overwrite, rounds=5, warmup_rounds=1)
    os.close(descriptor)


@pytest.fixture
def empty_server() -> Iterator[str]:
    """Run the web server with nothing behind it; gives its address."""
    script = Path(__file__).with_name("empty_server.py")
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield f"127.0.0.1:{process.stdout.readline().strip()}"
        process.kill()


def test_an_empty_post(benchmark: BenchmarkFixture, empty_server: str) -> None:
    measure_posts(benchmark, empty_server, connections=1)


def test_an_empty_post_of_64_clients(benchmark: BenchmarkFixture, empty_server: str) -> None:
    measure_posts(benchmark, empty_server, connections=CLIENTS)


def measure_posts(benchmark: BenchmarkFixture, address: str, *, connections: int) -> None:
    """Measure requests without a body, to a server that does nothing else."""

    def post() -> None:
        send_all(address, "/", [b""] * POSTS, connections=connections)

    benchmark.extra_info |= {"unit": "requests/s", "quantity": POSTS}
    benchmark.pedantic(post, rounds=5, warmup_rounds=1)
