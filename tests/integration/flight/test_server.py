"""What calls do to the server as a whole: its memory, its end, its other protocols."""

import re
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import httpx
import pyarrow as pa
from pyarrow import flight

from tests.api_client import ApiClient
from tests.integration.flight.conftest import Asker
from tests.integration.http.test_transport import STOP_SECONDS_PROMISED, TlsServer, make_certificate
from tests.server_process import ServerProcess, StartServer, serve_command

OpenFlight = Callable[[ServerProcess], flight.FlightClient]
MIB = 2**20


def peak_bytes(server: ServerProcess) -> int:
    """Give the most memory that a server has had."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


def test_an_answer_of_any_length_takes_no_more_memory(
    server: ServerProcess, client: ApiClient, asker: Asker
) -> None:
    client.write_all("o1", "\n".join(f"m i={i}i {i}" for i in range(20_000)))

    def read(rows: int) -> None:
        sql = f"SELECT a.i, b.time FROM m a, m b LIMIT {rows}"  # noqa: S608 - a number of this test
        ticket = {"database": "o1", "sql_query": sql}
        assert sum(batch.num_rows for batch in asker.batches(ticket)) == rows

    read(2_000_000)
    before_bytes = peak_bytes(server)
    read(20_000_000)
    assert 20_000_000 * 16 > 300 * MIB
    assert peak_bytes(server) - before_bytes < 64 * MIB


def test_a_stop_ends_calls_within_its_bound(
    start_server: StartServer, connect: Callable[[str], ApiClient], open_flight: OpenFlight
) -> None:
    server = start_server()
    connect(server.url).write_all("o3", "\n".join(f"m i={i}i {i}" for i in range(20_000)))
    calls = open_flight(server)
    reader = Asker(calls).read({"database": "o3", "sql_query": "SELECT a.i FROM m a, m b"})
    reader.read_chunk()
    batch = pa.RecordBatch.from_pydict({"v": [1], "time": [1]})
    descriptor = flight.FlightDescriptor.for_path("o3", "put")
    writer, _ = calls.do_put(descriptor, batch.schema)
    writer.write_batch(batch)
    began_s = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began_s < STOP_SECONDS_PROMISED
    assert "Traceback" not in server.output()


def test_calls_go_over_tls(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    context = ssl.create_default_context(cafile=str(certificate))
    arguments = ["--tls-cert", str(certificate), "--tls-key", str(key)]
    with TlsServer(tmp_path, serve_command(None, *arguments), context) as server:
        lines = "\n".join(f"cpu value={i} {i}" for i in range(100_000))
        answer = httpx.post(f"{server.url}/api/v3/write_lp?db=o4", content=lines, verify=context)
        assert answer.status_code == 204
        roots = certificate.read_bytes()
        with flight.FlightClient(
            f"grpc+tls://{server.address}", tls_root_certs=cast("Any", roots)
        ) as secure:
            table = Asker(secure).table("o4", "SELECT value FROM cpu ORDER BY time")
            assert table.column("value").to_pylist() == [float(i) for i in range(100_000)]
            batch = pa.RecordBatch.from_pydict({"v": [1], "time": [1]})
            writer, _ = secure.do_put(flight.FlightDescriptor.for_path("o4", "m"), batch.schema)
            writer.write_batch(batch)
            writer.close()
            assert Asker(secure).table("o4", "SELECT v FROM m").to_pylist() == [{"v": 1}]


def test_calls_are_counted(client: ApiClient, asker: Asker) -> None:
    client.write_all("o5", "cpu v=1 1")
    asker.table("o5", "SELECT v FROM cpu")
    text = client.http.get("/metrics").text
    path = "/arrow.flight.protocol.FlightService/DoGet"
    assert re.search(rf'grpc_requests_total{{path="{path}",status="OK"}} [1-9]', text)
