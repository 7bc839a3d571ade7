"""A server whose files are in a bucket: killed, cut off, and beside a second one."""

import contextlib
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.accounts import check_counts, check_points
from tests.acceptance.writers import Writer, join, kill_under_writes, start_writing
from tests.api_client import ApiClient
from tests.integration.storage.line import Line
from tests.integration.storage.s3_service import S3Service
from tests.kills import kills, kills_seconds_max
from tests.polling import eventually
from tests.server_process import ServerProcess

pytestmark = pytest.mark.timeout(180)

KILLS_USUAL = 4
KILLS = kills(KILLS_USUAL)
SECONDS_BEFORE_KILL = (0.1, 1.0)
SEED = random.SystemRandom().randrange(2**32)
MANIFESTS_KEPT = 8

# Megabytes of memory for rows, of which a quarter is stored at a time.
STORES_ALL_THE_TIME = ("--force-snapshot-mem-threshold", "8")
IS_SOON_FULL = ("--force-snapshot-mem-threshold", "1")
HAS_ROOM = ("--force-snapshot-mem-threshold", "32")
BYTES_STORED_AT_A_TIME = 8 << 20


def metric(server: ServerProcess, name: str) -> int:
    """Read a counter of the engine."""
    with ApiClient(server.url) as client:
        lines = client.http.get("/metrics").text.splitlines()
    (value,) = [line.split()[1] for line in lines if line.startswith(f"influxpe_{name} ")]
    return int(float(value))


def is_stored(server: ServerProcess, position: int) -> bool:
    return metric(server, "stored_position") >= position


def new_writers(first: int = 0) -> list[Writer]:
    return [Writer(first, 1), Writer(first + 1, 100), Writer(first + 2, 2_000)]


@contextlib.contextmanager
def writing(server: ServerProcess, writers: list[Writer]) -> Iterator[None]:
    """Let writers write meanwhile."""
    stop = threading.Event()
    threads = start_writing(writers, server.address, stop)
    yield
    stop.set()
    join(threads)


@pytest.mark.timeout(kills_seconds_max(KILLS_USUAL))
def test_acknowledged_points_survive_kill_amid_storing(tmp_path: Path, service: S3Service) -> None:
    print(f"seed {SEED}")  # noqa: T201 - pytest shows it when the test fails
    moments = random.Random(SEED)  # noqa: S311 - a repeatable choice, not a secret
    writers = new_writers()
    command = service.serve_command(tmp_path / "data", "killed", *STORES_ALL_THE_TIME)
    with ServerProcess(tmp_path, command) as server:
        for _ in range(KILLS):
            kill_under_writes(server, writers, seconds=moments.uniform(*SECONDS_BEFORE_KILL))
            check_counts(server.url, writers)
        check_points(server.url, writers)
        # What a query still read when it was replaced goes with the next store.
        position = metric(server, "log_position")
        with writing(server, writers):
            eventually(lambda: is_stored(server, position + 1), bool)
        eventually(lambda: objects_of_nobody(server, service, "killed"), lambda count: count == 0)
        assert len(service.bucket.names("killed/manifests/")) <= MANIFESTS_KEPT
        assert server.stop() == 0


def objects_of_nobody(server: ServerProcess, service: S3Service, node: str) -> int:
    """Count the objects beyond those that the newest manifest names."""
    return len(service.bucket.names(f"{node}/dbs/")) - metric(server, "stored_files")


@contextlib.contextmanager
def line_cut(_: S3Service, line: Line) -> Iterator[None]:
    line.cut()
    yield
    line.mend()


@contextlib.contextmanager
def service_killed(service: S3Service, _: Line) -> Iterator[None]:
    if not service.kind.keeps_objects:
        pytest.skip("this service forgets its objects; make test-s3 runs one that keeps them")
    service.kill()
    yield
    service.start()


@pytest.mark.parametrize("interruption", [line_cut, service_killed])
def test_writes_go_on_while_the_service_is_away_and_are_stored_later(
    tmp_path: Path,
    service: S3Service,
    interruption: Callable[[S3Service, Line], contextlib.AbstractContextManager[None]],
) -> None:
    writers = new_writers()
    with contextlib.closing(Line(service.port)) as line:
        node = interruption.__name__
        command = service.serve_command(tmp_path / "data", node, *HAS_ROOM, port=line.port)
        with ServerProcess(tmp_path, command) as server:
            with writing(server, writers):
                eventually(lambda: is_stored(server, 1), bool, seconds=60)
                with interruption(service, line):
                    eventually(lambda: waits_to_be_stored(server), bool, seconds=60)
                    position = metric(server, "stored_position")
            # Nobody writes by now: fast writers would fill the buffer before the next attempt.
            eventually(lambda: is_stored(server, position + 1), bool, seconds=60)
            check_counts(server.url, writers)
            server.kill()
            server.start()
            check_points(server.url, writers)


def waits_to_be_stored(server: ServerProcess) -> bool:
    """Whether there is more than is left waiting where the service answers."""
    return metric(server, "buffer_bytes") > 1.3 * BYTES_STORED_AT_A_TIME


def test_a_full_buffer_refuses_writes_until_the_service_is_back(
    tmp_path: Path, service: S3Service
) -> None:
    writers = new_writers()
    with contextlib.closing(Line(service.port)) as line:
        arguments = ("away", *IS_SOON_FULL)
        command = service.serve_command(tmp_path / "data", *arguments, port=line.port)
        with ServerProcess(tmp_path, command) as server:
            with writing(server, writers):
                eventually(lambda: is_stored(server, 1), bool)
            line.cut()
            join(start_writing(writers, server.address, threading.Event()))
            assert all(writer.refused for writer in writers)
            reason = "cannot be stored: the object store failed at away/"
            eventually(lambda: refusal(server), lambda text: reason in text)
            position = metric(server, "log_position")
            line.mend()
            eventually(lambda: is_stored(server, position), bool, seconds=60)
            later = [Writer(len(writers), 10)]
            with writing(server, later):
                eventually(lambda: bool(later[0].acknowledged), bool)
            check_points(server.url, writers + later)


def refusal(server: ServerProcess) -> str:
    """Write a point where there is no room for it, and give the answer."""
    with ApiClient(server.url) as client:
        answer = client.write("refused", "m v=1 1")
    assert answer.status_code == 503
    return answer.text


def test_a_second_server_of_the_same_node_takes_no_more_than_its_buffer(
    tmp_path: Path, service: S3Service
) -> None:
    folders = tmp_path / "first", tmp_path / "second"
    commands = [
        service.serve_command(folders[0], "same", *STORES_ALL_THE_TIME),
        service.serve_command(folders[1], "same", *IS_SOON_FULL),
    ]
    for folder in folders:
        folder.mkdir()
    first, second = (ServerProcess(*both) for both in zip(folders, commands, strict=True))
    with first, second:
        own, other = new_writers(), new_writers()
        with writing(first, own):
            eventually(lambda: is_stored(first, 1), bool)
            join(start_writing(other, second.address, threading.Event()))
            position = metric(first, "log_position")
            eventually(lambda: is_stored(first, position), bool)
        reason = "another process has written same/manifests/"
        eventually(lambda: refusal(second), lambda text: reason in text)
        check_points(first.url, own)
