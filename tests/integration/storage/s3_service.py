"""A service that speaks S3 (moto, in a process of its own), and a line to it that can be cut."""

import asyncio
import contextlib
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx

from tests.polling import eventually

BUCKET = "rows-of-tests"
SERVER = Path(sys.prefix) / "s3" / "bin" / "moto_server"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class S3Service:
    """One run of the service, with an empty bucket, until `close`."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "s3.log"
        self.port = free_port()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [SERVER, "-H", "127.0.0.1", "-p", str(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        eventually(self._has_bucket, bool, seconds=60)

    def close(self) -> None:
        """End the service, and forget what it holds."""
        self._process.kill()
        self._process.wait(10)

    def _has_bucket(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        try:
            made = httpx.put(f"http://127.0.0.1:{self.port}/{BUCKET}", timeout=10)
        except httpx.TransportError:
            return False
        return made.is_success

    def names(self) -> str:
        """Give the listing of the bucket."""
        listing = httpx.get(f"http://127.0.0.1:{self.port}/{BUCKET}?list-type=2", timeout=10)
        return listing.text


class Line:
    """Carries connections to a port for as long as it is not cut, until `close`."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
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
        for writer in self._writers:
            writer.transport.abort()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        both = {writer, far_writer}
        self._writers |= both
        with contextlib.suppress(OSError):
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        self._writers -= both


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
