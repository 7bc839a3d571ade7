"""Bytes of an HTTP/1.1 connection in; heads, pieces of bodies and ends of requests out.

llhttp finds the borders, in its strict mode. What it lets through and HTTP does not allow is
refused here: a missing or second `Host`, other versions and protocols, codings of a transfer
besides `chunked`, heads without an end. A request that wants another protocol is given back as
bytes. The outcome does not depend on where the bytes are split. No input raises anything but
`Malformed`.
"""

from typing import NamedTuple, Protocol

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from influxpe.http.wire.limits import HEAD_BYTES_MAX, HEADERS_MAX

BAD_REQUEST, HEAD_TOO_LARGE, NOT_IMPLEMENTED, VERSION_NOT_SUPPORTED = 400, 431, 501, 505
VERSIONS = {"1.0", "1.1"}
# llhttp reads the dialects of media servers as well, and calls them HTTP/1.0.
FOREIGN = b" RTSP/"
FOREIGN_METHOD = "SOURCE"
LOOKED_AT = {b"host", b"expect", b"transfer-encoding"}


class Malformed(Exception):
    """Bytes that are no request; the connection cannot be used any more."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Head(NamedTuple):
    """What precedes a body; names of headers are lower-case."""

    method: str
    target: bytes
    version: str
    headers: list[tuple[bytes, bytes]]
    keep_alive: bool
    expects_continue: bool

    def to_bytes(self) -> bytes:
        """Spell it as a client would."""
        lines = [f"{self.method} ".encode() + self.target + f" HTTP/{self.version}".encode()]
        lines += [name + b": " + value for name, value in self.headers]
        return b"\r\n".join(lines) + b"\r\n\r\n"


class Requests(Protocol):
    """Who is told of requests."""

    def request_began(self, head: Head) -> None:
        """Take the head of the next request."""

    def body_came(self, piece: bytes) -> None:
        """Take the next bytes of its body."""

    def request_ended(self) -> None:
        """Learn that it is whole."""

    def switch_asked(self, unread: bytes) -> None:
        """Take the bytes from a request on that wants another protocol."""


class RequestReader:
    """Reads the requests of one connection, one after the other."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._parser = HttpRequestParser(self)
        self._data = b""
        # What came before it of a head that has not ended.
        self._begun = bytearray()
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._hosts = 0
        self._expects_continue = False
        self._is_last = False
        self._refused = BAD_REQUEST
        self._switching: Head | None = None
        self._bytes_without_progress = 0
        # A head has begun and has not ended.
        self.in_head = False
        # No further request will be read.
        self.ended = False

    def feed(self, data: bytes) -> None:
        """Read more. Raises `Malformed`; nothing may be fed after it."""
        if self.ended:
            return
        self._bytes_without_progress += len(data)
        self._data = data
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            self._switch(data[upgrade.args[0] :])
        except HttpParserError as error:
            if not self.ended:
                raise Malformed(self._refused) from error
        else:
            self._bound_progress()

    def _switch(self, rest: bytes) -> None:
        self.ended = True
        if self._switching is not None:
            self._requests.switch_asked(self._switching.to_bytes() + rest)

    def _bound_progress(self) -> None:
        if self._bytes_without_progress > HEAD_BYTES_MAX:
            raise Malformed(HEAD_TOO_LARGE if self.in_head else BAD_REQUEST)
        if self.in_head:
            self._begun += self._data

    def _is_foreign(self, method: str) -> bool:
        """Tell from the bytes of the first line, as llhttp does not."""
        text = self._begun + self._data if self._begun else self._data
        is_named = FOREIGN in text and b" " + self._target + FOREIGN in text
        return is_named or method == FOREIGN_METHOD

    def on_message_begin(self) -> None:
        """Forget the request before."""
        if self.ended:
            self._refuse(BAD_REQUEST)
        self._target, self._headers, self._hosts = b"", [], 0
        self._expects_continue = False
        self.in_head = True

    def on_url(self, piece: bytes) -> None:
        """Take a part of the target."""
        self._target += piece

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; trailers of a body come here too, and nobody wants them."""
        if not self.in_head:
            return
        name, value = name.lower(), value.strip(b" \t")
        if name in LOOKED_AT:
            self._look_at(name, value.lower())
        self._headers.append((name, value))
        if len(self._headers) > HEADERS_MAX:
            self._refuse(HEAD_TOO_LARGE)

    def _look_at(self, name: bytes, value: bytes) -> None:
        if name == b"host":
            self._hosts += 1
        elif name == b"expect":
            self._expects_continue = value == b"100-continue"
        elif value != b"chunked":
            self._refuse(NOT_IMPLEMENTED)
        elif self._parser.get_http_version() != "1.1":
            self._refuse(BAD_REQUEST)

    def on_headers_complete(self) -> None:
        """Check the head and hand it on."""
        version = self._parser.get_http_version()
        method = self._parser.get_method().decode()
        self._check(method, version)
        is_new = version == "1.1"
        head = Head(
            method=method,
            target=self._target,
            version=version,
            headers=self._headers,
            keep_alive=is_new and self._parser.should_keep_alive(),
            expects_continue=is_new and self._expects_continue,
        )
        self.in_head = False
        self._begun.clear()
        self._bytes_without_progress = 0
        if self._parser.should_upgrade():
            self._switching = head
        else:
            self._is_last = not head.keep_alive
            self._requests.request_began(head)

    def _check(self, method: str, version: str) -> None:
        if version not in VERSIONS:
            self._refuse(BAD_REQUEST if version == "0.9" else VERSION_NOT_SUPPORTED)
        if self._hosts > 1 or (version == "1.1" and not self._hosts):
            self._refuse(BAD_REQUEST)
        if self._is_foreign(method) or not self._target.isascii():
            self._refuse(BAD_REQUEST)

    def _refuse(self, status: int) -> None:
        self._refused = status
        raise Malformed(status)

    def on_body(self, piece: bytes) -> None:
        """Hand on a part of a body."""
        self._bytes_without_progress = 0
        self._requests.body_came(piece)

    def on_message_complete(self) -> None:
        """Hand on the end; what follows a request that closes its connection is ignored."""
        self._bytes_without_progress = 0
        if self._switching is None and not self.ended:
            self.ended = self._is_last
            self._requests.request_ended()
