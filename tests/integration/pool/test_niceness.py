"""Workers step back where processors are scarce."""

import os

from influxpe.worker.confine import NICENESS
from tests.integration.pool.driver import Driver

LEAST = 19


def test_a_worker_lets_the_server_go_first(driver: Driver) -> None:
    driver.body("import os\ninfluxdb3_local.info(os.getpriority(os.PRIO_PROCESS, 0))")
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert driver.host.texts == [str(min(LEAST, own + NICENESS))]
