"""Requests to a server: the options that say where it is, one request, and its answer.

Built on the standard library's HTTP client, which starts faster than any other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from influxpe.cli.command import CommandError, Values
from influxpe.cli.parameter import defaulted, flag, option, required

if TYPE_CHECKING:
    import ssl
    from http.client import HTTPConnection, HTTPResponse

COPY_BYTES = 1 << 16
DEFAULT_HOST = "http://127.0.0.1:8181"
NO_SERVER_HINT = "no server answers there, 'influxdb3 serve' starts one"
HINT_WITHOUT_CREDENTIALS = (
    "give a token with --token or INFLUXDB3_AUTH_TOKEN; "
    "'influxdb3 create token --admin' makes the first one"
)
HINT_WITH_CREDENTIALS = (
    "the server does not know this token (from --token or INFLUXDB3_AUTH_TOKEN), or it has expired"
)


@dataclass(frozen=True)
class HostUrl:
    """Where a server listens; a path in the given URL is dropped."""

    scheme: str
    host: str
    port: int | None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port is not None else "")


def host_url(text: str) -> HostUrl:
    """Read a server's URL; without a scheme it is http. Raises `ValueError`."""
    parts = urlsplit(text if "://" in text else f"http://{text}")
    if parts.scheme not in {"http", "https"}:
        raise ValueError(f"unknown scheme '{parts.scheme}', a server is reached by http or https")
    if not parts.hostname:
        raise ValueError("the host is missing, for example http://127.0.0.1:8181")
    return HostUrl(parts.scheme, parts.hostname, parts.port)


HOST = defaulted(
    "host",
    "HOST_URL",
    "Where the server listens",
    host_url,
    DEFAULT_HOST,
    short="H",
    environment=("INFLUXDB3_HOST_URL",),
    heading="Connection",
)
TOKEN = option(
    "token",
    "AUTH_TOKEN",
    "Token to identify with",
    str,
    environment=("INFLUXDB3_AUTH_TOKEN",),
    empty_counts=True,
    heading="Connection",
)
TLS_CA = option(
    "tls-ca",
    "CA_CERT",
    "Certificate that the server's must descend from: a PEM file, or DER if it ends in .der",
    Path,
    environment=("INFLUXDB3_TLS_CA",),
    heading="Connection",
)
TLS_NO_VERIFY = flag(
    "tls-no-verify",
    "Trust whatever certificate the server shows",
    environment=("INFLUXDB3_TLS_NO_VERIFY",),
    heading="Connection",
)
DATABASE = required(
    "database",
    "DATABASE_NAME",
    "Database to work on",
    str,
    short="d",
    environment=("INFLUXDB3_DATABASE_NAME",),
)
CONNECTION = (HOST, TOKEN, TLS_CA, TLS_NO_VERIFY)
CONNECTION_AND_DATABASE = (DATABASE, *CONNECTION)


class ServerError(CommandError):
    """The server answered with an error; `status` is the code, `reply` what it said."""

    def __init__(self, status: int, reason: str, reply: str, *, hint: str | None) -> None:
        self.status = status
        self.reply = reply
        super().__init__(f"server responded with error [{status} {reason}]: {reply}", hint=hint)


class Reply:
    """A successful answer, whose body is still to be read."""

    def __init__(self, response: HTTPResponse, request: str) -> None:
        self._response = response
        self._request = request
        self.status = response.status

    def read(self) -> bytes:
        """Read all that is left of the body."""
        return b"".join(self.pieces())

    def pieces(self) -> Iterator[bytes]:
        """Read the body bit by bit. Raises `CommandError` where it breaks off."""
        from http.client import HTTPException, IncompleteRead

        try:
            while piece := self._response.read1(COPY_BYTES):
                yield piece
            if self._response.length:
                raise IncompleteRead(b"", self._response.length)
        except (HTTPException, OSError) as error:
            raise CommandError(
                f"the server broke off its answer to {self._request}: {_cause(error)}"
            ) from error

    def copy_to(self, sink: IO[bytes]) -> None:
        """Write the body to a file, as it arrives."""
        for piece in self.pieces():
            sink.write(piece)

    def json(self) -> object:
        """Read the body as JSON; `None` where it is empty. Raises `CommandError`."""
        body = self.read()
        try:
            return json.loads(body) if body.strip() else None
        except ValueError as error:
            raise CommandError(
                f"the answer to {self._request} is not JSON: {body[:100]!r}"
            ) from error


