"""The state of a trigger, as its plugin sees it: read from the server, changed by the run's end."""

import asyncio
from pathlib import Path

from influxpe.worker.state import STATE_KEY_CHARACTERS_MAX, pack
from tests.integration.pool.driver import Driver, RecordingHost, writes


def test_what_a_run_puts_comes_with_its_result(driver: Driver) -> None:
    result = driver.body(
        "state = influxdb3_local.state\n"
        "state.put('a', 1)\nstate.put('b', {'n': [1.5, None]})\nstate.put('a', 2)\n"
        "state.delete('c')"
    )
    assert result.error is None
    assert result.state == (("b", pack("b", {"n": [1.5, None]})), ("a", pack("a", 2)), ("c", None))


def test_a_run_reads_what_is_stored_and_its_own_changes(driver: Driver) -> None:
    driver.host.kept = {"a": pack("a", [1]), "b": pack("b", "old"), "c": pack("c", None)}
    result = driver.body(
        "state, say = influxdb3_local.state, influxdb3_local.info\n"
        "say(state.get('a'), state.get('x'), state.get('x', 5), state.get('c', 5), state.keys())\n"
        "state.put('d', 1)\nstate.put('b', 'new')\n"
        "say(state.delete('a'), state.delete('a'), state.delete('x'), state.delete('d'))\n"
        "say(state.get('a', 'gone'), state.get('b'), state.keys())"
    )
    assert result.error is None
    assert driver.host.texts == [
        "[1] None 5 None ['a', 'b', 'c']",
        "True False False True",
        "gone new ['b', 'c']",
    ]


def test_a_value_is_a_copy(driver: Driver) -> None:
    driver.host.kept = {"a": pack("a", [1])}
    driver.body(
        "state = influxdb3_local.state\n"
        "state.get('a').append(2)\n"
        "influxdb3_local.info(state.get('a'))"
    )
    assert driver.host.texts == ["[1]"]


def test_names_may_be_members_of_an_enum(driver: Driver) -> None:
    """They are texts, and ended the process: no message could be made of them."""
    result = driver.body(
        "import enum\n"
        "class Name(str, enum.Enum):\n    A = 'a'\n    FOO = 'foo'\n"
        "influxdb3_local.state.put(Name.A, 1)\n"
        "influxdb3_local.info(influxdb3_local.state.get(Name.A), influxdb3_local.state.keys())\n"
        "influxdb3_local.write_to_db(Name.FOO, 'm a=1')"
    )
    assert result.error is None
    assert result.state == (("a", pack("a", 1)),)
    assert result.writes == (("foo", "m a=1"),)


def test_a_failed_run_changes_nothing(driver: Driver) -> None:
    result = driver.body("influxdb3_local.state.put('a', 1)\n1 / 0")
    assert str(result.error) == "ZeroDivisionError: division by zero"
    assert result.state == ()


def test_the_longest_key_is_taken(driver: Driver) -> None:
    longest = "é" * STATE_KEY_CHARACTERS_MAX
    result = driver.body("influxdb3_local.state.put('é' * 256, 1)")
    assert [key for key, _ in result.state] == [longest]


def test_the_state_of_a_run_that_has_ended_is_closed(driver: Driver) -> None:
    keep = "influxdb3_local.cache.put('old', influxdb3_local)"
    use = (
        "state = influxdb3_local.cache.get('old').state\n"
        "for call in (lambda: state.put('a', 1), lambda: state.get('a'), state.keys):\n"
        "    try:\n        call()\n"
        "    except RuntimeError as error:\n        influxdb3_local.info(error)"
    )
    assert driver.body(keep).error is None
    result = driver.body(use)
    assert result.state == ()
    assert driver.host.texts == [
        "this influxdb3_local belongs to a run that has ended: nothing can be written with it",
        "the run that asks has ended",
        "the run that asks has ended",
    ]


def test_a_state_that_cannot_be_read_is_an_error_of_the_run(driver: Driver) -> None:
    class Broken(RecordingHost):
        """A server that has lost its state."""

        def state(self, key: str) -> bytes | None:
            """Fail."""
            raise OSError(key)

    async def run() -> str:
        body = writes("influxdb3_local.state.get('a')")
        return str((await driver.pool.run("key", driver.wal(body), Broken())).error)

    assert driver.do(run()) == "RuntimeError: OSError: a"


def test_overlapping_runs_see_only_their_own_changes(driver: Driver, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    first = (
        "import os, time\ninfluxdb3_local.state.put('a', 1)\ninfluxdb3_local.info('here')\n"
        f"while not os.path.exists({str(gate)!r}): time.sleep(0.01)"
    )

    async def beside() -> object:
        host = RecordingHost()
        running = asyncio.create_task(
            driver.pool.run("o", driver.wal(writes(first)), host, overlap=True)
        )
        await host.wait_for_log()
        second = driver.wal(
            writes("influxdb3_local.state.put('b', influxdb3_local.state.get('a'))")
        )
        result = await driver.pool.run("o", second, host, overlap=True)
        gate.touch()
        return result.state, (await running).state

    assert driver.do(beside()) == ((("b", pack("b", None)),), (("a", pack("a", 1)),))
