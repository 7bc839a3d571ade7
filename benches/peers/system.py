"""What is measured of a system: how it is started, written to, asked, and weighed."""

import http.client
import os
import socket
import subprocess
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from benches.peers.questions import Answer, Question
from tests.polling import eventually

START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 20.0
REQUEST_SECONDS_MAX = 120.0
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Request:
    """One question as it is sent."""

    method: str
    path: str
    body: bytes | None = None


class System(ABC):
    """A server of its own, with its data in a folder that is empty at the start."""

    name: ClassVar[str]
    promise: ClassVar[str]
    write_path: ClassVar[str]

    def __init__(self, program: Path, folder: Path) -> None:
        self.program = program
        self.folder = folder
        self.address = f"127.0.0.1:{free_port()}"
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """Say how it is started."""

    def environment(self) -> dict[str, str]:
        """Give its environment."""
        return dict(os.environ)

    @abstractmethod
    def answers(self) -> bool:
        """Whether it can be written to; raises `OSError` as long as it does not listen."""

    @abstractmethod
    def request(self, question: Question) -> Request | None:
        """Write a question in the language of the system; nothing where it cannot be said."""

    @abstractmethod
    def read(self, body: bytes) -> Answer:
        """Read what can be compared from an answer."""

    @abstractmethod
    def settle(self) -> None:
        """Have it bring everything to its lasting form, and wait for that."""

    @abstractmethod
    def stored(self, rows: int) -> tuple[float, str]:
        """Give the bytes that a row takes in its lasting form, and say what that is."""

    @property
    def data(self) -> Path:
        """The folder that holds all that it writes to disk, but for what it prints."""
        return self.folder / "data"

    def __enter__(self) -> Self:
        self.data.mkdir(parents=True)
        self.start()
        return self

    def start(self) -> None:
        """Start it on the data that it has, and wait until it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment(),
                cwd=self.folder,
            )
        try:
            eventually(self._listens, bool, seconds=START_SECONDS_MAX)
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _listens(self) -> bool:
        assert self._process is not None
        log = self.folder / "server.log"
        assert self._process.poll() is None, f"{self.name} ended: {log.read_text()[-2000:]}"
        try:
            return self.answers()
        except OSError:
            return False

    def stop(self) -> None:
        """End the process that was started here, and no other."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def cpu_seconds(self) -> float:
        """Give what the process has spent so far, in user and in kernel mode."""
        assert self._process is not None
        stat = Path(f"/proc/{self._process.pid}/stat").read_text()
        fields = stat.rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    def send(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Send a request over a connection of its own; gives the status and the text."""
        connection = http.client.HTTPConnection(self.address, timeout=REQUEST_SECONDS_MAX)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


def free_port() -> int:
    """Give a port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