@dataclass(frozen=True)
class Client:
    """Sends requests to one server; every request has a connection of its own."""

    url: HostUrl
    token: str | None = None
    tls_ca: Path | None = None
    tls_no_verify: bool = False

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        document: object = None,
    ) -> object:
        """Send a request with an optional JSON body, and read the answer as JSON."""
        with self.send(method, path, query=query, document=document) as reply:
            return reply.json()

    @contextmanager
    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        document: object = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[Reply]:
        """Send a request; the body of the answer can be read inside the `with` block.

        Raises `ServerError` for an answer outside 200-299, `CommandError` without an answer.
        """
        sent = self._headers() | dict(headers or {})
        if document is not None:
            body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
            sent["Content-Type"] = "application/json"
        target = f"{path}?{urlencode(query)}" if query else path
        request = f"{method} {self.url}{path}"
        connection = self._connect()
        try:
            with _exchange(connection, request, (method, target, body, sent)) as response:
                if not 200 <= response.status < 300:
                    raise self._error(response, Reply(response, request))
                yield Reply(response, request)
        finally:
            connection.close()

    def _headers(self) -> dict[str, str]:
        if self.token is None:
            return {}
        if not (self.token.isascii() and (self.token.isprintable() or not self.token)):
            raise CommandError("the token holds a character that no HTTP header may carry")
        return {"Authorization": f"Bearer {self.token}"}

    def _connect(self) -> HTTPConnection:
        from http.client import HTTPConnection, HTTPSConnection

        if self.url.scheme == "http":
            return HTTPConnection(self.url.host, self.url.port)
        return HTTPSConnection(self.url.host, self.url.port, context=self._tls())

    def _tls(self) -> ssl.SSLContext:
        import ssl

        try:
            context = ssl.create_default_context(cadata=self._authority())
        except (OSError, ValueError) as error:
            raise CommandError(f"cannot use the certificate {self.tls_ca}: {error}") from error
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        if self.tls_no_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _authority(self) -> bytes | str | None:
        if self.tls_ca is None:
            return None
        content = self.tls_ca.read_bytes()
        return content if self.tls_ca.suffix == ".der" else content.decode("ascii")

    def _error(self, response: HTTPResponse, reply: Reply) -> ServerError:
        hint = None
        if response.status == 401:
            hint = HINT_WITH_CREDENTIALS if self.token else HINT_WITHOUT_CREDENTIALS
        reason = response.reason or _reason(response.status)
        return ServerError(response.status, reason, _message(reply.read()), hint=hint)


def client_from(values: Values) -> Client:
    """Make the client that the connection options describe."""
    return Client(values[HOST], values[TOKEN], values[TLS_CA], values[TLS_NO_VERIFY])


def _exchange(
    connection: HTTPConnection,
    request: str,
    parts: tuple[str, str, bytes | None, Mapping[str, str]],
) -> HTTPResponse:
    """Connect, send, and read the head of the answer. Raises `CommandError`."""
    from http.client import HTTPException

    method, target, body, headers = parts
    stage = "Connect"
    try:
        connection.connect()
        stage = "SendRequest"
        _send(connection, method, target, body, headers)
        return connection.getresponse()
    except (HTTPException, OSError, UnicodeError) as error:
        told = NO_SERVER_HINT if isinstance(error, ConnectionRefusedError) else _cause(error)
        raise CommandError(
            f"failed to send {request} request: client error ({stage}): {told}"
        ) from error


def _send(
    connection: HTTPConnection,
    method: str,
    target: str,
    body: bytes | None,
    headers: Mapping[str, str],
) -> None:
    """Send a request; where the server hangs up early, its answer may still be there to read."""
    try:
        connection.request(method, target, body=body, headers=dict(headers))
    except BrokenPipeError:
        return


def _cause(error: Exception) -> str:
    told = getattr(error, "strerror", None) or str(error).strip()
    return " ".join(str(told).split()) or type(error).__name__


def _reason(status: int) -> str:
    from http import HTTPStatus

    return next((known.phrase for known in HTTPStatus if known == status), "")


def _message(body: bytes) -> str:
    """Give the `message` of a JSON answer, and any other body as it is."""
    text = body.decode("utf-8", errors="replace").rstrip("\n")
    try:
        document = json.loads(text)
    except ValueError:
        return text
    message = document.get("message") if isinstance(document, dict) else None
    return message if isinstance(message, str) else text
