"""Cuts a stream of line protocol into requests that end at line ends. Holds one chunk at a time."""

from collections.abc import Iterator
from typing import BinaryIO

READ_BYTES = 1 << 20


def chunks(stream: BinaryIO, bytes_max: int) -> Iterator[bytes]:
    """Yield pieces of at most `bytes_max` bytes, whole lines each; a longer line is a piece."""
    held = bytearray()
    while piece := stream.read(READ_BYTES):
        held += piece
        while len(held) > bytes_max:
            cut = held.rfind(b"\n", 0, bytes_max) + 1 or held.find(b"\n") + 1
            if not cut:
                break
            yield bytes(held[:cut])
            del held[:cut]
    if held:
        yield bytes(held)


def line_count(chunk: bytes) -> int:
    """Count the lines of a piece, with or without an end to the last."""
    return chunk.count(b"\n") + (not chunk.endswith(b"\n"))
