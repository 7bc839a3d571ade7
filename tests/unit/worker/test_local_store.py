"""The local cache: objects by reference, times to live, namespaces."""

import math
from typing import Any

import pytest

from influxpe.worker import cache
from influxpe.worker.cache import SWEEP_INTERVAL_S, TEST_TTL_S, TTL_S_MAX, Cache, LocalStore


class Clock:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        """Seconds."""
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(cache, "time", clock)
    return clock


@pytest.fixture
def store(clock: Clock) -> LocalStore:
    assert clock.now_s
    return LocalStore()


def opened(store: LocalStore, cache_name: str | None = None) -> Cache:
    unused: Any = None  # local values need no connection
    return Cache(store, unused, cache_name)


def test_the_object_itself_comes_back(store: LocalStore) -> None:
    value = [1]
    opened(store).put("key", value)
    value.append(2)
    assert opened(store).get("key") is value


def test_what_is_absent_is_the_default(store: LocalStore) -> None:
    assert opened(store).get("key") is None
    assert opened(store).get("key", 5) == 5
    assert not opened(store).delete("key")


def test_deleting_tells_whether_it_was_there(store: LocalStore) -> None:
    opened(store).put("key", None)
    assert opened(store).delete("key")
    assert not opened(store).delete("key")


def test_values_expire(store: LocalStore, clock: Clock) -> None:
    opened(store).put("key", 1, ttl=5)
    clock.now_s += 4.9
    assert opened(store).get("key") == 1
    clock.now_s += 0.1
    assert opened(store).get("key") is None
    opened(store).put("key", 1, ttl=0)
    assert not opened(store).delete("key")


def test_a_sweep_frees_what_has_expired(store: LocalStore, clock: Clock) -> None:
    opened(store).put("old", 1, ttl=1)
    opened(store).put("new", 1)
    clock.now_s += SWEEP_INTERVAL_S
    store.sweep()
    assert list(store._values) == ["new"]


def test_values_of_test_runs_last_half_an_hour(store: LocalStore, clock: Clock) -> None:
    opened(store, "trial").put("key", 1)
    clock.now_s += TEST_TTL_S
    assert opened(store, "trial").get("key") is None


@pytest.mark.parametrize(
    ("ttl", "message"),
    [
        (-1, "cannot convert float seconds to Duration: value is negative"),
        (math.nan, "cannot convert float seconds to Duration: value is either too big or NaN"),
        (math.inf, "cannot convert float seconds to Duration: value is either too big or NaN"),
        (TTL_S_MAX, "cannot convert float seconds to Duration: value is either too big or NaN"),
    ],
)
def test_a_bad_time_to_live_is_refused(store: LocalStore, ttl: float, message: str) -> None:
    with pytest.raises(ValueError, match=rf"^{message}$"):
        opened(store).put("key", 1, ttl=ttl)


def test_a_key_is_a_text(store: LocalStore) -> None:
    wrong: Any = 5
    for call in (opened(store).get, opened(store).delete):
        with pytest.raises(TypeError, match=r"^a cache key must be a str, not int$"):
            call(wrong)


def test_a_destructor_may_use_the_cache(store: LocalStore) -> None:
    class Last:
        def __del__(self) -> None:
            store.put("last", "words", None)

    store.put("key", Last(), None)
    store.put("key", 1, None)
    assert store.get("last", None) == "words"
