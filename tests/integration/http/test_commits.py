"""Waiting for the log on an event loop, over a real engine."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from influxpe._engine import Engine, WriteTicket
from influxpe.commits import Commits
from influxpe.errors import ClosedError

SECONDS_MAX = 10.0


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Open an engine with a log on the disk."""
    opened = Engine.open(
        str(tmp_path / "data"), buffer_bytes_max=2**26, query_bytes_max=2**26, query_threads=1
    )
    yield opened
    opened.close()


def write(engine: Engine, number: int) -> WriteTicket:
    return engine.write(
        "db",
        f"cpu value={number} {number}".encode(),
        precision="nanosecond",
        accept_partial=False,
        no_sync=False,
        now_ns=1,
    )


def run(engine: Engine, work: Callable[[Commits], Awaitable[None]]) -> None:
    """Run work on a fresh loop that watches the engine."""

    async def main() -> None:
        commits = Commits(engine, asyncio.get_running_loop())
        try:
            async with asyncio.timeout(SECONDS_MAX):
                await work(commits)
        finally:
            commits.close()

    asyncio.run(main())


def test_a_write_is_committed_when_the_wait_returns(engine: Engine) -> None:
    async def work(commits: Commits) -> None:
        ticket = write(engine, 1)
        await commits.wait(ticket)
        assert engine.committed() >= ticket.sequence

    run(engine, work)


def test_many_waits_end_in_any_order_of_waiting(engine: Engine) -> None:
    async def work(commits: Commits) -> None:
        tickets = [write(engine, number) for number in range(200)]
        await asyncio.gather(*(commits.wait(ticket) for ticket in reversed(tickets)))
        assert engine.committed() >= tickets[-1].sequence

    run(engine, work)


def test_a_position_is_passed_by_the_next_write(engine: Engine) -> None:
    async def work(commits: Commits) -> None:
        await commits.wait(write(engine, 1))
        position = engine.stats().position
        waiting = asyncio.ensure_future(commits.wait_position(position))
        await asyncio.sleep(0)
        assert not waiting.done()
        await commits.wait(write(engine, 2))
        await waiting
        assert engine.stats().position > position

    run(engine, work)


def test_closing_ends_who_still_waits(engine: Engine) -> None:
    async def work(commits: Commits) -> None:
        waiting = asyncio.ensure_future(commits.wait_position(engine.stats().position))
        await asyncio.sleep(0)
        commits.close()
        with pytest.raises(ClosedError):
            await waiting

    run(engine, work)
