"""A line to a port of this machine that can be cut."""

import asyncio
import socket
import sys
import threading


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Line:
    """Carries connections to a port for as long as it is not cut, until `close`.

    Of what comes from there only the first `bytes_max` bytes are passed on, over all connections.
    """

    def __init__(self, target: int, *, bytes_max: int = sys.maxsize) -> None:
        self.port = free_port()
        self._target = target
        self._bytes_left = bytes_max
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread.start()
        self.mend()

    def close(self) -> None:
        """Cut for good."""
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def is_used_up(self) -> bool:
        """Whether nothing more is passed on."""
        return self._bytes_left == 0

    def mend(self) -> None:
        """Carry connections."""
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)

    def cut(self) -> None:
        """End all connections and take no more."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        # A connection that is being taken becomes another task when the first ones have ended.
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for writer in self._writers:
                writer.transport.abort()
            await asyncio.wait(others, timeout=0.1)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = {writer}
        self._writers.add(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
            ends.add(far_writer)
            self._writers.add(far_writer)
            await asyncio.gather(_copy(reader, far_writer), self._answer(far_reader, writer))
        except OSError:
            pass  # one end is gone: so is the connection
        finally:
            self._writers -= ends
            for end in ends:
                end.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                passed, self._bytes_left = data[: self._bytes_left], self._bytes_left - len(data)
                self._bytes_left = max(0, self._bytes_left)
                writer.write(passed)
                await writer.drain()
        finally:
            writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
