"""What a plugin finds around it: variables, limits and packages, those of its trigger first."""

import asyncio
import sys
import venv
from pathlib import Path

import pytest

from influxpe.errors import NotFoundError
from influxpe.plugin.pool import WorkerDied
from tests.integration.pool.driver import Driver, MakeDriver, RecordingHost, writes
from tests.integration.pool.processes import is_alive

MIB = 1024 * 1024
TELL = "import os\ninfluxdb3_local.info(os.getpid(), os.environ.get('A'), os.environ.get('B'))"
FILL = "kept = []\nwhile True: kept.append(bytearray(1 << 20))"


def told(driver: Driver, **settings: object) -> tuple[str, str]:
    """Give the process of a run, and its variables A and B."""
    assert driver.body(TELL, **settings).error is None
    process, _, variables = driver.host.texts[0].partition(" ")
    return process, variables


def test_secrets_of_the_server_are_not_among_the_variables_of_a_plugin(
    make_driver: MakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLUXPE_SECRET_KEY", "hunter2")
    monkeypatch.setenv("PLAIN", "there")
    driver = make_driver()
    driver.body(
        "from os import environ as e\ninfluxdb3_local.info(e['PLAIN'], 'hunter2' in str(e))"
    )
    assert driver.host.texts == ["there False"]


def test_a_run_has_the_variables_of_its_trigger(driver: Driver) -> None:
    large = "x" * 50_000  # more than a packet that has a fork ordered
    assert told(driver, variables={"A": "1", "B": "ä\n"})[1] == "1 ä\n"
    assert told(driver, variables={"A": large})[1] == f"{large} None"
    assert told(driver)[1] == "None None"


def test_a_child_of_the_plugin_has_them_too(driver: Driver) -> None:
    body = (
        "import subprocess, time\n"
        "print_a = ['sh', '-c', 'printf $A']\n"
        "influxdb3_local.info(subprocess.check_output(print_a).decode(), time.tzname[0])"
    )
    assert driver.body(body, variables={"A": "1", "TZ": "XYZ-3"}).error is None
    assert driver.host.texts == ["1 XYZ"]


def test_a_worker_stays_while_its_surroundings_stay(driver: Driver) -> None:
    settings = {"variables": {"A": "1"}, "memory_limit_bytes": 500 * MIB}
    first, again = (told(driver, **settings)[0] for _ in range(2))
    other_variables = told(driver, **{**settings, "variables": {"A": "2"}})[0]
    other_limit = told(driver, **{**settings, "memory_limit_bytes": 600 * MIB})[0]
    assert first == again
    assert len({first, other_variables, other_limit}) == 3


@pytest.mark.parametrize("name", ["", "A=B", "A\0"])
def test_a_variable_that_no_process_can_have_is_named(driver: Driver, name: str) -> None:
    with pytest.raises(WorkerDied, match=r"watcher: the environment variable '.*' cannot be set"):
        driver.body("pass", variables={name: "1"})


def test_a_run_may_have_a_limit_of_memory_of_its_own(make_driver: MakeDriver) -> None:
    driver = make_driver(memory_bytes_max=300 * MIB)
    large = "len(bytearray(400 << 20))"
    assert str(driver.body(large).error).startswith("MemoryError")
    assert driver.body(large, memory_limit_bytes=800 * MIB).error is None
    limited = driver.body(FILL, memory_limit_bytes=150 * MIB)
    assert str(limited.error).startswith("MemoryError")
    assert MIB < limited.peak_memory_bytes < 400 * MIB


def test_the_smaller_limit_of_time_counts(make_driver: MakeDriver) -> None:
    driver = make_driver(run_seconds_max=0.3)
    for limit_s in (None, 60.0):
        with pytest.raises(WorkerDied, match=r"took longer than 0.3 s"):
            driver.body("while True: pass", time_limit_s=limit_s)
    with pytest.raises(WorkerDied, match=r"took longer than 0.1 s"):
        driver.body("while True: pass", time_limit_s=0.1)


def test_a_busy_worker_comes_to_its_end_beside_the_one_that_replaces_it(
    driver: Driver, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    waits = f"{TELL}\nimport time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)"

    async def beside() -> list[str]:
        first, second = RecordingHost(), RecordingHost()
        old = driver.wal(writes(waits), variables={"A": "old"})
        running = asyncio.create_task(driver.pool.run("r", old, first, overlap=True))
        await first.wait_for_log()
        new = driver.wal(writes(TELL), variables={"A": "new"})
        assert (await driver.pool.run("r", new, second, overlap=True)).error is None
        gate.touch()
        assert (await running).error is None
        return [host.texts[0].split()[1] for host in (first, second)]

    assert driver.do(beside()) == ["old", "new"]


def test_each_environment_has_its_own_packages(make_driver: MakeDriver, tmp_path: Path) -> None:
    homes = {name: tmp_path / name for name in ("one", "two")}
    for name, home in homes.items():
        venv.create(home, with_pip=False, symlinks=True)
        packages = next((home / "lib").glob("python3*")) / "site-packages"
        (packages / "whose.py").write_text(f"NAME = {name!r}\n")

    def python_of(name: str | None) -> Path:
        if name is None:
            return Path(sys.executable)
        if name not in homes:
            raise NotFoundError(f"there is no environment '{name}'")
        return homes[name] / "bin" / "python"

    driver = make_driver(python_of=python_of)
    tell = "import os, whose\ninfluxdb3_local.info(whose.NAME, os.getppid())"
    templates = []
    for name in homes:
        assert driver.body(tell, environment=name).error is None
        said, template = driver.host.texts[0].split()
        assert said == name
        templates.append(int(template))
    assert "No module named 'whose'" in str(driver.body(tell).error)
    with pytest.raises(WorkerDied, match=r"^cannot start plugin .*: there is no environment 'x'$"):
        driver.body(tell, environment="x")
    assert len(set(templates)) == 2

    async def templates_end() -> None:
        await driver.pool.stop("key")
        async with asyncio.timeout(10):
            while any(map(is_alive, templates)):  # noqa: ASYNC110 # a process has no event
                await asyncio.sleep(0.01)

    driver.do(templates_end())


def test_what_python_reads_at_its_start_reaches_only_what_a_plugin_starts(driver: Driver) -> None:
    body = (
        "import subprocess, sys\n"
        "show = 'import sys; print(\"/of/the/trigger\" in sys.path)'\n"
        "inherited = subprocess.check_output([sys.executable, '-c', show], text=True)\n"
        "influxdb3_local.info('/of/the/trigger' in sys.path, inherited.strip())\n"
    )
    assert driver.body(body, variables={"PYTHONPATH": "/of/the/trigger"}).error is None
    assert driver.host.texts[-1] == "False True"
