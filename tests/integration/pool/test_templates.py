"""The template: it is replaced when it dies or packages come, and nothing outlives the server."""

import asyncio
import os
import signal
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from influxpe.plugin.pool import WorkerDied
from tests.integration.pool.driver import Driver, MakeDriver, RecordingHost, writes
from tests.integration.pool.processes import is_alive
from tests.polling import eventually

PIDS = "import os\ninfluxdb3_local.info(os.getpid(), os.getppid())"

# A server in small: starts workers that sleep and spin, tells their process ids, and waits.
SERVER = """
import asyncio, sys
from pathlib import Path
from tests.integration.pool.driver import Driver, RecordingHost, writes

async def main():
    with_pids = "import os\\ninfluxdb3_local.info(os.getpid(), os.getppid())\\n"
    host = RecordingHost()
    for key, body in (("a", "while True: pass"), ("b", "import time; time.sleep(3600)")):
        run = driver.wal(writes(with_pids + body))
        driver.tasks.append(asyncio.create_task(driver.pool.run(key, run, host)))
    while len(host.texts) < 2:
        await asyncio.sleep(0.01)
    print(*host.texts, flush=True)
    await asyncio.sleep(3600)

driver = Driver(Path(sys.executable), Path(sys.argv[1]))
driver.tasks = []
driver.do(main())
"""


def worker_and_template(driver: Driver) -> tuple[int, int]:
    assert driver.body(PIDS).error is None
    worker, template = driver.host.texts[0].split()
    return int(worker), int(template)


def test_a_killed_server_leaves_no_process(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    environment = os.environ | {"PYTHONPATH": f"{root}{os.pathsep}{root / 'python'}"}
    command = [sys.executable, "-c", SERVER, str(tmp_path)]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL
    ) as server:
        assert server.stdout is not None
        pids = {int(word) for word in server.stdout.readline().split()}
        assert len(pids) == 3
        server.kill()
    eventually(lambda: [pid for pid in pids if is_alive(pid)], lambda alive: alive == [])


def test_a_killed_template_fails_its_runs_and_is_replaced(driver: Driver) -> None:
    worker, template = worker_and_template(driver)

    async def kill_during_a_run() -> None:
        host = RecordingHost()
        run = driver.wal(writes("influxdb3_local.info('here')\nimport time\ntime.sleep(3600)"))
        task = asyncio.create_task(driver.pool.run("other", run, host))
        await host.wait_for_log()
        os.kill(template, signal.SIGKILL)
        with pytest.raises(WorkerDied, match="with the process that starts plugins"):
            await task

    driver.do(kill_during_a_run())
    eventually(lambda: is_alive(worker), lambda alive: not alive)
    assert worker_and_template(driver)[1] != template


def test_what_a_plugin_started_ends_with_its_worker(driver: Driver) -> None:
    driver.body(
        "import os, subprocess\n"
        "child = subprocess.Popen(['sleep', '3600']).pid\n"
        "forked = os.fork() or os.execvp('sleep', ['sleep', '3600'])\n"
        "influxdb3_local.info(child, forked)"
    )
    children = [int(word) for word in driver.host.texts[0].split()]
    assert all(is_alive(child) for child in children)
    driver.do(driver.pool.stop("key"))
    eventually(lambda: [c for c in children if is_alive(c)], lambda alive: alive == [])


def test_a_new_template_serves_new_runs_while_old_ones_finish(make_driver: MakeDriver) -> None:
    driver = make_driver()
    _, template = worker_and_template(driver)

    async def restart_during_a_run() -> None:
        host = RecordingHost()
        waiting = writes(
            "import os, time\ninfluxdb3_local.info('here')\n"
            "while not os.path.exists(args['go']): time.sleep(0.01)\n"
        )
        go = driver.folder / "go"
        run = driver.wal(waiting, arguments={"go": str(go)})
        task = asyncio.create_task(driver.pool.run("busy", run, host))
        await host.wait_for_log()
        await driver.pool.restart_template()
        assert is_alive(template)
        go.touch()
        assert (await task).error is None

    driver.do(restart_during_a_run())
    assert worker_and_template(driver)[1] != template

    async def wait_for_the_end() -> None:
        # The old template is read (and gone) by the event loop alone.
        async with asyncio.timeout(10):
            while is_alive(template):  # noqa: ASYNC110 # a process has no event
                await asyncio.sleep(0.01)

    driver.do(wait_for_the_end())


def test_packages_of_a_virtual_environment_are_found_first(make_driver: MakeDriver) -> None:
    driver = make_driver()
    home = driver.folder / "env"
    venv.create(home, with_pip=False, symlinks=True)
    inside = make_driver(python=home / "bin" / "python")
    show = (
        "import os, sys, later, influxdb3\n"
        "influxdb3_local.info(later.NAME, influxdb3.__file__, sys.prefix)\n"
        "influxdb3_local.info(os.environ['VIRTUAL_ENV'])\n"
        "LineBuilder('a')"
    )
    assert "No module named 'later'" in str(inside.body(show).error)
    packages = next((home / "lib").glob("python3*")) / "site-packages"
    (packages / "later.py").write_text("NAME = 'installed'\n")
    (packages / "influxdb3.py").write_text("'''Of the user.'''\n")
    inside.do(inside.pool.restart_template())
    assert inside.body(show).error is None
    assert inside.host.texts == [f"installed {packages / 'influxdb3.py'} {home}", str(home)]


def test_an_interpreter_that_is_missing_is_named(make_driver: MakeDriver) -> None:
    driver = make_driver(python=Path("no/such/python"))
    with pytest.raises(WorkerDied, match=r"cannot start plugin processes with no/such/python"):
        driver.body("pass")


def test_an_interpreter_that_ends_is_reported(make_driver: MakeDriver) -> None:
    driver = make_driver(python=Path("/bin/false"))
    with pytest.raises(WorkerDied, match="the process that starts plugins has ended"):
        driver.body("pass")
