"""Waiting for something that another process will do, without guessing how long it takes."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

PAUSE_SECONDS = 0.05


def eventually(
    read: Callable[[], Value], accept: Callable[[Value], bool], *, seconds: float = 15
) -> Value:
    """Read again and again until a value is accepted, and return it.

    Raises `AssertionError` with the last value when `seconds` have passed.
    """
    deadline_s = time.monotonic() + seconds
    while True:
        value = read()
        if accept(value):
            return value
        assert time.monotonic() < deadline_s, f"after {seconds} s it is still {value!r}"
        time.sleep(PAUSE_SECONDS)
