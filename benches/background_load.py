"""Clients in a process of their own that write at full speed until they are told to stop."""

import contextlib
import http.client
import multiprocessing
import threading
from collections.abc import Iterator, Sequence
from multiprocessing.synchronize import Event

from benches.generator import bodies

CONNECTIONS = 4
HOSTS = 4_000
LINES_PER_BATCH = 5_000
BATCHES = 200
BUSY_PAUSE_SECONDS = 0.1
REQUEST_SECONDS_MAX = 60.0
START_SECONDS_MAX = 120.0
STOP_SECONDS_MAX = 60.0


@contextlib.contextmanager
def load(address: str) -> Iterator[None]:
    """Write meanwhile; begins once the bodies are prepared."""
    context = multiprocessing.get_context("spawn")
    ready, stop = context.Event(), context.Event()
    process = context.Process(target=_write, args=(address, ready, stop), daemon=True)
    process.start()
    try:
        assert ready.wait(START_SECONDS_MAX)
        yield
    finally:
        stop.set()
        process.join(STOP_SECONDS_MAX)
    assert process.exitcode == 0


def _write(address: str, ready: Event, stop: Event) -> None:
    prepared = bodies(BATCHES, LINES_PER_BATCH, HOSTS)
    failed: list[str] = []
    shares = [prepared[number::CONNECTIONS] for number in range(CONNECTIONS)]
    arguments = [(address, share, stop, failed) for share in shares]
    threads = [threading.Thread(target=_write_share, args=one) for one in arguments]
    ready.set()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise SystemExit("\n".join(failed))


def _write_share(address: str, share: Sequence[bytes], stop: Event, failed: list[str]) -> None:
    """Send the same rows again and again, each time into a database that has none of them."""
    connection = http.client.HTTPConnection(address, timeout=REQUEST_SECONDS_MAX)
    with contextlib.closing(connection):
        number = 0
        while not stop.is_set() and not failed:
            path = f"/api/v3/write_lp?db=load_{number}&precision=nanosecond"
            for body in share:
                _write_one(connection, path, body, stop, failed)
            number += 1


def _write_one(
    connection: http.client.HTTPConnection,
    path: str,
    body: bytes,
    stop: Event,
    failed: list[str],
) -> None:
    """Send a body until it is taken; a server whose buffer is full asks for a pause."""
    while not stop.is_set() and not failed:
        connection.request("POST", path, body)
        response = connection.getresponse()
        text = response.read()
        if response.status == http.client.NO_CONTENT:
            return
        if response.status != http.client.SERVICE_UNAVAILABLE:
            failed.append(f"{response.status} {text.decode()}")
        stop.wait(BUSY_PAUSE_SECONDS)
