"""An installation and its answer: lines as they come, an end always, and none without a client."""

import asyncio
import json
from typing import Any

import pytest

from influxpe.errors import InstallFailed, PackagesDisabled
from influxpe.http.install_progress import LINES_WAITING_MAX, MEDIA_TYPE, installed
from influxpe.http.messages import Answer, Call, Disconnected, Streamed
from influxpe.plugin.installer import OnLine


def call(accept: str = MEDIA_TYPE, gone: asyncio.Event | None = None) -> Call:
    headers = [(b"accept", accept.encode())]

    async def receive() -> dict[str, Any]:
        await (gone or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    return Call({"type": "http", "headers": headers, "query_string": b""}, b"", receive)


async def said(answer: Answer) -> list[dict[str, Any]]:
    """Read the lines of an answer."""
    if not isinstance(answer, Streamed):
        return [json.loads(line) for line in bytes(answer.body).splitlines()]
    return [json.loads(chunk) async for chunk in answer.chunks]


def test_without_the_wish_for_lines_there_are_none() -> None:
    async def install(on_line: OnLine | None) -> None:
        assert on_line is None

    answer = asyncio.run(installed(call("*/*"), install))
    assert not isinstance(answer, Streamed)
    assert (answer.status_code, answer.body) == (200, b"")


def test_a_line_arrives_before_the_installation_has_ended() -> None:
    async def scenario() -> None:
        go_on = asyncio.Event()

        async def install(on_line: OnLine | None) -> None:
            assert on_line is not None
            on_line("first")
            await go_on.wait()
            on_line("second")

        answer = await installed(call(), install)
        assert isinstance(answer, Streamed)
        assert json.loads(await anext(answer.chunks)) == {"line": "first"}
        go_on.set()
        assert await said(answer) == [{"line": "second"}, {"installed": True}]

    asyncio.run(scenario())


def test_a_failure_behind_lines_is_the_last_of_them() -> None:
    async def install(on_line: OnLine | None) -> None:
        assert on_line is not None
        on_line("line")
        raise InstallFailed("no such package")

    async def scenario() -> list[dict[str, Any]]:
        return await said(await installed(call(), install))

    assert asyncio.run(scenario())[1:] == [{"error": "no such package", "status": 500}]


def test_a_failure_before_the_first_line_is_one_of_the_request() -> None:
    async def install(_: OnLine | None) -> None:
        raise PackagesDisabled("disabled")

    with pytest.raises(PackagesDisabled):
        asyncio.run(installed(call(), install))


def test_an_installation_that_says_nothing_has_an_end() -> None:
    async def install(_: OnLine | None) -> None:
        await asyncio.sleep(0)

    async def scenario() -> list[dict[str, Any]]:
        return await said(await installed(call(), install))

    assert asyncio.run(scenario()) == [{"installed": True}]


def test_lines_that_nobody_takes_are_bounded_and_the_end_is_told() -> None:
    async def install(on_line: OnLine | None) -> None:
        assert on_line is not None
        for number in range(LINES_WAITING_MAX + 100):
            on_line(str(number))

    async def scenario() -> list[dict[str, Any]]:
        return await said(await installed(call(), install))

    *lines, end = asyncio.run(scenario())
    assert (len(lines), end) == (LINES_WAITING_MAX, {"installed": True})


@pytest.mark.parametrize("lines", [0, 1])
def test_a_client_that_goes_ends_an_installation_that_says_nothing(lines: int) -> None:
    async def scenario() -> None:
        gone, ended = asyncio.Event(), asyncio.Event()

        async def install(on_line: OnLine | None) -> None:
            assert on_line is not None
            for _ in range(lines):
                on_line("line")
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        answering = asyncio.ensure_future(installed(call(gone=gone), install))
        asyncio.get_running_loop().call_soon(gone.set)
        with pytest.raises(Disconnected):
            await said(await answering)
        assert ended.is_set()

    asyncio.run(scenario())


def test_an_answer_that_is_given_up_ends_the_installation() -> None:
    async def scenario() -> bool:
        ended = asyncio.Event()

        async def install(on_line: OnLine | None) -> None:
            assert on_line is not None
            on_line("line")
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        answer = await installed(call(), install)
        assert isinstance(answer, Streamed)
        await anext(answer.chunks)
        await answer.chunks.aclose()  # type: ignore[attr-defined] # it is a generator
        return ended.is_set()

    assert asyncio.run(scenario())
