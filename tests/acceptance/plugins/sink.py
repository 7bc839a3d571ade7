"""A web server that takes what plugins send, and answers when the test lets it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HELD_SECONDS_MAX = 4.0


class Sink(ThreadingHTTPServer):
    """Keeps the path and the JSON of each request; answers wait while `open` is not set."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[tuple[str, Any]] = []
        self.open = threading.Event()
        self.open.set()

    @property
    def url(self) -> str:
        """Base URL, without a slash at its end."""
        return f"http://127.0.0.1:{self.server_port}"

    def bodies(self, path: str) -> list[Any]:
        """Give what was sent to a path, in order."""
        return [body for found, body in self.received if found == path]


class _Handler(BaseHTTPRequestHandler):
    server: Sink

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, json.loads(body)))
        self.server.open.wait(HELD_SECONDS_MAX)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *values: object) -> None:
        """Say nothing."""


@contextmanager
def listening() -> Iterator[Sink]:
    """Run a sink; it is closed on leaving."""
    with Sink() as sink:
        thread = threading.Thread(target=sink.serve_forever)
        thread.start()
        try:
            yield sink
        finally:
            sink.open.set()
            sink.shutdown()
            thread.join()
