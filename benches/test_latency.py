"""One client's single rows, durable, while others write at full speed and files come and go."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.background_load import load
from benches.load import RefusedError, Writer, percentile
from tests.api_client import ApiClient
from tests.server_process import ServerProcess, serve_command

SECONDS = 20
ROWS_BETWEEN_LOOKS = 20
BUSY_PAUSE_SECONDS = 0.1
PATH = "/api/v3/write_lp?db=single&precision=nanosecond"
# Megabytes of memory for rows: a quarter is stored at a time, so that storing and merging go on.
SMALL_BUFFER = ("--force-snapshot-mem-threshold", "64")


@dataclass(frozen=True)
class Look:
    """How far the server was at a moment."""

    rows_written: int
    stored_position: int
    manifests: int


@pytest.fixture
def small_server(tmp_path: Path) -> Iterator[ServerProcess]:
    """Run a server that stores rows soon."""
    with ServerProcess(tmp_path, serve_command(tmp_path / "data", *SMALL_BUFFER)) as running:
        yield running


class Client:
    """Writes single rows, and keeps how long each answer took and how many were refused."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._writer = Writer(address, PATH)
        self.waits_ms: list[float] = []
        self.refused = 0

    def write_row(self) -> None:
        """Write the next row; one that is refused, as the buffer is full, comes again later."""
        try:
            self.waits_ms.append(self._writer.post(b"m v=1i %d" % len(self.waits_ms)))
        except RefusedError as error:
            if not error.is_busy:
                raise
            self.refused += 1
            self.close()
            time.sleep(BUSY_PAUSE_SECONDS)
            self._writer = Writer(self._address, PATH)

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()

    def found(self) -> dict[str, float]:
        """Say how long the answers took."""
        ordered = sorted(self.waits_ms)
        shares = {"p50_ms": percentile(ordered, 0.5), "p99_ms": percentile(ordered, 0.99)}
        return shares | {"max_ms": ordered[-1], "refused": self.refused}


def test_acknowledgement_of_a_single_row_under_load(
    benchmark: BenchmarkFixture, small_server: ServerProcess, tmp_path: Path
) -> None:
    looks: list[Look] = []
    with contextlib.ExitStack() as opened:
        opened.enter_context(load(small_server.address))
        api = opened.enter_context(ApiClient(small_server.url))
        client = opened.enter_context(contextlib.closing(Client(small_server.address)))

        def write_rows() -> None:
            end_s = time.monotonic() + SECONDS
            while time.monotonic() < end_s:
                looks.append(look(api, tmp_path))
                for _ in range(ROWS_BETWEEN_LOOKS):
                    client.write_row()

        benchmark.pedantic(write_rows, rounds=1)
    rows = len(client.waits_ms)
    benchmark.extra_info |= {"unit": "acks/s", "quantity": rows} | client.found() | found(looks)


def look(client: ApiClient, folder: Path) -> Look:
    lines = client.http.get("/metrics").text.splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    manifests = [int(path.stem) for path in folder.rglob("*.manifest")]
    return Look(
        rows_written=int(float(values["influxpe_rows_written_total"])),
        stored_position=int(float(values["influxpe_stored_position"])),
        manifests=max(manifests, default=0),
    )


def found(looks: Sequence[Look]) -> dict[str, int]:
    """Say what went on meanwhile: each store and each merge puts a manifest."""
    stores = sum(a.stored_position != b.stored_position for a, b in pairwise(looks))
    merges = looks[-1].manifests - looks[0].manifests - stores
    rows = looks[-1].rows_written - looks[0].rows_written
    return {"stores": stores, "merges": max(0, merges), "rows_meanwhile": rows}
