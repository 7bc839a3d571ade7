"""What the write methods take."""

import pytest

from influxdb3 import LineBuilder
from influxpe.worker.lines import line_text


class Batch:
    """A builder of a plugin's own."""

    def __init__(self, text: object) -> None:
        self.text = text

    def build(self) -> object:
        """What it was made with."""
        return self.text


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ("m a=1", "m a=1"),
        (b"m a=1", "m a=1"),
        (LineBuilder("m").int64_field("a", 1), "m a=1i"),
        (Batch("a b=1\nc d=1"), "a b=1\nc d=1"),
        (["m a=1", b"m a=2", LineBuilder("m").int64_field("a", 3)], "m a=1\nm a=2\nm a=3i"),
        ((line for line in ("m a=1", "")), "m a=1"),
        ([], ""),
        ("", ""),
    ],
)
def test_lines_are_text_in_the_end(lines: object, text: str) -> None:
    assert line_text(lines) == text


@pytest.mark.parametrize(
    ("lines", "error", "message"),
    [
        (None, AttributeError, "^'NoneType' object has no attribute 'build'$"),
        ({"a": 1}, AttributeError, "^'dict' object has no attribute 'build'$"),
        ([5], AttributeError, "^'int' object has no attribute 'build'$"),
        (Batch(b"m a=1"), TypeError, r"^build\(\) of 'Batch' must return a str, not bytes$"),
        (b"\xff", UnicodeDecodeError, "invalid start byte"),
    ],
)
def test_what_is_no_line_is_refused(lines: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        line_text(lines)
