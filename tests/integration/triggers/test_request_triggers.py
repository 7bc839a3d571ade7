"""Request triggers: paths, answers, and what a caller sees when something is wrong."""

import asyncio
import json
from pathlib import Path

import pytest

from influxpe.errors import BusyError, ConflictError, NoSuchPath
from influxpe.triggers import request_task
from influxpe.triggers.options import TriggerOptions
from influxpe.triggers.request_task import WAITING_REQUESTS_MAX
from tests.integration.triggers.harness import REQUEST, Host, eventually, running

HELLO = f"""{REQUEST}
    influxdb3_local.write("calls v=1i")
    return {{"message": "hello", "body": body.decode()}}
"""
GATED = f"""
import pathlib, time
{REQUEST}
    influxdb3_local.info("here")
    while not pathlib.Path(args["gate"]).exists():
        time.sleep(0.01)
    return "through"
"""


async def answer(host: Host, path: str) -> tuple[int, object]:
    response = await host.get(path)
    return response.status, json.loads(response.body)


def test_a_request_is_answered_and_its_rows_are_visible_then(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            await host.trigger("hello", "request:hello", HELLO)
            response = await host.get("hello", b"there")
            assert len(host.rows("calls")) == 1
            assert response.status == 200
            assert json.loads(response.body) == {"message": "hello", "body": "there"}

    asyncio.run(scenario())


def test_a_leading_slash_makes_no_other_path(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            await host.trigger("hello", "request:/a/b", HELLO)
            assert (await host.get("a/b")).status == (await host.get("/a/b")).status == 200
            with pytest.raises(ConflictError, match="request path 'a/b' is taken by"):
                await host.trigger("other", "request:a/b", HELLO)

    asyncio.run(scenario())


def test_an_unknown_path_is_told_the_known_ones(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            await host.trigger("hello", "request:hello", HELLO)
            with pytest.raises(NoSuchPath) as raised:
                await host.get("webhook")
            assert raised.value.known == ("hello",)
            assert "'webhook'" in str(raised.value)

    asyncio.run(scenario())


def test_a_path_is_free_again_after_its_trigger_rests(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            await host.trigger("first", "request:hello", HELLO)
            await host.trigger("rests", "request:hello", HELLO, disabled=True)
            with pytest.raises(ConflictError):
                await host.processing.enable_trigger("db", "rests")
            await host.processing.disable_trigger("db", "first")
            with pytest.raises(NoSuchPath):
                await host.get("hello")
            await host.processing.enable_trigger("db", "rests")
            assert (await host.get("hello")).status == 200

    asyncio.run(scenario())


FAILING = {
    "raises": (
        f"{REQUEST}    influxdb3_local.write('lost v=1i')\n    raise ValueError('boom')\n",
        "Python function call failed: ValueError: boom",
    ),
    "absent": (
        "globals()\n",
        "the process_request function is not present in the plugin. Should be defined as: "
        "process_request(influxdb3_local, query_parameters, request_headers, request_body, "
        "args=None) -> Tuple[str, Optional[Dict[str, str]]]",
    ),
    "nothing": (f"{REQUEST}    return None\n", "Unsupported return type from Python function"),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_failing_plugin_is_a_500_with_the_reason(tmp_path: Path, name: str) -> None:
    async def scenario() -> None:
        code, reason = FAILING[name]
        async with running(tmp_path) as host:
            await host.trigger(name, f"request:{name}", code)
            assert await answer(host, name) == (500, {"error": reason})
            assert host.rows("lost") == []
            assert len(host.errors(name)) == 1

    asyncio.run(scenario())


def test_a_bad_line_is_a_500_with_the_reason(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            code = f"{REQUEST}    influxdb3_local.write('nonsense')\n    return 'well'\n"
            await host.trigger("bad", "request:bad", code)
            status, body = await answer(host, "bad")
            assert status == 500
            assert "error writing back lines to db: " in str(body)
            assert "error running request plugin: error writing back" in host.errors("bad")[0]

    asyncio.run(scenario())


def test_a_worker_that_dies_is_a_500_and_the_next_call_works(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            code = f"{REQUEST}    import os\n    return os._exit(3) if body else 'well'\n"
            await host.trigger("dies", "request:dies", code)
            response = await host.get("dies", b"now")
            assert response.status == 500
            assert b"dies" in response.body
            assert (await host.get("dies")).body == b"well"

    asyncio.run(scenario())


def test_a_missing_file_is_a_500_and_works_once_it_is_there(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            created = await host.trigger("late", "request:late", None)
            assert "late.py; the trigger runs as soon as" in created.warnings[0]
            status, body = await answer(host, "late")
            assert status == 500
            assert "Plugin not found" in str(body)
            (host.plugins / "late.py").write_text(HELLO)
            assert (await host.get("late")).status == 200

    asyncio.run(scenario())


def test_a_flood_is_turned_away_and_the_waiting_are_served(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            gate = tmp_path / "gate"
            await host.trigger("slow", "request:slow", GATED, arguments={"gate": str(gate)})
            calls = [asyncio.create_task(host.get("slow")) for _ in range(WAITING_REQUESTS_MAX + 3)]
            await eventually(lambda: [call for call in calls if call.done()])
            refused = [call for call in calls if call.done()]
            assert [type(call.exception()) for call in refused] == [BusyError] * 2
            assert f"its limit is {WAITING_REQUESTS_MAX}" in str(refused[0].exception())
            gate.touch()
            served = await asyncio.gather(*(call for call in calls if call not in refused))
            assert {response.body for response in served} == {b"through"}

    asyncio.run(scenario())


def test_asynchronous_requests_overlap(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            gate = tmp_path / "gate"
            settings = {"arguments": {"gate": str(gate)}, "run_async": True}
            await host.trigger("slow", "request:slow", GATED, **settings)
            calls = [asyncio.create_task(host.get("slow")) for _ in range(3)]
            await eventually(lambda: host.logs("slow").count("INFO: here") == 3)
            gate.touch()
            assert {response.status for response in await asyncio.gather(*calls)} == {200}

    asyncio.run(scenario())


def test_a_caller_who_leaves_does_not_end_the_run(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            gate = tmp_path / "gate"
            code = GATED.replace("return", "influxdb3_local.write('done v=1i')\n    return")
            await host.trigger("slow", "request:slow", code, arguments={"gate": str(gate)})
            call = asyncio.create_task(host.get("slow"))
            await host.wait_for_log("slow", "INFO: here")
            call.cancel()
            await asyncio.wait([call])
            gate.touch()
            await eventually(lambda: host.rows("done"))

    asyncio.run(scenario())


def test_a_hanging_request_is_answered_when_its_trigger_is_deleted(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            arguments = {"gate": str(tmp_path / "never")}
            await host.trigger("slow", "request:slow", GATED, arguments=arguments)
            calls = [asyncio.create_task(host.get("slow")) for _ in range(2)]
            await host.wait_for_log("slow", "INFO: here")
            async with asyncio.timeout(1):
                await host.processing.delete_trigger("db", "slow", force=True)
            served, waiting = await asyncio.gather(*calls, return_exceptions=True)
            assert not isinstance(served, BaseException)
            assert served.status == 500
            assert isinstance(waiting, NoSuchPath)

    asyncio.run(scenario())


@pytest.mark.parametrize("run_async", [False, True])
@pytest.mark.parametrize("own_limit_s", [None, 0.4])
def test_a_run_that_takes_too_long_is_ended_and_answered(
    tmp_path: Path, run_async: bool, own_limit_s: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_task, "REQUEST_SECONDS_MAX", 0.5)
    options = TriggerOptions(time_limit_s=own_limit_s)

    async def scenario() -> None:
        async with running(tmp_path) as host:
            code = f"{REQUEST}    while body: pass\n    return 'well'\n"
            settings = {"run_async": run_async, "options": options}
            await host.trigger("spins", "request:spins", code, **settings)
            response = await host.get("spins", b"for ever")
            limit = f"its limit of {own_limit_s or 0.5} s"
            error = f"trigger 'spins' did not answer within {limit}: its run was ended"
            assert (response.status, json.loads(response.body)) == (504, {"error": error})
            assert f"took longer than {own_limit_s or 0.5} s" in host.errors("spins")[0]
            assert (await host.get("spins")).body == b"well"

    asyncio.run(scenario())


def test_waiting_too_long_for_a_place_is_answered_without_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            gate = tmp_path / "gate"
            await host.trigger("slow", "request:slow", GATED, arguments={"gate": str(gate)})
            first = asyncio.create_task(host.get("slow"))
            await host.wait_for_log("slow", "INFO: here")
            (task,) = host.processing._triggers.registry.all()
            monkeypatch.setattr(task, "_wait_s", 0.1)
            response = await host.get("slow")
            assert response.status == 504
            assert json.loads(response.body) == {
                "error": "trigger 'slow' did not answer within its limit of 300 s: "
                "the request waited 0.1 s for an earlier run of it to end"
            }
            gate.touch()
            assert (await first).body == b"through"
            assert host.logs("slow").count("INFO: here") == 1

    asyncio.run(scenario())


FAILURES = {"an error": "raise ValueError('boom')", "a death": "import os\n    os._exit(3)"}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_disables_a_trigger_that_asks_for_it(tmp_path: Path, name: str) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            code = f"{REQUEST}    {FAILURES[name]}\n"
            await host.trigger("once", "request:once", code, error_behavior="disable")
            assert (await host.get("once")).status == 500
            assert host.info("once").disabled
            with pytest.raises(NoSuchPath):
                await host.get("once")
            await host.processing.enable_trigger("db", "once")
            assert (await host.get("once")).status == 500

    asyncio.run(scenario())


def test_those_who_wait_for_a_trigger_that_is_disabled_learn_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            gate = tmp_path / "gate"
            code = GATED.replace('return "through"', "raise ValueError")
            arguments = {"gate": str(gate)}
            await host.trigger(
                "slow", "request:slow", code, arguments=arguments, error_behavior="disable"
            )
            calls = [asyncio.create_task(host.get("slow")) for _ in range(3)]
            await host.wait_for_log("slow", "INFO: here")
            gate.touch()
            first, *others = await asyncio.gather(*calls, return_exceptions=True)
            assert not isinstance(first, BaseException)
            assert first.status == 500
            assert [type(other) for other in others] == [NoSuchPath] * 2

    asyncio.run(scenario())


def test_a_request_is_not_tried_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            code = f"{REQUEST}    influxdb3_local.info('here')\n    raise ValueError('boom')\n"
            await host.trigger("fails", "request:fails", code, error_behavior="retry")
            assert (await host.get("fails")).status == 500
            assert host.logs("fails").count("INFO: here") == 1
            assert not host.info("fails").disabled

    asyncio.run(scenario())
