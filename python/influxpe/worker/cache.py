"""`influxdb3_local.cache`: the trigger's own values by reference, global ones in the server."""

import math
import pickle  # what is unpickled here was pickled by plugins of the same server
import threading
import time
from collections.abc import Hashable
from typing import Any, Final

from influxpe.worker import wire
from influxpe.worker.connection import Answer, Connection

SWEEP_INTERVAL_S: Final = 10.0
# Caches of test runs, so that trying out a plugin leaves nothing behind for long.
TEST_TTL_S: Final = 30 * 60.0
# The longest time to live that the reference can hold, in seconds.
TTL_S_MAX: Final = 2.0**64


class LocalStore:
    """The values of one trigger in this process; hands back the identical object."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, tuple[object, float]] = {}
        self._swept_s = time.monotonic()

    def put(self, key: str, value: object, ttl_s: float | None) -> None:
        """Keep a value. What it replaces ends outside the lock: its destructor may come back."""
        ends_s = math.inf if ttl_s is None else time.monotonic() + ttl_s
        with self._lock:
            replaced = self._values.get(key)
            self._values[key] = (value, ends_s)
        del replaced

    def get(self, key: str, default: object) -> object:
        """The value of a key that has not expired, or `default`."""
        with self._lock:
            value, ends_s = self._values.get(key, (default, math.inf))
            expired = self._values.pop(key) if ends_s <= time.monotonic() else None
        return value if expired is None else default

    def delete(self, key: str) -> bool:
        """Forget a key; true if it had a value."""
        with self._lock:
            removed = self._values.pop(key, None)
        return removed is not None and removed[1] > time.monotonic()

    def sweep(self) -> None:
        """Drop what has expired, at most once per `SWEEP_INTERVAL_S`."""
        now_s = time.monotonic()
        if now_s - self._swept_s < SWEEP_INTERVAL_S:
            return
        with self._lock:
            self._swept_s = now_s
            expired = [key for key, (_, ends_s) in self._values.items() if ends_s <= now_s]
            dropped = [self._values.pop(key) for key in expired]
        del dropped


class Stores:
    """The local stores of this process: one per trigger, one per name of test runs."""

    def __init__(self) -> None:
        self._stores: dict[Hashable, LocalStore] = {}

    def of(self, start: wire.Start) -> LocalStore:
        """The store that a run uses."""
        name: Hashable = (start.database, start.trigger_name)
        found = self._stores.get(start.cache_name or name)
        return found or self._stores.setdefault(start.cache_name or name, LocalStore())


class Cache:
    """What a plugin sees as `influxdb3_local.cache`."""

    __slots__ = ("_cache_name", "_connection", "_store")

    def __init__(self, store: LocalStore, connection: Connection, cache_name: str | None) -> None:
        self._store = store
        self._connection = connection
        self._cache_name = cache_name

    def put(
        self, key: str, value: object, ttl: float | None = None, use_global: bool | None = None
    ) -> None:
        """Keep a value, for `ttl` seconds if given. Raises `ValueError` for a bad `ttl`.

        Raises `TypeError` for a key that is no `str` or a global value that cannot be pickled.
        """
        _check_key(key)
        ttl_s = self._ttl_s(ttl)
        if use_global:
            self._put_global(key, value, ttl_s)
        else:
            self._store.put(key, value, ttl_s)

    def get(
        self,
        key: str,
        default: Any = None,  # noqa: ANN401 # any value may be cached
        use_global: bool | None = None,
    ) -> Any:  # noqa: ANN401 # as above
        """The value of a key, or `default`; a global value is a copy."""
        _check_key(key)
        if not use_global:
            return self._store.get(key, default)
        reply, value = self._answered(
            self._connection.call(lambda call: wire.CacheGet(call, self._cache_name, key))
        )
        return pickle.loads(value) if reply.found else default  # noqa: S301 # see the import

    def delete(self, key: str, use_global: bool | None = None) -> bool:
        """Forget a key; true if it had a value."""
        _check_key(key)
        if not use_global:
            return self._store.delete(key)
        reply, _ = self._answered(
            self._connection.call(lambda call: wire.CacheDelete(call, self._cache_name, key))
        )
        return reply.found

    def _put_global(self, key: str, value: object, ttl_s: float | None) -> None:
        """Send a pickled value to the server."""
        try:
            pickled = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
        except Exception as error:
            raise TypeError(
                f"the global cache keeps copies, and the value of '{key}' cannot be pickled: "
                f"{error}; leave out use_global to keep the object itself"
            ) from error
        self._answered(
            self._connection.call(
                lambda call: wire.CachePut(call, self._cache_name, key, pickled, ttl_s)
            )
        )

    def _answered(self, answer: Answer) -> Answer:
        """Raise the error of a reply, if it has one."""
        if answer[0].error is not None:
            raise ValueError(answer[0].error)
        return answer

    def _ttl_s(self, ttl: float | None) -> float | None:
        """Check a time to live, in the reference's words."""
        if ttl is None:
            return TEST_TTL_S if self._cache_name is not None else None
        seconds = float(ttl)
        if math.isnan(seconds) or seconds >= TTL_S_MAX:
            raise ValueError(
                "cannot convert float seconds to Duration: value is either too big or NaN"
            )
        if seconds < 0:
            raise ValueError("cannot convert float seconds to Duration: value is negative")
        return seconds


def _check_key(key: object) -> None:
    """Refuse a key that is no `str`."""
    if not isinstance(key, str):
        raise TypeError(f"a cache key must be a str, not {type(key).__name__}")
