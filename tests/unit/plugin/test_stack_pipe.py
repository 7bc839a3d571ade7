"""The pipe in which a worker says where it is: answers, silence, and the end of the worker."""

import asyncio
import contextlib
import os
from collections.abc import Iterator

import pytest

from influxpe.plugin import stack_pipe
from influxpe.plugin.stack_pipe import StackPipe

WHOLE = b'Stack (most recent call first):\n  File "threading.py", line 1 in _bootstrap\n'


@pytest.fixture
def pipe() -> Iterator[StackPipe]:
    pipe = StackPipe()
    yield pipe
    pipe.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_pipe, "STACK_SECONDS_MAX", 0.05)


def test_an_answer_may_come_in_pieces(pipe: StackPipe) -> None:
    async def ask() -> str:
        def order() -> None:
            os.write(pipe.writing, WHOLE[:10])
            asyncio.get_running_loop().call_soon(os.write, pipe.writing, WHOLE[10:])

        return await pipe.ask(order)

    assert asyncio.run(ask()) == WHOLE.decode()


@pytest.mark.usefixtures("impatient")
def test_silence_is_an_empty_answer_and_a_late_one_is_not_the_next(pipe: StackPipe) -> None:
    async def ask() -> list[str]:
        silent = await pipe.ask(lambda: None)
        os.write(pipe.writing, b"late")

        def order() -> None:
            os.write(pipe.writing, WHOLE)

        return [silent, await pipe.ask(order)]

    assert asyncio.run(ask()) == ["", WHOLE.decode()]


def test_questions_follow_one_another(pipe: StackPipe) -> None:
    async def ask() -> list[str]:
        def order() -> None:
            asyncio.get_running_loop().call_soon(os.write, pipe.writing, WHOLE)

        return list(await asyncio.gather(*(pipe.ask(order) for _ in range(3))))

    assert asyncio.run(ask()) == [WHOLE.decode()] * 3


def test_closing_ends_a_question(pipe: StackPipe) -> None:
    async def ask() -> str:
        asking = asyncio.ensure_future(pipe.ask(lambda: None))
        await asyncio.sleep(0)  # it waits now
        pipe.close()
        return await asking + await pipe.ask(lambda: None)

    assert asyncio.run(ask()) == ""


def test_what_the_pipe_has_no_room_for_is_lost(pipe: StackPipe) -> None:
    size_bytes = os.write(pipe.writing, b"x" * 2 * stack_pipe.STACK_BYTES_MAX)
    assert size_bytes == stack_pipe.STACK_BYTES_MAX
    with pytest.raises(BlockingIOError):
        os.write(pipe.writing, b"x")


def test_no_more_is_read_than_a_pipe_holds_of_one_that_writes_without_end(pipe: StackPipe) -> None:
    async def ask() -> str:
        loop = asyncio.get_running_loop()

        def flood() -> None:
            with contextlib.suppress(BlockingIOError, BrokenPipeError):
                os.write(pipe.writing, b"x" * 7_000)
            loop.call_soon(flood)

        return await pipe.ask(flood)

    assert asyncio.run(ask()) == "x" * stack_pipe.STACK_BYTES_MAX
