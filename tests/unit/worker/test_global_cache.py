"""The global cache: bytes in the server, by namespace, bounded."""

import pytest

from influxpe.plugin import global_cache
from influxpe.plugin.global_cache import GLOBAL_CACHE_BYTES_MAX, GlobalCache


def test_namespaces_do_not_see_each_other() -> None:
    cache = GlobalCache()
    cache.put(None, "key", b"1", None)
    assert cache.get(None, "key") == b"1"
    assert cache.get("trial", "key") is None
    assert not cache.delete("trial", "key")
    assert cache.delete(None, "key")
    assert cache.get(None, "key") is None


def test_values_expire() -> None:
    now_s = 0.0
    cache = GlobalCache(now_s=lambda: now_s)
    cache.put(None, "key", b"1", 5.0)
    assert cache.get(None, "key") == b"1"
    now_s = 5.0
    assert cache.get(None, "key") is None


def test_the_maximum_of_bytes_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert GLOBAL_CACHE_BYTES_MAX > 0
    monkeypatch.setattr(global_cache, "GLOBAL_CACHE_BYTES_MAX", 10)
    now_s = 0.0
    cache = GlobalCache(now_s=lambda: now_s)
    cache.put(None, "a", b"12345", 1.0)
    cache.put(None, "b", b"12345", None)
    with pytest.raises(ValueError, match="pass the maximum of 10 bytes"):
        cache.put(None, "c", b"1", None)
    cache.put(None, "b", b"54321", None)
    now_s = 1.0
    cache.put(None, "c", b"1", None)
    assert cache.get(None, "b") == b"54321"
