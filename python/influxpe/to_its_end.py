"""Work that a cancellation must not cut off."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

logger = logging.getLogger(__name__)

Value = TypeVar("Value")


async def to_its_end(work: Coroutine[Any, Any, Value]) -> Value:
    """Await what cannot be taken back; who is cancelled meanwhile is so once it has ended.

    Raises what the work raises; where nobody waits for that any more, it is logged.
    """
    ending = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not ending.done():
        try:
            await asyncio.wait([ending])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        return ending.result()
    if not ending.cancelled() and (failed := ending.exception()) is not None:
        logger.warning("work went on after a cancellation, and has failed: %s", failed)
    raise cancelled
