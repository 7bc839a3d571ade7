"""Runs that take long: the log says where they are, and so does the error of one that is ended."""

import asyncio
from pathlib import Path

import pytest

from influxpe.plugin.pool import RunTooLong, Source
from influxpe.worker.wire import STACK_SIGNAL
from tests.integration.pool.driver import Driver, MakeDriver, RecordingHost, writes

# Each has `# here` on the line that is to be named.
STUCK = {
    "an endless loop": "n = 0\nwhile True: n += 1  # here",
    "calls in an endless loop": "def turn():\n    pass\nwhile True: turn()  # here",
    "a sleep": "import time\ntime.sleep(3600)  # here",
    "code in C that keeps the lock": "sum(range(10**13))  # here",
    "a pattern that explodes": "import re\nre.match('(a+)+b', 'a' * 40)  # here",
    "waiting for a thread": (
        "import threading\nother = threading.Thread(target=threading.Event().wait, daemon=True)\n"
        "other.start()\nother.join()  # here"
    ),
}


def line_of(code: str) -> int:
    """The number of the line that says `# here`."""
    return next(n for n, line in enumerate(code.splitlines(), 1) if "# here" in line)


@pytest.mark.parametrize("what", STUCK)
def test_the_log_says_once_where_a_run_is_that_takes_long(
    make_driver: MakeDriver, what: str
) -> None:
    driver = make_driver(stuck_after_s=0.2)
    code = writes(STUCK[what])

    async def stuck() -> list[tuple[str, str]]:
        host = RecordingHost()
        run = driver.wal(code, name="slow.py")
        running = asyncio.create_task(driver.pool.run("key", run, host))
        await host.wait_for_log()
        await driver.pool.stop("key")
        await asyncio.gather(running, return_exceptions=True)
        return host.logs

    [(level, text)] = driver.do(stuck())
    first, *stack = text.splitlines()
    place = f"slow.py line {line_of(code)} in process_writes"
    assert level == "WARN"
    if "calls" not in what:
        assert first == f"the run takes more than 0.2 s; it is at {place}"
    assert stack[0] == "Stack (most recent call last):"
    assert stack[1].endswith(f'slow.py", line {line_of(code)}, in process_writes')
    assert stack[2].endswith("# here")


def test_a_run_that_ends_in_time_logs_nothing(make_driver: MakeDriver) -> None:
    driver = make_driver(stuck_after_s=5.0)
    assert driver.body("pass").error is None
    assert driver.host.logs == []


@pytest.mark.parametrize("overlap", [False, True])
def test_the_error_of_a_run_that_is_ended_says_where_it_was(driver: Driver, overlap: bool) -> None:
    code = writes("import time\ntime.sleep(3600)  # here")
    with pytest.raises(RunTooLong) as ended:
        driver.run(driver.wal(code, name="late.py", time_limit_s=0.3), overlap=overlap)
    assert str(ended.value) == (
        "trigger watcher: the run took longer than 0.3 s and was ended; "
        f"it was at late.py line {line_of(code)} in process_writes"
    )
    assert ended.value.traceback.endswith("    time.sleep(3600)  # here\n")


def test_of_runs_that_overlap_each_one_has_its_own_place(make_driver: MakeDriver) -> None:
    driver = make_driver(stuck_after_s=0.3)
    codes = {name: writes(f"import time\n{pad}time.sleep(3600)  # here") for name, pad in
             (("one.py", ""), ("two.py", "\n\n"))}  # fmt: skip

    async def stuck() -> list[str]:
        hosts = [RecordingHost() for _ in codes]
        runs = [driver.wal(code, name=name) for name, code in codes.items()]
        running = [
            asyncio.create_task(driver.pool.run("key", run, host, overlap=True))
            for run, host in zip(runs, hosts, strict=True)
        ]
        for host in hosts:
            await host.wait_for_log()
        await driver.pool.stop("key")
        await asyncio.gather(*running, return_exceptions=True)
        return [host.texts[0].splitlines()[0] for host in hosts]

    assert driver.do(stuck()) == [
        f"the run takes more than 0.3 s; it is at {name} line {line_of(code)} in process_writes"
        for name, code in codes.items()
    ]


