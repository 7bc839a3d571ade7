"""Threads for calls that block: the engine releases the interpreter lock while it works.

Three groups, so that slow queries delay neither writes nor changes of the catalog.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

# Parsing uses a whole core: more threads than cores make everybody wait for one.
WRITE_THREADS = os.cpu_count() or 1
# Queries wait for the engine's own threads.
QUERY_THREADS = 32
CATALOG_THREADS = 4


class Threads:
    """Runs functions beside the event loop."""

    def __init__(self) -> None:
        self._writes = ThreadPoolExecutor(WRITE_THREADS, "write")
        self._queries = ThreadPoolExecutor(QUERY_THREADS, "query")
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
