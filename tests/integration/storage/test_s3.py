"""Rows in a bucket of a service that speaks S3."""

import contextlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from influxpe._engine import Engine
from influxpe.config import S3Store
from influxpe.errors import InternalError
from tests.integration.storage.line import Line
from tests.integration.storage.s3_service import S3Service
from tests.integration.storage.writing import write

# More than one page of a listing, and more than one request may remove.
OBJECTS_OF_NOBODY = 1_100
LAYERS = 40
# As rust/limits.rs has it.
MANIFESTS_KEPT = 8


def open_engine(folder: Path, store: S3Store, node: str) -> Engine:
    return Engine.open(
        str(folder),
        buffer_bytes_max=2**26,
        query_bytes_max=2**26,
        query_threads=1,
        node_id=node,
        s3=store.options(),
    )


def rows(engine: Engine, sql: str = "SELECT host, v FROM m ORDER BY time") -> list[dict[str, Any]]:
    stream = engine.query("db", sql)
    answer: list[dict[str, Any]] = json.loads(b"".join(iter(stream.next_chunk, None)))
    return answer


def test_rows_are_stored_in_the_bucket_and_read_back(tmp_path: Path, service: S3Service) -> None:
    engine = open_engine(tmp_path, service.store(), "node-a")
    for number in range(5):
        write(engine, f"m,host=h v={number}i {number}")
        engine.persist()
    engine.compact()
    write(engine, "m,host=new v=9i 9")
    expected = [{"host": "h", "v": number} for number in range(5)] + [{"host": "new", "v": 9}]
    assert rows(engine) == expected
    assert engine.stats().stored_files <= 2
    engine.close()
    assert not list(tmp_path.rglob("*.parquet"))
    assert service.bucket.names("node-a/dbs/")
    again = open_engine(tmp_path, service.store(), "node-a")
    assert rows(again) == expected
    assert rows(again, "SELECT v FROM m WHERE host = 'h' AND v > 2 ORDER BY v") == [
        {"v": 3},
        {"v": 4},
    ]
    again.close()


def test_a_service_that_cannot_be_reached_loses_nothing(tmp_path: Path, service: S3Service) -> None:
    with contextlib.closing(Line(service.port)) as line:
        engine = open_engine(tmp_path, service.store(line.port), "node-b")
        write(engine, "m,host=a v=1i 1")
        engine.persist()
        line.cut()
        write(engine, "m,host=b v=2i 2")
        with pytest.raises(InternalError, match="the object store failed at node-b/"):
            engine.persist()
        assert "the object store failed at node-b/" in (engine.store_failure() or "")
        write(engine, "m,host=c v=3i 3")
        line.mend()
        engine.persist()
        assert engine.store_failure() is None
        assert engine.stats().buffer_bytes == 0
        expected = [{"host": host, "v": v} for v, host in enumerate("abc", 1)]
        assert rows(engine) == expected
        engine.close()
        again = open_engine(tmp_path, service.store(line.port), "node-b")
        assert rows(again) == expected
        again.close()


def test_a_second_server_with_the_same_node_and_bucket_is_refused(
    tmp_path: Path, service: S3Service
) -> None:
    first = open_engine(tmp_path / "first", service.store(), "node-c")
    second = open_engine(tmp_path / "second", service.store(), "node-c")
    write(first, "m,host=a v=1i 1")
    first.persist()
    write(second, "m,host=b v=2i 2")
    with pytest.raises(InternalError, match="another process has written node-c/manifests/"):
        second.persist()
    second.close()
    assert rows(first) == [{"host": "a", "v": 1}]
    first.close()


def test_objects_that_nobody_names_are_removed(tmp_path: Path, service: S3Service) -> None:
    engine = open_engine(tmp_path, service.store(), "node-d")
    write(engine, "m,host=a v=1i 1")
    engine.persist()
    (stored,) = service.bucket.names("node-d/dbs/")
    for number in range(OBJECTS_OF_NOBODY):
        service.bucket.put(f"node-d/dbs/9/9/1970-01-01/{number:010}.parquet", b"left by a crash")
    write(engine, "m,host=a v=2i 2")
    engine.persist()
    names = service.bucket.names("node-d/dbs/")
    assert stored in names
    assert len(names) == 2
    engine.close()


def test_many_layers_become_few_files_with_the_same_rows(
    tmp_path: Path, service: S3Service
) -> None:
    engine = open_engine(tmp_path, service.store(), "node-e")
    for number in range(LAYERS):
        lines = [f"m,host=h{host} v={number}i {10 * number + host}" for host in range(20)]
        write(engine, "\n".join(lines))
        engine.persist()
    engine.compact()
    engine.persist()  # what was merged is nobody's now
    files = engine.stats().stored_files
    assert files < LAYERS / 4
    assert len(service.bucket.names("node-e/dbs/")) == files
    assert len(service.bucket.names("node-e/manifests/")) <= MANIFESTS_KEPT
    newest = {(10 * n + host, host): n for n in range(LAYERS) for host in range(20)}
    expected = [{"host": f"h{host}", "v": newest[t, host]} for t, host in sorted(newest)]
    sql = "SELECT host, v FROM m ORDER BY time, CAST(substr(host, 2) AS INT)"
    assert rows(engine, sql) == expected
    engine.close()
    again = open_engine(tmp_path, service.store(), "node-e")
    assert rows(again, sql) == expected
    again.close()


def refusal(folder: Path, store: S3Store) -> str:
    with pytest.raises(InternalError) as refused:
        open_engine(folder, store, "node")
    return str(refused.value)


def test_a_bucket_that_does_not_exist_stops_the_start(tmp_path: Path, service: S3Service) -> None:
    store = replace(service.store(), bucket="nowhere")
    assert "the object store failed at node/manifests" in refusal(tmp_path, store)


def test_a_wrong_secret_stops_the_start(tmp_path: Path, service: S3Service) -> None:
    if not service.kind.checks_signatures:
        pytest.skip("this service takes any signature; make test-s3 runs one that checks them")
    store = replace(service.store(), secret_access_key="wrong")  # noqa: S106 - it is none
    assert "the object store failed at node/manifests" in refusal(tmp_path, store)
