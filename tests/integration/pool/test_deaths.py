"""Plugins that end, hang or starve their process: the pool says so and serves the next run."""

import asyncio
import time
from pathlib import Path

import pytest

from influxpe.plugin.pool import RunTooLong, WorkerDied
from tests.integration.pool.driver import Driver, MakeDriver, RecordingHost, writes

SPIN = "while True: pass"
SLEEP = "import time\ntime.sleep(3600)"
DYING = {
    "import os\nos.kill(os.getpid(), 11)": r"watcher: .* killed by signal 11 \(SIGSEGV\)",
    "import ctypes\nctypes.string_at(0)": r"watcher: .* killed by signal 11 \(SIGSEGV\)",
    "import os\nos._exit(7)": "watcher: its process ended with exit status 7",
    "import os\nos.abort()": r"watcher: .* killed by signal 6 \(SIGABRT\)",
    "import os\nos.kill(os.getpid(), 9)": r"watcher: .* killed by signal 9 \(SIGKILL\)",
    "import os\nos.killpg(0, 15)": r"watcher: .* killed by signal 15 \(SIGTERM\)",
    "import os\nos.closerange(3, 1000)": "watcher: .* lost its connection .* plugin closed it",
    "import socket\n"
    "for n in range(3, 32):\n"
    "    try:\n        socket.socket(fileno=n).sendall(b'x' * 100)\n"
    "    except OSError:\n        pass": "watcher: its process sent what is no message",
}
HARMLESS = {
    "closes its output": "import contextlib, os, sys\nsys.stdout.close()\n"
    "with contextlib.suppress(OSError):\n    os.close(2)",
    "forks and returns twice": "import os\nos.fork()",
    "forks a child that lasts": f"import os\nif os.fork() == 0:\n    {SPIN}",
    "starts a process": "import subprocess\nsubprocess.Popen(['sleep', '3600'])",
    "starts threads": f"import threading\ndef spin():\n    {SPIN}\n"
    "threading.Thread(target=spin).start()",
    "changes signals": "import os, signal\n[signal.getsignal(n) for n in (2, 15)]",
    "uses processes": "import multiprocessing\nwith multiprocessing.get_context('fork').Pool(2) "
    "as pool:\n    assert pool.map(abs, [-1, -2]) == [1, 2]",
    "runs a loop": "import asyncio\nasyncio.run(asyncio.sleep(0))",
}


@pytest.mark.parametrize("body", DYING)
def test_a_plugin_that_ends_its_process_ends_only_that(driver: Driver, body: str) -> None:
    for _ in range(2):
        with pytest.raises(WorkerDied, match=DYING[body]):
            driver.body(body)
    assert driver.body("influxdb3_local.info('well')").error is None
    assert driver.host.texts == ["well"]


@pytest.mark.parametrize("name", HARMLESS)
def test_a_plugin_may_do_this(driver: Driver, name: str) -> None:
    for _ in range(2):
        assert driver.body(HARMLESS[name]).error is None
    driver.do(driver.pool.stop("key"))
    assert driver.body("influxdb3_local.info('well')").error is None
    assert driver.host.texts == ["well"]


@pytest.mark.parametrize("body", [SPIN, SLEEP])
def test_a_run_that_takes_too_long_is_ended(make_driver: MakeDriver, body: str) -> None:
    driver = make_driver(run_seconds_max=1.0)
    with pytest.raises(WorkerDied, match=r"watcher: the run took longer than 1 s and was ended"):
        driver.body(f"influxdb3_local.info('before')\n{body}")
    assert driver.host.texts == ["before"]
    assert driver.body("influxdb3_local.info('well')").error is None


def test_a_run_may_have_a_limit_of_its_own(driver: Driver) -> None:
    with pytest.raises(RunTooLong, match=r"watcher: the run took longer than 0.2 s and was ended"):
        driver.body(SLEEP, time_limit_s=0.2)
    assert driver.body("influxdb3_local.info('well')").error is None


