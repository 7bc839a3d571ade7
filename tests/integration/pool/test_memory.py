"""The memory figure of a run."""

from tests.integration.pool.driver import Driver

MIB = 1024 * 1024
# What a run takes beside what its plugin asks for, and what the allocator keeps of it.
SLACK = 24 * MIB


def test_each_run_tells_the_most_memory_that_it_had(driver: Driver) -> None:
    before = driver.body("pass").peak_memory_bytes
    large = driver.body("kept = bytearray(200 << 20)\ndel kept").peak_memory_bytes
    after = driver.body("pass").peak_memory_bytes
    assert before > MIB
    assert large - before >= 200 * MIB - SLACK
    assert after <= before + SLACK


def test_a_failed_run_tells_it_too(driver: Driver) -> None:
    before = driver.body("pass").peak_memory_bytes
    result = driver.body("kept = bytearray(200 << 20)\n1 / 0")
    assert result.error is not None
    assert result.peak_memory_bytes - before >= 200 * MIB - SLACK


def test_a_plugin_that_has_closed_files_keeps_its_own(driver: Driver) -> None:
    """The figure is asked for without a descriptor that a plugin's file could take the place of."""
    opens = (
        "import os, tempfile\n"
        "files = [tempfile.TemporaryFile() for _ in range(50)]\n"
        "influxdb3_local.cache.put('files', files)"
    )
    assert driver.body(opens).error is None
    assert driver.body("pass").peak_memory_bytes > MIB
    sizes = "import os\ninfluxdb3_local.info(sum(os.fstat(f.fileno()).st_size for f in files))"
    driver.body(f"files = influxdb3_local.cache.get('files')\n{sizes}")
    assert driver.host.texts == ["0"]