def test_threads_of_a_plugin_are_not_taken_for_the_run(driver: Driver) -> None:
    code = writes(
        "import threading, time\n"
        "def other():\n"
        "    time.sleep(3600)\n"
        "for _ in range(20): threading.Thread(target=other, daemon=True).start()\n"
        "time.sleep(3600)  # here"
    )
    with pytest.raises(RunTooLong, match=rf"line {line_of(code)} in process_writes$"):
        driver.run(driver.wal(code, time_limit_s=0.3))


def test_a_file_of_a_folder_is_named_with_the_folder(driver: Driver) -> None:
    entry = writes("from . import inner\ninner.wait()")
    inner = "import time\n\ndef wait():\n    time.sleep(9)\n"
    folder = driver.folder / "monitor"
    source = Source("monitor", str(folder / "__init__.py"), entry, (("inner.py", inner),), "x")
    run = driver.made("wal", "", time_limit_s=0.5)
    with pytest.raises(RunTooLong, match=r"; it was at monitor/inner\.py line 4 in wait$"):
        driver.run(type(run)(**{**vars(run), "source": source}))


WAITS = {
    "a sleep": "time.sleep(0.3)",
    "a poll": "poll = select.poll()\npoll.register(mine, select.POLLIN)\npoll.poll(300)",
    "a socket": "mine.settimeout(0.3)\ntry: mine.recv(1)\nexcept TimeoutError: pass",
    "a queue": "try: queue.Queue().get(timeout=0.3)\nexcept queue.Empty: pass",
    "a process": "subprocess.run(['sleep', '0.3'], check=True)",
    "a loop": "asyncio.run(asyncio.sleep(0.3))",
    "a loop that computes": "while time.monotonic() - began < 0.3: sum(range(100))",
}


@pytest.mark.parametrize("what", WAITS)
def test_a_run_that_was_asked_where_it_is_goes_on(make_driver: MakeDriver, what: str) -> None:
    driver = make_driver(stuck_after_s=0.1)
    imports = "import asyncio, queue, select, socket, subprocess, time\n"
    begins = "began = time.monotonic()\nmine, its = socket.socketpair()\n"
    ends = "\ninfluxdb3_local.info(time.monotonic() - began >= 0.3)"
    assert driver.body(imports + begins + WAITS[what] + ends).error is None
    assert driver.host.logs[0][0] == "WARN"
    assert driver.host.texts[1:] == ["True"]


def test_code_that_only_calls_survives_many_questions(driver: Driver, tmp_path: Path) -> None:
    """A thread that looked at the calls of another one would end the process here."""
    gate = tmp_path / "gate"
    code = writes(
        "import os\n"
        "def deep(n):\n"
        "    return deep(n - 1) if n else 0\n"
        "influxdb3_local.info('here')\n"
        f"while not os.path.exists({str(gate)!r}):\n"
        "    deep(900)"
    )

    async def asked() -> None:
        host = RecordingHost()
        running = asyncio.create_task(driver.pool.run("calls", driver.wal(code), host))
        await host.wait_for_log()
        worker = driver.pool._slots["calls"].worker
        assert worker is not None
        [active] = worker._active.values()
        for _ in range(300):
            assert await worker.place(active) is not None
        gate.touch()
        assert (await running).error is None

    driver.do(asked())


def test_a_worker_that_has_closed_its_pipe_has_no_place(driver: Driver) -> None:
    code = (
        "import os, stat, time\n"
        "for number in range(3, 64):\n"
        "    try:\n"
        "        if stat.S_ISFIFO(os.fstat(number).st_mode): os.close(number)\n"
        "    except OSError: pass\n"
        "time.sleep(3600)"
    )
    with pytest.raises(RunTooLong, match=r"took longer than 0.2 s and was ended$"):
        driver.body(code, time_limit_s=0.2)


def test_a_plugin_that_switches_this_off_is_not_ended_by_the_signal(driver: Driver) -> None:
    off = f"import faulthandler, time\nfaulthandler.unregister({int(STACK_SIGNAL)})"
    with pytest.raises(RunTooLong, match=r"took longer than 0.2 s and was ended$"):
        driver.body(f"{off}\ntime.sleep(3600)", time_limit_s=0.2)
