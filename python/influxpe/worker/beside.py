"""Threads for runs that go beside each other: one for each, and used again.

There are as many as there ever were runs at once. A thread that rests costs its stack; making one
for each run costs more than most runs.
"""

import signal
import threading
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from queue import SimpleQueue
from typing import NoReturn, TypeAlias

from influxpe.worker import wire

Work: TypeAlias = tuple[wire.Start, list[bytes]]


class ThreadsBeside:
    """Runs what it is given at once; `start` is for one thread."""

    def __init__(
        self,
        run: Callable[[wire.Start, list[bytes]], None],
        blocked: AbstractSet[int] = frozenset(),
    ) -> None:
        """`blocked` are signals that a run does not take."""
        self._run = run
        self._blocked = blocked
        # The queue of each thread that rests; the one that ended last is taken first.
        self._resting: list[SimpleQueue[Work]] = []

    def start(self, work: Work) -> None:
        """Run it in a thread that nothing else runs in. Raises `RuntimeError` without one."""
        if self._resting:
            self._resting.pop().put(work)
        else:
            queue: SimpleQueue[Work] = SimpleQueue()
            queue.put(work)
            threading.Thread(target=self._serve, args=(queue,), daemon=True).start()

    def _serve(self, queue: SimpleQueue[Work]) -> NoReturn:
        """Run one after another; takes the signals that the reader does not."""
        while True:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._blocked)
            self._run(*queue.get())
            self._resting.append(queue)
