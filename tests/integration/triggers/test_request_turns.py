"""Request triggers over HTTP: whose turn it is, clients that go, floods, plugins in a circle."""

import asyncio
from pathlib import Path

import pytest

from influxpe.triggers import request_task
from influxpe.triggers.options import TriggerOptions
from influxpe.triggers.request_task import WAITING_REQUESTS_MAX
from influxpe.triggers.task import OVERLAPPING_RUNS_MAX
from tests.integration.http.h2_client import H2Client
from tests.integration.triggers.harness import REQUEST, Host, eventually, running
from tests.integration.triggers.served import Client, Connection, served

# Notes that it has begun, waits for a file, and writes a row.
GATED = f"""
import pathlib, time
{REQUEST}
    influxdb3_local.info("begun " + body.decode())
    while not pathlib.Path(args["gate"]).exists():
        time.sleep(0.01)
    influxdb3_local.write("done,by=" + body.decode() + " v=1i")
    return body
"""
FLOOD = 500
# Passes a request on to the first of the paths in its body, which gets the others.
RELAY = f"""
import urllib.error, urllib.request
{REQUEST}
    first, _, rest = body.decode().partition(" ")
    if not first:
        return "end"
    url = "http://" + args["address"] + "/api/v3/engine/" + first
    try:
        with urllib.request.urlopen(url, rest.encode() or b" ", timeout=25) as answer:
            return str(answer.status) + " " + answer.read().decode()
    except urllib.error.HTTPError as error:
        return str(error.code) + " " + error.read().decode()
"""


async def gated(host: Host, folder: Path, **settings: object) -> Path:
    """Make a trigger that waits until its gate is there."""
    gate = folder / "gate"
    await host.trigger("gated", "request:gated", GATED, arguments={"gate": str(gate)}, **settings)
    return gate


def callers(host: Host) -> list[str]:
    """Give who has begun to run."""
    begun = "INFO: begun "
    return [line.removeprefix(begun) for line in host.logs("gated") if line.startswith(begun)]


async def wait_for_line(host: Host, length: int) -> None:
    """Wait until so many requests wait for their turn."""
    (task,) = host.processing._triggers.registry.all()
    assert isinstance(task, request_task.RequestTask)
    await eventually(lambda: task._places.waiting, lambda waiting: waiting == length)


