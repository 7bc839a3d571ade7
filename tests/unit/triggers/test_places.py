"""Places and the line for them: in order, and nobody who leaves takes one along."""

import asyncio
from collections.abc import Coroutine

import pytest

from influxpe.triggers.places import Places

LONG_S, SHORT_S = 10.0, 0.01


class Gone(Exception):
    """Nobody wants the place any more."""


async def in_line(places: Places, *waits: Coroutine[None, None, bool]) -> list[asyncio.Task[bool]]:
    """Let some stand in the line, one after another."""
    tasks = []
    for wait in waits:
        tasks.append(asyncio.ensure_future(wait))
        await asyncio.sleep(0)
    return tasks


def test_as_many_places_are_free_as_there_are() -> None:
    places = Places(2)
    assert [places.take() for _ in range(3)] == [True, True, False]
    places.give_back()
    assert [places.take() for _ in range(2)] == [True, False]


def test_places_are_given_in_the_order_of_asking() -> None:
    async def scenario() -> None:
        places = Places(1)
        assert places.take()
        tasks = await in_line(places, *(places.wait(LONG_S, None) for _ in range(3)))
        for task in tasks:
            assert not task.done()
            places.give_back()
            assert await task
        assert not places.take()

    asyncio.run(scenario())


def test_whose_time_is_up_leaves_the_line() -> None:
    async def scenario() -> None:
        places = Places(1)
        assert places.take()
        assert not await places.wait(SHORT_S, None)
        assert places.waiting == 0
        places.give_back()
        assert places.take()

    asyncio.run(scenario())


def test_who_goes_leaves_the_line_to_the_next() -> None:
    async def scenario() -> None:
        places, gone = Places(1), asyncio.Event()

        async def leave() -> None:
            await gone.wait()
            raise Gone

        assert places.take()
        waits = places.wait(LONG_S, leave), places.wait(LONG_S, None)
        first, second = await in_line(places, *waits)
        gone.set()
        with pytest.raises(Gone):
            await first
        places.give_back()
        assert await second

    asyncio.run(scenario())


@pytest.mark.parametrize("how", ["goes", "is cancelled"])
def test_a_place_that_comes_too_late_goes_to_the_next(how: str) -> None:
    async def scenario() -> None:
        places, gone = Places(1), asyncio.Event()

        async def leave() -> None:
            await gone.wait()
            raise Gone

        assert places.take()
        waits = places.wait(LONG_S, leave), places.wait(LONG_S, None)
        first, second = await in_line(places, *waits)
        places.give_back()
        if how == "goes":
            gone.set()
        else:
            first.cancel()
        ended = await asyncio.gather(first, return_exceptions=True)
        if list(ended) == [True]:  # it had its place before it went
            places.give_back()
        assert await second
        assert places.waiting == 0

    asyncio.run(scenario())


def test_a_line_that_is_closed_is_sent_away() -> None:
    async def scenario() -> None:
        places = Places(1)
        assert places.take()
        tasks = await in_line(places, *(places.wait(LONG_S, None) for _ in range(2)))
        places.close(Gone)
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(error) for error in ended] == [Gone] * 2
        places.give_back()
        assert places.take()

    asyncio.run(scenario())
