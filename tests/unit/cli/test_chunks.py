"""Cutting input into requests: whole lines, bounded size, nothing lost."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influxpe.cli.chunks import READ_BYTES, chunks, line_count


def cut(content: bytes, bytes_max: int) -> list[bytes]:
    return list(chunks(io.BytesIO(content), bytes_max))


def test_small_input_is_one_piece() -> None:
    assert cut(b"a 1\nb 2", 100) == [b"a 1\nb 2"]


def test_no_input_is_no_piece() -> None:
    assert cut(b"", 100) == []


def test_pieces_end_at_line_ends() -> None:
    assert cut(b"aaa\nbbb\nccc\n", 8) == [b"aaa\nbbb\n", b"ccc\n"]


def test_a_longer_line_is_sent_whole() -> None:
    assert cut(b"a\nbbbbbbbbbb\nc", 4) == [b"a\n", b"bbbbbbbbbb\n", b"c"]


def test_a_longer_last_line_is_sent_whole() -> None:
    assert cut(b"bbbbbbbbbb", 4) == [b"bbbbbbbbbb"]


def test_lines_may_cross_the_size_of_a_read() -> None:
    line = b"x" * (READ_BYTES - 3) + b"\n"
    assert cut(line * 3, len(line)) == [line] * 3


@given(st.lists(st.binary(max_size=12).map(lambda b: b.replace(b"\n", b""))), st.integers(1, 30))
def test_nothing_is_lost_and_only_single_lines_are_long(lines: list[bytes], size: int) -> None:
    content = b"".join(line + b"\n" for line in lines)
    pieces = cut(content, size)
    assert b"".join(pieces) == content
    assert all(len(piece) <= size or piece.count(b"\n") == 1 for piece in pieces)


@pytest.mark.parametrize(("content", "count"), [(b"a", 1), (b"a\n", 1), (b"a\nb", 2), (b"\n", 1)])
def test_lines_are_counted_with_or_without_a_last_end(content: bytes, count: int) -> None:
    assert line_count(content) == count
