"""Connections: HTTP/2 without TLS, TLS, uploads that nobody wants, an end within its bound."""

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from influxpe.http.bodies import DISCARDED_BYTES_MAX
from tests.api_client import ApiClient
from tests.integration.http.h2_client import H2Client
from tests.server_process import ServerProcess, StartServer, serve_command

STOP_SECONDS_PROMISED = 5.0
WAIT_SECONDS = 10.0


def test_http_2_with_prior_knowledge_shares_the_port(start_server: StartServer) -> None:
    server = start_server()
    client = H2Client(server.address)
    with client.socket:
        stream = client.open("POST", "/api/v3/write_lp?db=h2", end=False)
        client.connection.send_data(stream, b"cpu value=1 1", end_stream=True)
        client.flush()
        assert client.answer(stream) == ("204", b"")
        stream = client.open("GET", "/api/v3/query_sql?db=h2&q=SELECT+value+FROM+cpu", end=True)
        assert client.answer(stream) == ("200", b'[{"value":1.0}]')
    assert httpx.get(f"{server.url}/health").status_code == 200


def test_an_answer_that_fails_half_way_is_reset_not_left_open(
    start_server: StartServer, connect: Callable[[str], ApiClient]
) -> None:
    server = start_server()
    lines = "\n".join(f'cut s="{"x" * 100}",i={i}i {i}' for i in range(50_000))
    connect(server.url).write_all("h2", lines)
    client = H2Client(server.address)
    with client.socket:
        sql = "SELECT+s,1/(i-49999)+AS+x+FROM+cut"
        stream = client.open("GET", f"/api/v3/query_sql?db=h2&q={sql}", end=True)
        assert client.answer(stream)[0] == "200 reset"
        stream = client.open("GET", "/ping", end=True)
        assert client.answer(stream)[0] == "200"


@pytest.mark.parametrize("path", ["/nowhere", "/api/v3/write_lp?db=h2", "/health"])
def test_an_unwanted_upload_does_not_stop_its_connection(
    start_server: StartServer, path: str
) -> None:
    client = H2Client(start_server().address)
    with client.socket:
        upload = client.open("POST", path, end=False)
        for _ in range(3):
            client.connection.send_data(upload, b"#" * 16_000)
            client.flush()
        other = client.open("GET", "/ping", end=True)
        assert client.answer(other)[0] == "200"
        client.connection.send_data(upload, b"#", end_stream=True)
        client.flush()
        assert client.answer(upload)[0] in {"204", "400", "404"}


def test_a_body_past_the_limit_is_413_and_its_connection_goes_on(
    start_server: StartServer, connect: Callable[[str], ApiClient]
) -> None:
    client = connect(start_server("--max-http-request-size", "1000").url)
    for size in (1001, 10_000_000):
        for body in (b"x" * size, iter([b"x" * size])):
            answer = client.http.post("/api/v3/write_lp?db=a", content=body)
            assert answer.status_code == 413
            assert answer.text == "max request size (1000 bytes) exceeded"
            assert "connection" not in answer.headers
    assert client.write("a", "cpu value=1 1").status_code == 204


def test_a_body_without_end_is_answered_before_it_and_closed(start_server: StartServer) -> None:
    server = start_server()
    host, _, port = server.address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=WAIT_SECONDS) as client:
        client.sendall(b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
        for _ in range(DISCARDED_BYTES_MAX // 0x100000 + 1):
            client.sendall(chunk)
        answer = b"".join(iter(lambda: client.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"connection: close\r\n" in answer


def test_tls_serves_both_protocols_from_one_port(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    arguments = ["--tls-cert", str(certificate), "--tls-key", str(key)]
    context = ssl.create_default_context(cafile=str(certificate))
    command = serve_command(None, *arguments, "--tls-minimum-version", "tls-1.3")
    with TlsServer(tmp_path, command, context) as server:
        answer = httpx.get(f"{server.url}/health", verify=context)
        assert answer.text == "OK"
        with httpx.Client(verify=context, base_url=server.url) as client:
            lines = "\n".join(f"cpu value={i} {i}" for i in range(50_000))
            for _ in range(3):
                assert client.post("/api/v3/write_lp?db=tls", content=lines).status_code == 204
        assert ask_over_tls(server, context, b"Connection: close\r\n").endswith(b"\r\n\r\nOK")
        assert ask_over_tls(server, context, b"Content-Length: x\r\n").startswith(b"HTTP/1.1 400 ")
        context.set_alpn_protocols(["h2"])
        h2 = H2Client(server.address, context)
        with h2.socket as secure:
            assert isinstance(secure, ssl.SSLSocket)
            assert secure.selected_alpn_protocol() == "h2"
            assert secure.version() == "TLSv1.3"
            sql = "SELECT+count(*)+AS+n+FROM+cpu"
            stream = h2.open("GET", f"/api/v3/query_sql?db=tls&q={sql}", end=True)
            assert h2.answer(stream) == ("200", b'[{"n":50000}]')
        assert server.stop() == 0
        assert "Traceback" not in server.output()


def ask_over_tls(server: ServerProcess, context: ssl.SSLContext, header: bytes) -> bytes:
    """Ask for `/health` over HTTP/1.1, and read until the server closes the connection."""
    host, _, port = server.address.rpartition(":")
    with (
        socket.create_connection((host, int(port)), timeout=WAIT_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        secure.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n" + header + b"\r\n")
        return b"".join(iter(lambda: secure.recv(65_536), b""))


class TlsServer(ServerProcess):
    """A server that answers over TLS only."""

    def __init__(self, folder: Path, command: list[str], context: ssl.SSLContext) -> None:
        super().__init__(folder, command)
        self._context = context

    @property
    def url(self) -> str:
        """Base URL, without a slash at its end."""
        return f"https://{self.address}"

    def _answers(self) -> bool:
        assert self.running(), self.output()
        try:
            return httpx.get(f"{self.url}/health", verify=self._context).status_code == 200
        except (FileNotFoundError, httpx.TransportError, httpx.InvalidURL):
            return False


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1 with the machine's openssl, or skip the test."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    options = "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1"
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", *options.split(), *names, *files], check=True, capture_output=True)
    return certificate, key


def test_many_requests_share_one_connection(
    start_server: StartServer, connect: Callable[[str], ApiClient]
) -> None:
    client = connect(start_server().url)
    answers = {client.http.get("/health").headers.get("connection") for _ in range(1_100)}
    assert answers == {None}


def test_a_stop_ends_waiting_clients_within_its_bound(start_server: StartServer) -> None:
    server = start_server()
    host, _, port = server.address.rpartition(":")
    with (
        socket.create_connection((host, int(port)), timeout=WAIT_SECONDS),
        socket.create_connection((host, int(port)), timeout=WAIT_SECONDS) as half,
    ):
        half.sendall(b"POST /api/v3/write_lp?db=a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")
        started_s = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - started_s < STOP_SECONDS_PROMISED
    assert "Received SIGTERM" in server.output()
    assert "Traceback" not in server.output()
