"""Processes that a plugin has started end with its worker, also those that have left its group."""

import pytest

from tests.integration.pool.driver import Driver, MakeDriver, writes
from tests.integration.pool.processes import is_alive
from tests.polling import eventually

DAEMON = """
import os, time
own, other = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(other, b"%d " % os.getpid())
        time.sleep(3600)
    os._exit(0)
os.wait()
influxdb3_local.info(os.read(own, 100).decode())
"""
SESSION = """
import subprocess
influxdb3_local.info(subprocess.Popen(["sleep", "3600"], start_new_session=True).pid)
"""


def gone(process_id: int) -> None:
    """Wait until a process has ended."""
    eventually(lambda: is_alive(process_id), lambda alive: not alive)


@pytest.mark.parametrize("body", [DAEMON, SESSION], ids=["daemon", "session"])
def test_what_left_the_group_ends_with_the_worker(driver: Driver, body: str) -> None:
    assert driver.body(body).error is None
    process_id = int(driver.host.texts[0])
    assert driver.body("pass").error is None
    assert is_alive(process_id)
    driver.do(driver.pool.stop("key"))
    gone(process_id)


def test_a_worker_that_ends_takes_nothing_of_another_with_it(driver: Driver) -> None:
    assert driver.body(DAEMON).error is None
    process_id = int(driver.host.texts[0])
    assert driver.run(driver.wal(writes(DAEMON)), key="other").error is None
    driver.do(driver.pool.stop("other"))
    gone(int(driver.host.texts[0]))
    assert is_alive(process_id)


@pytest.mark.parametrize("body", [DAEMON, SESSION], ids=["daemon", "session"])
def test_it_ends_with_the_pool_too(make_driver: MakeDriver, body: str) -> None:
    driver = make_driver()
    assert driver.body(body).error is None
    process_id = int(driver.host.texts[0])
    driver.do(driver.pool.close())
    gone(process_id)
