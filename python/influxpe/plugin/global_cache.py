"""The values that plugins share with `use_global=True`: pickled, in the server's memory."""

import time
from collections.abc import Callable
from typing import Final

# Of all values together: a plugin that caches without end gets an error, not the server's memory.
GLOBAL_CACHE_BYTES_MAX: Final = 256 * 1024 * 1024


class GlobalCache:
    """Pickled values by namespace (`None`, or the name of a test run's cache) and key.

    They are bytes to the server, which never unpickles them. Not durable.
    """

    def __init__(self, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._values: dict[tuple[str | None, str], tuple[bytes, float | None]] = {}
        self._bytes = 0

    def put(self, cache_name: str | None, key: str, value: bytes, ttl_s: float | None) -> None:
        """Keep a value. Raises `ValueError` when all of them would pass the maximum."""
        self._drop((cache_name, key))
        if self._bytes + len(value) > GLOBAL_CACHE_BYTES_MAX:
            self._drop_expired()
        if self._bytes + len(value) > GLOBAL_CACHE_BYTES_MAX:
            raise ValueError(
                f"the global cache is full: {self._bytes} bytes and {len(value)} bytes for "
                f"'{key}' pass the maximum of {GLOBAL_CACHE_BYTES_MAX} bytes"
            )
        ends_s = None if ttl_s is None else self._now_s() + ttl_s
        self._values[cache_name, key] = (value, ends_s)
        self._bytes += len(value)

    def get(self, cache_name: str | None, key: str) -> bytes | None:
        """The value of a key that has not expired."""
        if self._is_expired((cache_name, key)):
            self._drop((cache_name, key))
        found = self._values.get((cache_name, key))
        return found[0] if found is not None else None

    def delete(self, cache_name: str | None, key: str) -> bool:
        """Forget a key; true if it had a value."""
        existed = self.get(cache_name, key) is not None
        self._drop((cache_name, key))
        return existed

    def _is_expired(self, name: tuple[str | None, str]) -> bool:
        found = self._values.get(name)
        return found is not None and found[1] is not None and found[1] <= self._now_s()

    def _drop(self, name: tuple[str | None, str]) -> None:
        removed = self._values.pop(name, None)
        if removed is not None:
            self._bytes -= len(removed[0])

    def _drop_expired(self) -> None:
        for name in [name for name in self._values if self._is_expired(name)]:
            self._drop(name)
