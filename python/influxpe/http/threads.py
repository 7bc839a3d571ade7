"""Threads for calls that block: the engine releases the interpreter lock while it works.

Three groups, so that slow queries delay neither writes nor changes of the catalog.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

# Parsing uses a whole core: more threads than cores make everybody wait for one.
WRITE_THREADS = os.cpu_count() or 1
# How far parsing steps back for the event loop and the log, for which every writer waits: single
# rows are answered in 9 ms (p99) beside four writers at full speed, without it in 12 ms.
PARSER_NICENESS = 5
# Queries wait for the engine's own threads and permits: there are threads for all that run, for all
# that may wait before the engine says that it is busy (twice 64), and for those that it answers.
QUERIES_RUNNING = 8
QUERIES_WAITING = 160
CATALOG_THREADS = 4


def _step_back() -> None:
    """Let other threads go first. Elsewhere than on Linux, niceness is that of the process."""
    if sys.platform == "linux":
        os.nice(PARSER_NICENESS)


class Threads:
    """Runs functions beside the event loop."""

    def __init__(self, queries_running: int = QUERIES_RUNNING) -> None:
        self._writes = ThreadPoolExecutor(WRITE_THREADS, "write", _step_back)
        self._queries = ThreadPoolExecutor(queries_running + QUERIES_WAITING, "query")
        self._catalog = ThreadPoolExecutor(CATALOG_THREADS, "catalog")

    def write(self, work: Callable[[], Result]) -> asyncio.Future[Result]:
        """Run work of the write path."""
        return asyncio.get_running_loop().run_in_executor(self._writes, work)

    def query(self, work: Callable[[], Result]) -> asyncio.Future[Result]:
        """Run a part of a query."""
        return asyncio.get_running_loop().run_in_executor(self._queries, work)

    def catalog(self, work: Callable[[], Result]) -> asyncio.Future[Result]:
        """Run a change of the catalog, or anything else that waits for the disk."""
        return asyncio.get_running_loop().run_in_executor(self._catalog, work)

    def close(self) -> None:
        """Take no more work; what runs is not waited for."""
        for pool in (self._writes, self._queries, self._catalog):
            pool.shutdown(wait=False, cancel_futures=True)
