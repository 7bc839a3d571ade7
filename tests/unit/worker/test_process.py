"""A worker beside its socket: what it holds while it tells the end of a run."""

import socket
import sys
from typing import Any

import pytest

from influxpe.worker import process, wire
from influxpe.worker.process import Worker
from tests.integration.pool.arrow_streams import stream

READS = """
def process_writes(influxdb3_local, table_batches, args=None):
    for row in table_batches[0]["rows"]:
        row["v"], dict(row)
    assert args is None, "the batch is held by this error"
"""


@pytest.mark.parametrize("arguments", [None, {"fail": "yes"}])
def test_the_rows_are_let_go_before_the_end_is_told(
    monkeypatch: pytest.MonkeyPatch, arguments: dict[str, str] | None
) -> None:
    payload = stream(v=[1, 2])
    start = wire.Start(
        run=1,
        kind="wal",
        database="db",
        trigger_name="trigger",
        digest="digest",
        source=wire.SourceText("digest", "plugin.py", "/plugins/plugin.py", READS),
        arguments=arguments,
        tables=[("t", len(payload))],
        call_time_ns=0,
        request=None,
        cache_name=None,
        collect_sync_writes=False,
        overlap=False,
    )
    before = sys.getrefcount(payload)
    told: list[tuple[int, bool]] = []

    def end(_: Worker, _run: object, _response: object, error: object, *_more: object) -> None:
        told.append((sys.getrefcount(payload), error is not None))

    monkeypatch.setattr(process.Worker, "_end", end)
    ours, its = socket.socketpair()
    with ours, its:
        worker: Any = Worker(its)
        worker._sources.add(start.source)
        worker._run(start, [payload])
    assert told == [(before, arguments is not None)]
