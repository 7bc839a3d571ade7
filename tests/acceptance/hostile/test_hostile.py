"""Plugins that do harm: each user sees what happened, and nobody else notices anything."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice

import pytest

from tests.acceptance.hostile.arena import Arena
from tests.acceptance.hostile.case import REQUEST, Case
from tests.acceptance.hostile.cases import CASES, REQUESTS
from tests.api_client import ApiClient
from tests.polling import eventually
from tests.processes import descendants
from tests.server_process import ServerProcess, serve_command

# So many are at it at once.
TOGETHER = 6
ANSWERS = f"{REQUEST}    return 'well'\n"


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """Give a server with one healthy trigger, which is busy until all tests have ended."""
    folder = tmp_path_factory.mktemp("hostile")
    plugins = folder / "plugins"
    plugins.mkdir()
    options = ("--plugin-dir", str(plugins), "--wal-flush-interval", "50ms")
    with ExitStack() as opened:
        server = ServerProcess(folder, serve_command(folder / "data", *options))
        opened.enter_context(server)
        client = opened.enter_context(ApiClient(server.url))
        running = Arena(server, client, plugins)
        running.open()
        opened.callback(running.numbers.stop)
        yield running


def begin_with_those_beside(arena: Arena, name: str) -> None:
    """Let a plugin begin, and some that come after it, so that several are at it at once."""
    from_here = islice(CASES, list(CASES).index(name), None)
    for other in islice(from_here, TOGETHER):
        arena.begin(trigger_name(other), CASES[other])


def trigger_name(name: str) -> str:
    """Make a name for a trigger, its table and its file."""
    return re.sub(r"\W+", "_", name)


def check_log(arena: Arena, trigger: str, case: Case) -> None:
    """Find what the user of a trigger is to read in the server's log.

    Not in the table of logs: it has the newest lines of all triggers, and some of these flood it.
    """
    wanted = [rf"ERROR .*\[{trigger}\] .*{case.error}"] if case.error else []
    wanted += [rf" .*\[{trigger}\] .*{case.log}"] if case.log else []

    def missing() -> list[str]:
        text = arena.server.output()
        return [pattern for pattern in wanted if not re.search(pattern, text)]

    eventually(missing, lambda found: found == [])


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_plugin_harms_only_its_own_run(arena: Arena, name: str) -> None:
    case, trigger = CASES[name], trigger_name(name)
    begin_with_those_beside(arena, name)
    run = arena.first_run(trigger)
    assert run["status"] == ("failed" if case.error else "ok"), run
    assert re.search(case.error, run["error"]), run
    check_log(arena, trigger, case)
    arena.mend(trigger)
    arena.end(trigger)
    arena.check_neighbour()


@pytest.mark.parametrize("name", REQUESTS)
def test_a_hostile_answer_harms_only_its_own_request(arena: Arena, name: str) -> None:
    case, trigger = REQUESTS[name], trigger_name(name)
    arena.begin_request(trigger, case)
    answer = arena.client.http.get(f"/api/v3/engine/{trigger}")
    assert answer.status_code == case.status, answer.text[:500]
    assert re.search(case.answer, answer.text), answer.text[:500]
    arena.replace(trigger, ANSWERS)
    answer = arena.client.http.get(f"/api/v3/engine/{trigger}")
    assert (answer.status_code, answer.text) == (200, "well")
    arena.end(trigger)
    arena.check_neighbour()


def test_nothing_is_left_of_them(arena: Arena) -> None:
    """Only the process that starts plugins and the worker of the healthy trigger are there."""
    arena.end_all()
    arena.numbers.stop()
    arena.check_neighbour()
    assert arena.numbers.acknowledged > len(CASES)
    processes_max = 2
    eventually(lambda: descendants(arena.server.pid), lambda found: len(found) <= processes_max)
