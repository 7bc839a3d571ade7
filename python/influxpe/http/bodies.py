"""Request bodies: read whole and within a limit, decompressed within the same limit.

A body is always read to its end. Behind one HTTP/2 connection, a body that nobody reads would stop
all other requests of the connection.
"""

import zlib

from starlette.types import Message, Receive

from influxpe.http.messages import Disconnected, Refusal

# How much of a refused body is read and thrown away before the answer goes out. A client that
# sends more is answered at once and loses its connection.
DISCARDED_BYTES_MAX = 64 * 1024 * 1024
# Accepts a gzip header and checks its trailer.
GZIP_WINDOW_BITS = 31
# What follows the end of a member is copied: small slices keep many tiny members cheap.
GZIP_SLICE_BYTES = 16 * 1024


class BodyTooLarge(Refusal):
    """The body is larger than `--max-http-request-size`, on the wire or decompressed."""

    def __init__(self, bytes_max: int) -> None:
        super().__init__(413, f"max request size ({bytes_max} bytes) exceeded")


async def read_body(receive: Receive, bytes_max: int) -> bytes:
    """Read a whole body. Raises `BodyTooLarge` after its end, `Disconnected` if there is none."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk = message.get("body", b"")
        if chunk:
            chunks.append(chunk)
            size += len(chunk)
        if size > bytes_max:
            await discard(receive, message)
            raise BodyTooLarge(bytes_max)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def discard(receive: Receive, newest: Message | None = None) -> None:
    """Read what is left of a body behind its newest part, and keep nothing."""
    size = 0
    while newest is None or newest.get("more_body", False):
        newest = await receive()
        if newest["type"] == "http.disconnect":
            raise Disconnected
        size += len(newest.get("body", b""))
        if size > DISCARDED_BYTES_MAX:
            return


def decode_body(body: bytes, encoding: bytes | None, bytes_max: int) -> bytes:
    """Undo the content encoding: none, `identity` or `gzip`. Raises `Refusal`."""
    if encoding is None or encoding == b"identity":
        return body
    if encoding == b"gzip":
        return _gunzip(body, bytes_max)
    try:
        name = encoding.decode("ascii")
    except UnicodeDecodeError as error:
        raise Refusal(400, f"invalid content-encoding header: {error}") from error
    raise Refusal(400, f"unacceptable content-encoding: {name}")


def _gunzip(body: bytes, bytes_max: int) -> bytes:
    """Decompress all gzip members of a body, one after the other."""
    reader = _GzipReader(bytes_max)
    for start in range(0, len(body), GZIP_SLICE_BYTES):
        reader.feed(body[start : start + GZIP_SLICE_BYTES])
    return reader.end()


class _GzipReader:
    """Decompresses slice by slice and stops at the first byte past its limit."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._size = 0
        self._output: list[bytes] = []
        self._member: zlib._Decompress | None = None

    def feed(self, piece: bytes) -> None:
        """Take the next slice; it may end members and begin new ones."""
        while piece:
            member = self._member or zlib.decompressobj(GZIP_WINDOW_BITS)
            try:
                self._add(member.decompress(piece, self._bytes_max - self._size + 1))
            except zlib.error as error:
                raise Refusal(400, f"error decoding gzip stream: {error}") from error
            piece = member.unused_data
            self._member = None if member.eof else member

    def _add(self, data: bytes) -> None:
        self._output.append(data)
        self._size += len(data)
        if self._size > self._bytes_max:
            raise BodyTooLarge(self._bytes_max)

    def end(self) -> bytes:
        """Give all that was decompressed. Raises `Refusal` where a member has no end."""
        if self._member is not None:
            raise Refusal(400, "error decoding gzip stream: the stream ends early")
        return b"".join(self._output)
