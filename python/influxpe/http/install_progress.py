"""What an installer says, sent as it says it: JSON lines, for who asks for `application/x-ndjson`.

`{"line": "..."}` for each line, and at the end `{"installed": true}` or `{"error": "...",
"status": 500}`. What fails before the first line has its status and body, as without lines.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.responses import Response

from influxpe.errors import EngineError, TriggerError
from influxpe.http import errors
from influxpe.http.messages import (
    Answer,
    Call,
    Disconnected,
    Streamed,
    empty_response,
    json_bytes,
)
from influxpe.plugin.installer import OnLine

MEDIA_TYPE = "application/x-ndjson"
# Lines that a slow client may be behind; what comes then is left out, the end never is.
LINES_WAITING_MAX = 1000

Install = Callable[[OnLine | None], Awaitable[None]]


async def installed(call: Call, install: Install) -> Answer:
    """Install, and answer when that is done, or line by line where the client takes lines."""
    if MEDIA_TYPE.encode() not in (call.header(b"accept") or b""):
        await install(None)
        return empty_response()
    progress = _Progress(install, call)
    first = await progress.next_line()
    if first is None:
        return await progress.end()
    return Streamed(MEDIA_TYPE, progress.chunks(first))


class _Progress:
    """An installation that goes on beside its answer, and ends with it, or when the client goes."""

    def __init__(self, install: Install, call: Call) -> None:
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._task = asyncio.ensure_future(install(self._take))
        watch = asyncio.ensure_future(self._end_when_gone(call))
        self._task.add_done_callback(lambda _: self._lines.put_nowait(None))
        self._task.add_done_callback(lambda _: watch.cancel())

    async def _end_when_gone(self, call: Call) -> None:
        while (await call.receive())["type"] != "http.disconnect":
            pass
        self._task.cancel()

    def _take(self, line: str) -> None:
        if self._lines.qsize() < LINES_WAITING_MAX:
            self._lines.put_nowait(line)

    async def next_line(self) -> str | None:
        """Give the next line, `None` at the end; who does not wait any more ends the work."""
        try:
            return await self._lines.get()
        except asyncio.CancelledError:
            self._task.cancel()
            raise

    async def end(self) -> Response:
        """Answer without lines. Raises what the installation has raised, `Disconnected`."""
        await self._result()
        return Response(json_bytes({"installed": True}) + b"\n", media_type=MEDIA_TYPE)

    async def _result(self) -> None:
        await asyncio.wait([self._task])
        if self._task.cancelled():
            raise Disconnected
        await self._task

    async def chunks(self, first: str) -> AsyncIterator[bytes]:
        """Give the lines and the end."""
        line: str | None = first
        try:
            while line is not None:
                yield json_bytes({"line": line}) + b"\n"
                line = await self._lines.get()
            yield await self._outcome()
        finally:
            if not self._task.done():  # the client has gone
                self._task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await self._task

    async def _outcome(self) -> bytes:
        try:
            await self._result()
        except (EngineError, TriggerError) as error:
            row = errors.find(error)
            status = 500 if row is None else row[0]
            return json_bytes({"error": str(error), "status": status}) + b"\n"
        return json_bytes({"installed": True}) + b"\n"
