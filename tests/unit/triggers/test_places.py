"""Places and the line for them: in order, and what leaves is not begun and holds nothing up."""

import asyncio
from collections.abc import Coroutine
from typing import Any, NoReturn

import pytest

from influxpe.triggers.places import NoPlaceInTime, Places

LONG_S, SHORT_S = 10.0, 0.05


class Gone(Exception):
    """Nobody wants the work any more."""


class Bench:
    """Places whose work is done when the test says so."""

    def __init__(self, count: int) -> None:
        self.begun: list[str] = []
        self._gates: dict[str, asyncio.Event] = {}
        self.places = Places[str, str](count, self._do)
        self.gone = asyncio.Event()

    async def _do(self, work: str) -> str:
        self.begun.append(work)
        await self._gate(work).wait()
        if work.startswith("fails"):
            raise ValueError(work)
        return work.upper()

    def _gate(self, work: str) -> asyncio.Event:
        return self._gates.setdefault(work, asyncio.Event())

    async def ask(self, *works: str, seconds: float = LONG_S) -> list[asyncio.Task[str]]:
        """Ask for some work, one after another."""
        tasks = [
            asyncio.create_task(self.places.result(one, seconds, self._leave)) for one in works
        ]
        await asyncio.sleep(0)
        return tasks

    async def _leave(self) -> NoReturn:
        await self.gone.wait()
        raise Gone

    def end(self, *works: str) -> None:
        """Let work come to its end."""
        for work in works:
            self._gate(work).set()


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, LONG_S))


def test_as_much_is_done_at_once_as_there_are_places() -> None:
    async def scenario() -> None:
        bench = Bench(2)
        tasks = await bench.ask("a", "b", "c")
        await asyncio.sleep(0)
        assert (bench.begun, bench.places.waiting) == (["a", "b"], 1)
        bench.end("a", "b", "c")
        assert await asyncio.gather(*tasks) == ["A", "B", "C"]
        assert (bench.places.waiting, await (await bench.ask("a"))[0]) == (0, "A")

    run(scenario())


def test_work_is_begun_in_the_order_in_which_it_came() -> None:
    async def scenario() -> None:
        bench = Bench(1)
        tasks = await bench.ask(*"abcde")
        bench.end(*"edcba")
        await asyncio.gather(*tasks)
        assert bench.begun == [*"abcde"]

    run(scenario())


def test_work_that_fails_leaves_its_place_to_the_next() -> None:
    async def scenario() -> None:
        bench = Bench(1)
        failing, next_one = await bench.ask("fails", "b")
        bench.end("fails", "b")
        with pytest.raises(ValueError, match="fails"):
            await failing
        assert await next_one == "B"

    run(scenario())


@pytest.mark.parametrize("seconds", [SHORT_S, 0.001])
def test_what_waits_too_long_is_not_begun(seconds: float) -> None:
    async def scenario() -> None:
        bench = Bench(1)
        (first,) = await bench.ask("a")
        (late,) = await bench.ask("late", seconds=seconds)
        with pytest.raises(NoPlaceInTime):
            await late
        bench.end("a")
        assert await first == "A"
        assert (bench.begun, bench.places.waiting) == (["a"], 0)

    run(scenario())


def test_the_time_to_wait_does_not_count_what_is_begun() -> None:
    async def scenario() -> None:
        bench = Bench(1)
        (first,) = await bench.ask("a", seconds=0)
        (late,) = await bench.ask("late", seconds=SHORT_S)
        with pytest.raises(NoPlaceInTime):
            await late
        bench.end("a")
        assert await first == "A"

    run(scenario())


def test_what_nobody_wants_any_more_is_not_begun() -> None:
    async def scenario() -> None:
        bench = Bench(1)
        first, second = await bench.ask("a", "b")
        bench.gone.set()
        with pytest.raises(Gone):
            await second
        bench.end("a")
        assert await first == "A"
        assert bench.begun == ["a"]

    run(scenario())


def test_who_is_cancelled_leaves_the_line_and_no_work_that_has_begun() -> None:
    async def scenario() -> None:
        bench = Bench(1)
        first, second, third = await bench.ask("a", "b", "c")
        await asyncio.sleep(0)
        for task in (first, second):
            task.cancel()
        await asyncio.wait([first, second])
        assert (first.cancelled(), second.cancelled(), bench.places.waiting) == (True, True, 1)
        assert not third.done()
        bench.end("a", "c")
        assert await third == "C"
        assert bench.begun == ["a", "c"]

    run(scenario())


def test_a_line_that_is_closed_is_sent_away() -> None:
    async def scenario() -> None:
        bench = Bench(1)
        first, *others = await bench.ask("a", "b", "c")
        bench.places.close(Gone)
        ended = await asyncio.gather(*others, return_exceptions=True)
        assert [type(error) for error in ended] == [Gone] * 2
        bench.end("a")
        assert await first == "A"

    run(scenario())


def test_whoever_waits_for_a_place_that_is_cancelled_learns_it() -> None:
    async def scenario() -> None:
        bench = Bench(1)
        (first,) = await bench.ask("a")
        await asyncio.sleep(0)
        (place,) = bench.places.tasks
        place.cancel()
        await asyncio.wait([first])
        assert first.cancelled()
        assert not bench.places.tasks
        bench.end("b")
        assert await (await bench.ask("b"))[0] == "B"

    run(scenario())
