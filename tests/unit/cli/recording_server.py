"""The other end of the wire: a small HTTP server that keeps what it is sent."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Received:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:  # noqa: ANN401 - whatever JSON was sent
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class RecordingServer:
    """Answers every request with `answers` in their order, and then with 200 and no body."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def will_answer(self, status: int, body: bytes | str | dict[str, Any]) -> None:
        """Add an answer."""
        text = json.dumps(body) if isinstance(body, dict) else body
        self.answers.append((status, text if isinstance(text, bytes) else text.encode()))

    def record(self, request: Received) -> tuple[int, bytes]:
        """Keep a request and give its answer."""
        with self.lock:
            self.received.append(request)
            return self.answers.pop(0) if self.answers else (200, b"")

    @property
    def only(self) -> Received:
        """The one request that came."""
        assert len(self.received) == 1, self.received
        return self.received[0]


@contextmanager
def recording_server() -> Iterator[RecordingServer]:
    """Listen on a free port of 127.0.0.1 for the time of a `with` block."""
    recorder = RecordingServer()

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65_537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            request = Received(self.command, parts.path, query, headers, body)
            status, answer = recorder.record(request)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        recorder.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield recorder
        finally:
            server.shutdown()
            thread.join()