def test_a_late_run_does_not_end_those_beside_it(driver: Driver, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    waits = f"""
import os, pathlib, time
influxdb3_local.info("here")
while not pathlib.Path({str(gate)!r}).exists():
    time.sleep(0.01)
influxdb3_local.write("process n=%di" % os.getpid())
"""

    async def beside() -> list[str]:
        host = RecordingHost()
        patient = driver.wal(writes(waits))
        running = asyncio.create_task(driver.pool.run("b", patient, host, overlap=True))
        await host.wait_for_log()
        late = driver.wal(writes(SLEEP), time_limit_s=0.1)
        with pytest.raises(RunTooLong):
            await driver.pool.run("b", late, host, overlap=True)
        gate.touch()
        after = await driver.pool.run("b", patient, host, overlap=True)
        return [lines for result in (await running, after) for _, lines in result.writes]

    first, second = driver.do(beside())
    assert first != second  # the next run has a new process


def test_a_plugin_that_allocates_meets_its_limit(make_driver: MakeDriver) -> None:
    driver = make_driver(memory_bytes_max=400 * 1024 * 1024)
    result = driver.body("kept = []\nwhile True: kept.append(bytearray(1 << 20))")
    assert str(result.error).startswith("MemoryError")
    assert driver.body("influxdb3_local.info('well')").error is None


def test_other_keys_go_on_beside_a_spinning_plugin(driver: Driver) -> None:
    async def beside() -> None:
        host = RecordingHost()
        text = f"influxdb3_local.info('spins')\n{SPIN}"
        spinning = asyncio.create_task(driver.pool.run("spin", driver.wal(writes(text)), host))
        await host.wait_for_log()
        run = driver.wal(writes("pass"))
        for _ in range(20):
            assert (await driver.pool.run("other", run, host)).error is None
        await driver.pool.stop("spin")
        with pytest.raises(WorkerDied, match="watcher: it was stopped"):
            await spinning

    driver.do(beside())


def test_stopping_fails_the_runs_that_wait_too(driver: Driver) -> None:
    async def stopped() -> list[object]:
        host = RecordingHost()
        run = driver.wal(writes(f"influxdb3_local.info('here')\n{SLEEP}"))
        runs = [asyncio.create_task(driver.pool.run("s", run, host)) for _ in range(3)]
        await host.wait_for_log()
        await driver.pool.stop("s")
        return list(await asyncio.gather(*runs, return_exceptions=True))

    assert [type(result) for result in driver.do(stopped())] == [WorkerDied] * 3


def test_a_cancelled_run_ends_its_worker(driver: Driver) -> None:
    async def cancelled() -> None:
        host = RecordingHost()
        run = driver.wal(writes(f"influxdb3_local.info('here')\n{SLEEP}"))
        task = asyncio.create_task(driver.pool.run("c", run, host))
        await host.wait_for_log()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await driver.pool.run("c", driver.wal(writes("pass")), host)).error is None

    driver.do(cancelled())


@pytest.mark.parametrize("body", [SPIN, SLEEP])
def test_closing_takes_less_than_two_seconds(make_driver: MakeDriver, body: str) -> None:
    driver = make_driver()

    async def close() -> float:
        hosts = [RecordingHost() for _ in range(3)]
        run = driver.wal(writes(f"influxdb3_local.info('here')\n{body}"))
        runs = [
            asyncio.create_task(driver.pool.run(str(n), run, host)) for n, host in enumerate(hosts)
        ]
        for host in hosts:
            await host.wait_for_log()
        start_s = time.monotonic()
        await driver.pool.close()
        took_s = time.monotonic() - start_s
        for result in await asyncio.gather(*runs, return_exceptions=True):
            assert isinstance(result, WorkerDied)
        with pytest.raises(WorkerDied, match="the server stops"):
            await driver.pool.run("late", run, hosts[0])
        return took_s

    assert driver.do(close()) < 2.0


def test_the_last_words_of_a_dying_plugin_are_kept(driver: Driver) -> None:
    with pytest.raises(WorkerDied):
        driver.body("import os\nfor i in range(50): influxdb3_local.info(i)\nos._exit(1)")
    assert driver.host.texts == [str(i) for i in range(50)]
