"""Rows in a bucket of a service that speaks S3."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from influxpe._engine import Engine
from influxpe.config import S3Store
from influxpe.errors import InternalError
from tests.integration.storage.s3_service import BUCKET, Line, S3Service
from tests.integration.storage.writing import write

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Service]:
    """Run one service for all tests here; each has a node of its own."""
    running = S3Service(tmp_path_factory.mktemp("s3"))
    yield running
    running.close()


def open_engine(folder: Path, port: int, node: str) -> Engine:
    store = S3Store(
        BUCKET,
        endpoint=f"http://127.0.0.1:{port}",
        access_key_id="key",
        secret_access_key="secret",  # noqa: S106 - the service of the tests asks for none
        allow_http=True,
    )
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
    engine = open_engine(tmp_path, service.port, "node-a")
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
    assert "node-a/dbs/" in service.names()
    again = open_engine(tmp_path, service.port, "node-a")
    assert rows(again) == expected
    assert rows(again, "SELECT v FROM m WHERE host = 'h' AND v > 2 ORDER BY v") == [
        {"v": 3},
        {"v": 4},
    ]
    again.close()


def test_a_service_that_cannot_be_reached_loses_nothing(tmp_path: Path, service: S3Service) -> None:
    with contextlib.closing(Line(service.port)) as line:
        engine = open_engine(tmp_path, line.port, "node-b")
        write(engine, "m,host=a v=1i 1")
        engine.persist()
        line.cut()
        write(engine, "m,host=b v=2i 2")
        with pytest.raises(InternalError, match="the object store failed at node-b/"):
            engine.persist()
        write(engine, "m,host=c v=3i 3")
        line.mend()
        engine.persist()
        assert engine.stats().buffer_bytes == 0
        expected = [{"host": host, "v": v} for v, host in enumerate("abc", 1)]
        assert rows(engine) == expected
        engine.close()
        again = open_engine(tmp_path, line.port, "node-b")
        assert rows(again) == expected
        again.close()


def test_a_second_server_with_the_same_node_and_bucket_is_refused(
    tmp_path: Path, service: S3Service
) -> None:
    first = open_engine(tmp_path / "first", service.port, "node-c")
    second = open_engine(tmp_path / "second", service.port, "node-c")
    write(first, "m,host=a v=1i 1")
    first.persist()
    write(second, "m,host=b v=2i 2")
    with pytest.raises(InternalError, match="another process has written node-c/manifests/"):
        second.persist()
    second.close()
    assert rows(first) == [{"host": "a", "v": 1}]
    first.close()


def test_a_bucket_that_does_not_exist_stops_the_start(tmp_path: Path, service: S3Service) -> None:
    store = S3Store("nowhere", endpoint=f"http://127.0.0.1:{service.port}", allow_http=True)
    with pytest.raises(InternalError, match="the object store failed at node/manifests"):
        Engine.open(
            str(tmp_path),
            buffer_bytes_max=2**26,
            query_bytes_max=2**26,
            query_threads=1,
            node_id="node",
            s3=store.options() | {"access_key_id": "k", "secret_access_key": "s"},
        )
