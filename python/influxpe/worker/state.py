"""`influxdb3_local.state`: values of a trigger that are stored with what its run writes.

Values are MessagePack to the server, which never looks into them. A `datetime` is an extension of
it with the time's ISO text: MessagePack's own has no zone but UTC, and knows no naive time.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec

from influxpe.worker import wire
from influxpe.worker.connection import Answer
from influxpe.worker.run import Run

# Keys name parts of a plugin's progress; what is longer is data and belongs into a value.
STATE_KEY_CHARACTERS_MAX: Final = 256
# State is in the server's memory and in the log with every change: it is for positions, counts and
# small tables. What is larger belongs into a table of the database.
STATE_VALUE_BYTES_MAX: Final = 64 * 1024
# Far below where Python stops, so that what was put can be read from any depth of calls.
STATE_DEPTH_MAX: Final = 64

_DATETIME: Final = 1
_INTEGERS: Final = range(-(2**63), 2**64)
_ALLOWED: Final = (
    "None, bool, int, float, str, bytes, datetime, and lists and dicts (keyed by str) of these"
)


class State:
    """What a plugin sees as `influxdb3_local.state`.

    What a run puts and deletes is stored in one piece with its lines and its place in the log when
    it ends well, and only then: rows that are served again after a failure meet the state that they
    met before. The run itself sees its changes at once. Other values are read as the newest run
    left them; where runs overlap, the one that ends last wins, key by key.
    """

    __slots__ = ("_run",)

    def __init__(self, run: Run) -> None:
        self._run = run

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 # any value may be kept
        """Give the value of a key, a copy of what was put, or `default`."""
        packed = self._packed(key)
        return default if packed is None else unpack(packed)

    def put(self, key: str, value: object) -> None:
        """Keep a value. Raises `TypeError` for other types, `ValueError` if it is too large.

        A list or dict that is changed afterwards has to be put again.
        """
        _check_key(key)
        self._run.keep_state(key, pack(key, value))

    def delete(self, key: str) -> bool:
        """Forget a key; true if it had a value."""
        existed = self._packed(key) is not None
        self._run.keep_state(key, None)
        return existed

    def keys(self) -> list[str]:
        """Give all keys, sorted."""
        run = self._run.start.run
        _, names = self._asked(lambda call: wire.StateKeys(run, call))
        keys: set[str] = set(msgspec.msgpack.decode(names))
        for key, packed in self._run.state.items():
            (keys.discard if packed is None else keys.add)(key)
        return sorted(keys)

    def _packed(self, key: str) -> bytes | None:
        """Give what this run put, or else what is stored."""
        _check_key(key)
        changed = self._run.state
        if key in changed:
            return changed[key]
        run = self._run.start.run
        reply, packed = self._asked(lambda call: wire.StateGet(run, call, key))
        return packed if reply.found else None

    def _asked(self, make: Callable[[int], wire.Call]) -> Answer:
        answer = self._run.connection.call(make)
        if answer[0].error is not None:
            raise RuntimeError(answer[0].error)
        return answer


def pack(key: str, value: object) -> bytes:
    """Make bytes of a value; `key` is for the error. Raises `TypeError`, `ValueError`."""
    packed = msgspec.msgpack.encode(_checked(key, value, STATE_DEPTH_MAX))
    if len(packed) > STATE_VALUE_BYTES_MAX:
        raise ValueError(
            f"the value of state '{key}' has {len(packed)} bytes and passes the maximum of "
            f"{STATE_VALUE_BYTES_MAX} bytes: keep large data in a table"
        )
    return packed


def unpack(packed: bytes) -> object:
    """Make the value again."""
    return msgspec.msgpack.decode(packed, ext_hook=_extension)


def _extension(code: int, data: memoryview) -> object:
    if code == _DATETIME:
        return datetime.fromisoformat(str(data, "ascii"))
    return msgspec.msgpack.Ext(code, bytes(data))


def _checked(key: str, value: object, depth: int) -> object:
    """Give what stands for a value in MessagePack; only types that come back as they are."""
    if value is None or type(value) in {bool, float, str, bytes}:
        return value
    if type(value) is int:
        if value not in _INTEGERS:
            raise ValueError(f"state '{key}' has an int that is out of range for 64 bits: {value}")
        return value
    if isinstance(value, datetime):
        return msgspec.msgpack.Ext(_DATETIME, value.isoformat().encode())
    if type(value) not in {list, dict}:
        raise TypeError(f"state '{key}' cannot keep a {type(value).__name__}; it keeps {_ALLOWED}")
    if depth == 0:
        raise ValueError(f"state '{key}' is nested deeper than {STATE_DEPTH_MAX} levels")
    return _container(key, value, depth - 1)


def _container(key: str, value: Any, depth: int) -> object:  # noqa: ANN401 # a list or a dict
    """Check what a list or a dict has."""
    if type(value) is list:
        return [_checked(key, one, depth) for one in value]
    for name in value:
        if type(name) is not str:
            raise TypeError(
                f"state '{key}' cannot keep a dict with a key of type {type(name).__name__}; "
                f"it keeps {_ALLOWED}"
            )
    return {name: _checked(key, one, depth) for name, one in value.items()}


def _check_key(key: object) -> None:
    """Refuse what is no key. Raises `TypeError`, `ValueError`."""
    if not isinstance(key, str):
        raise TypeError(f"a state key must be a str, not {type(key).__name__}")
    if not key:
        raise ValueError("a state key must not be empty")
    key.encode()  # half of a surrogate pair is no text
    if len(key) > STATE_KEY_CHARACTERS_MAX:
        raise ValueError(
            f"a state key of {len(key)} characters passes the maximum of "
            f"{STATE_KEY_CHARACTERS_MAX} characters"
        )