def test_who_goes_before_its_turn_never_runs(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host, served(host) as client:
            gate = await gated(host, tmp_path)
            first = await client.open("gated", b"first")
            await eventually(lambda: callers(host) == ["first"])
            second = await client.open("gated", b"second")
            await wait_for_line(host, 1)
            third = await client.open("gated", b"third")
            await wait_for_line(host, 2)
            second.close()
            await wait_for_line(host, 1)
            gate.touch()
            assert [(await one.answer()).body for one in (first, third)] == [b"first", b"third"]
            assert callers(host) == ["first", "third"]
            for one in (first, third):
                one.close()

    asyncio.run(scenario())


def test_who_goes_during_its_run_leaves_rows_and_a_free_place(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host, served(host) as client:
            gate = await gated(host, tmp_path)
            first = await client.open("gated", b"first")
            await eventually(lambda: callers(host) == ["first"])
            first.close()
            gate.touch()
            await eventually(lambda: [row["by"] for row in host.rows("done")] == ["first"])
            assert (await client.ask("gated", b"second")).body == b"second"

    asyncio.run(scenario())


def test_a_stream_of_http2_that_is_reset_leaves_the_line(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host, served(host) as client:
            gate = await gated(host, tmp_path)
            first = await client.open("gated", b"first")
            await eventually(lambda: callers(host) == ["first"])
            with await asyncio.to_thread(H2Client, client.address) as h2:
                streams = [h2.open("POST", "/api/v3/engine/gated") for _ in range(2)]
                for stream, body in zip(streams, (b"gone", b"stays"), strict=True):
                    await asyncio.to_thread(h2.send, stream, body, end=True)
                    await wait_for_line(host, 1 + streams.index(stream))
                h2.connection.reset_stream(streams[0])
                h2.flush()
                await wait_for_line(host, 1)
                gate.touch()
                answer = await asyncio.to_thread(h2.answer, streams[1])
            assert answer == ("200", b"stays")
            assert (await first.answer()).body == b"first"
            assert callers(host) == ["first", "stays"]
            first.close()

    asyncio.run(scenario())


def test_requests_run_in_the_order_of_their_arrival(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host, served(host) as client:
            gate = await gated(host, tmp_path)
            opened: list[Connection] = []
            for number in range(6):
                opened.append(await client.open("gated", b"%d" % number))
                if number == 0:
                    await eventually(lambda: callers(host) == ["0"])
                await wait_for_line(host, number)
            gate.touch()
            answers = [(await one.answer()).body.decode() for one in opened]
            assert answers == callers(host) == [str(number) for number in range(6)]
            for one in opened:
                one.close()

    asyncio.run(scenario())


def test_so_many_overlap_so_many_wait_and_the_next_is_turned_away(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host, served(host) as client:
            gate = await gated(host, tmp_path, run_async=True)
            running_max = OVERLAPPING_RUNS_MAX
            opened = [await client.open("gated", b"%d" % n) for n in range(running_max)]
            await eventually(lambda: len(callers(host)) == running_max)
            opened += [await client.open("gated", b"w%d" % n) for n in range(WAITING_REQUESTS_MAX)]
            await wait_for_line(host, WAITING_REQUESTS_MAX)
            refused = await client.ask("gated", b"late")
            assert (refused.status, refused.headers["retry-after"]) == (503, "1")
            assert len(callers(host)) == running_max
            gate.touch()
            answers = [await one.answer() for one in opened]
            assert {answer.status for answer in answers} == {200}
            for one in opened:
                one.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("run_async", [False, True])
def test_a_flood_is_answered_and_writes_go_on(tmp_path: Path, run_async: bool) -> None:
    code = f"{REQUEST}    influxdb3_local.write('calls v=1i')\n    return 'well'\n"

    async def scenario() -> None:
        async with running(tmp_path) as host, served(host) as client:
            await host.trigger("flood", "request:flood", code, run_async=run_async)
            asked = [asyncio.create_task(client.ask("flood")) for _ in range(FLOOD)]
            written = 0
            while not all(one.done() for one in asked):
                await host.write(f"meanwhile v=1i {written}")
                written += 1
            answers = [(await one).status for one in asked]
            served_count = answers.count(200)
            assert served_count + answers.count(503) == FLOOD
            assert served_count > WAITING_REQUESTS_MAX
            assert host.rows("calls")
            assert len(host.rows("meanwhile")) == written > 0

    asyncio.run(scenario())


async def relays(host: Host, client: Client, *names: str, **settings: object) -> None:
    """Make triggers that call each other."""
    for name in names:
        arguments = {"address": client.address}
        await host.trigger(name, f"request:{name}", RELAY, arguments=arguments, **settings)


def test_plugins_that_call_others_are_answered(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host, served(host) as client:
            await relays(host, client, "a", "b", "c")
            assert (await client.ask("a", b"b c")).body == b"200 200 end"

    asyncio.run(scenario())


CIRCLES = {"a calls itself": b"a", "a calls b, which calls a": b"b a"}


@pytest.mark.parametrize("name", CIRCLES)
def test_a_plugin_in_a_circle_is_told_before_its_own_limit(tmp_path: Path, name: str) -> None:
    options = TriggerOptions(time_limit_s=3.0)

    async def scenario() -> None:
        async with running(tmp_path) as host, served(host) as client:
            await relays(host, client, "a", options=options)
            await relays(host, client, "b")
            answer = await client.ask("a", CIRCLES[name])
            assert answer.status == 200
            assert b'504 {"error":"trigger \'a\' did not answer' in answer.body
            assert (await client.ask("a", b"")).body == b"end"

    asyncio.run(scenario())


@pytest.mark.parametrize("name", CIRCLES)
def test_circles_of_overlapping_runs_are_none(tmp_path: Path, name: str) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host, served(host) as client:
            await relays(host, client, "a", "b", run_async=True)
            answer = await client.ask("a", CIRCLES[name])
            assert answer.body.endswith(b"200 end")

    asyncio.run(scenario())
