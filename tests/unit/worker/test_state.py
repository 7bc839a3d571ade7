"""What the state of a trigger takes and gives back, and what it refuses."""

import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influxpe.worker import wire
from influxpe.worker.call_time import CallTime
from influxpe.worker.run import Run
from influxpe.worker.state import (
    STATE_DEPTH_MAX,
    STATE_KEY_CHARACTERS_MAX,
    STATE_VALUE_BYTES_MAX,
    State,
    pack,
    unpack,
)

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | WORDS
    | st.binary(max_size=20)
    | st.datetimes()
    | st.datetimes(timezones=st.just(timezone(timedelta(hours=5, minutes=30))))
)
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner), max_leaves=20
)


def exact(value: object) -> object:
    """Give what tells `1` from `True` and `1.0` as well."""
    if isinstance(value, list):
        return [exact(one) for one in value]
    if isinstance(value, dict):
        return {name: exact(one) for name, one in value.items()}
    if isinstance(value, datetime):
        return value.isoformat()
    return type(value), repr(value)


def nested(levels: int) -> object:
    return [nested(levels - 1)] if levels else 1


@given(VALUES)
def test_what_is_put_comes_back_as_it_was(value: object) -> None:
    assert exact(unpack(pack("key", value))) == exact(value)


def test_times_keep_their_zone_or_that_they_have_none() -> None:
    aware = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert unpack(pack("key", aware)) == aware
    called = CallTime.from_ns(1_000_000_000_000)
    back = unpack(pack("key", called))
    assert type(back) is datetime
    assert back == called


@pytest.mark.parametrize(
    "value", [(1,), {1}, Decimal(1), object(), bytearray(b"a"), [1, {"a": 1j}]]
)
def test_other_types_are_named_with_what_is_allowed(value: object) -> None:
    inner = complex if isinstance(value, list) else type(value)
    text = (
        rf"^state 'key' cannot keep a {inner.__name__}; it keeps None, bool, int, float, str, "
        r"bytes, datetime, and lists and dicts \(keyed by str\) of these$"
    )
    with pytest.raises(TypeError, match=text):
        pack("key", value)


def test_keys_of_dicts_are_texts() -> None:
    with pytest.raises(TypeError, match="a dict with a key of type int"):
        pack("key", {1: 2})


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1])
def test_an_integer_beyond_64_bits_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match=rf"out of range for 64 bits: {value}$"):
        pack("key", value)


def test_a_value_may_have_so_many_bytes_and_no_more() -> None:
    head_bytes = 3  # of a MessagePack bin of this size
    largest = bytes(STATE_VALUE_BYTES_MAX - head_bytes)
    assert unpack(pack("key", largest)) == largest
    text = f"has {STATE_VALUE_BYTES_MAX + 1} bytes and passes the maximum of 65536 bytes"
    with pytest.raises(ValueError, match=text):
        pack("key", largest + b"x")


def test_a_value_may_be_nested_so_deep_and_no_deeper() -> None:
    assert unpack(pack("key", nested(STATE_DEPTH_MAX))) == nested(STATE_DEPTH_MAX)
    with pytest.raises(ValueError, match=f"nested deeper than {STATE_DEPTH_MAX} levels"):
        pack("key", nested(STATE_DEPTH_MAX + 1))
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="nested deeper"):
        pack("key", endless)


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        (5, TypeError, "^a state key must be a str, not int$"),
        ("", ValueError, "^a state key must not be empty$"),
        (
            "k" * (STATE_KEY_CHARACTERS_MAX + 1),
            ValueError,
            "^a state key of 257 characters passes the maximum of 256 characters$",
        ),
        ("\ud800", ValueError, "surrogates not allowed"),
    ],
)
def test_a_bad_key_is_refused(key: object, error: type[Exception], message: str) -> None:
    unused: Any = None  # the key is looked at first
    wrong: Any = key
    state = State(unused)
    for call in (state.get, state.delete, lambda key: state.put(key, 1)):
        with pytest.raises(error, match=message):
            call(wrong)


class Unstored:
    """A connection to a server that has no state."""

    def call(self, make: Callable[[int], wire.Call]) -> tuple[wire.Reply, bytes]:
        """Answer a question about the state."""
        if isinstance(make(1), wire.StateKeys):
            return wire.Reply(1), b"\x90"
        return wire.Reply(1, found=False), b""


@pytest.fixture
def often_switched() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("often_switched")
def test_threads_of_a_run_read_the_state_while_others_change_it() -> None:
    connection: Any = Unstored()
    start = wire.Start(
        run=1,
        kind="wal",
        database="db",
        trigger_name="trigger",
        digest="digest",
        source=None,
        arguments=None,
        tables=[],
        call_time_ns=0,
        request=None,
        cache_name=None,
        collect_sync_writes=False,
        overlap=False,
    )
    run = Run(start, connection)
    state, done, missed = State(run), threading.Event(), 0
    state.put("kept", 1)

    def change() -> None:
        number = 0
        while not done.is_set():
            number += 1
            state.put(f"key-{number % 300}", number)
            state.put("kept", number)

    changing = [threading.Thread(target=change) for _ in range(3)]
    for thread in changing:
        thread.start()
    try:
        for _ in range(2000):
            missed += "kept" not in set(state.keys()) or state.get("kept") is None
    finally:
        done.set()
        for thread in changing:
            thread.join()
    assert missed == 0
