"""The caches: the trigger's own hands back the object, the global one a copy."""

from tests.integration.pool.driver import Driver, writes

KEEP = "influxdb3_local.cache.put('key', [1], use_global=True)"
SHOW = "influxdb3_local.info(influxdb3_local.cache.get('key', 'none', use_global=True))"


def test_a_local_value_is_the_same_object_in_the_next_run(driver: Driver) -> None:
    driver.body(
        "import threading\nlock = threading.Lock()\n"
        "influxdb3_local.cache.put('lock', lock)\n"
        "influxdb3_local.info(id(lock), influxdb3_local.cache.get('lock') is lock)"
    )
    number = driver.host.texts[0].split()[0]
    driver.body("influxdb3_local.info(id(influxdb3_local.cache.get('lock')))")
    assert driver.host.texts == [number]


def test_triggers_have_local_values_of_their_own(driver: Driver) -> None:
    driver.body("influxdb3_local.cache.put('key', 1)", trigger_name="one")
    driver.body("influxdb3_local.info(influxdb3_local.cache.get('key'))", trigger_name="two")
    assert driver.host.texts == ["None"]


def test_global_values_are_shared_between_workers(driver: Driver) -> None:
    driver.run(driver.wal(writes(KEEP)), key="first")
    driver.run(driver.wal(writes(SHOW)), key="second")
    assert driver.host.texts == ["[1]"]
    delete = "influxdb3_local.info(influxdb3_local.cache.delete('key', use_global=True))"
    for expected in ("True", "False"):
        driver.run(driver.wal(writes(delete)), key="first")
        assert driver.host.texts == [expected]


def test_test_runs_have_caches_of_their_own(driver: Driver) -> None:
    driver.body(KEEP + "\ninfluxdb3_local.cache.put('key', 1)")
    both = SHOW + "\ninfluxdb3_local.info(influxdb3_local.cache.get('key'))"
    driver.body(both, cache_name="trial")
    assert driver.host.texts == ["none", "None"]


def test_a_global_value_that_cannot_be_pickled_is_refused(driver: Driver) -> None:
    result = driver.body("influxdb3_local.cache.put('key', lambda: 1, use_global=True)")
    assert str(result.error).startswith("TypeError: the global cache keeps copies, and the value")


def test_a_class_of_the_plugin_can_be_cached_globally(driver: Driver) -> None:
    code = "class Point:\n    x = 5\n" + writes(
        "if influxdb3_local.cache.get('point', use_global=True) is None:\n"
        "    influxdb3_local.cache.put('point', Point(), use_global=True)\n"
        "influxdb3_local.info(influxdb3_local.cache.get('point', use_global=True).x)"
    )
    run = driver.wal(code)
    for _ in range(2):
        driver.run(run)
        assert driver.host.texts == ["5"]
