"""A real server in a process of its own: started on a free port, stopped within a bound."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tests.polling import eventually

START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 10.0
SCRIPTS = Path(sys.executable).parent


def environment_for(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give the environment of this process with a home of its own and no settings of a server.

    Downloads of pip stay in the user's cache, and a user's pip configuration stays in force.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("INFLUXDB3_", "VIRTUAL_ENV"))}
    kept.setdefault("PIP_CACHE_DIR", str(Path.home() / ".cache" / "pip"))
    pip_configuration = Path.home() / ".config" / "pip" / "pip.conf"
    if pip_configuration.exists():
        kept.setdefault("PIP_CONFIG_FILE", str(pip_configuration))
    home.mkdir(parents=True, exist_ok=True)
    return kept | {"HOME": str(home), "PATH": f"{SCRIPTS}:{kept['PATH']}"} | dict(extra or {})


class ServerProcess:
    """One run of a server; `folder` receives its log, `command` is what a user would type.

    The server binds a free port of 127.0.0.1 and writes it to a file, both asked for by
    environment variables, so that `command` stays as it is printed in a guide.
    """

    def __init__(
        self, folder: Path, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        self._folder = folder
        self._command = list(command)
        self._listener_file = folder / "listener"
        self._environment = environment_for(folder / "home") | {
            "INFLUXDB3_HTTP_BIND_ADDR": "127.0.0.1:0",
            "INFLUXDB3_TCP_LISTENER_FILE_PATH": str(self._listener_file),
            "PYTHONUNBUFFERED": "1",
        }
        self._environment |= dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def address(self) -> str:
        """`127.0.0.1:PORT` of the running server."""
        return self._listener_file.read_text()

    @property
    def url(self) -> str:
        """Base URL, without a slash at its end."""
        return f"http://{self.address}"

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        assert self._process is not None
        return self._process.pid

    def output(self) -> str:
        """All that the server has printed since its first start in this folder."""
        return (self._folder / "server.log").read_text(errors="replace")

    def start(self) -> None:
        """Start and return once the server answers over HTTP."""
        self._listener_file.unlink(missing_ok=True)
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                cwd=self._folder,
            )
        eventually(self._answers, bool, seconds=START_SECONDS_MAX)

    def _answers(self) -> bool:
        assert self.running(), f"the server ended: {self.output()[-2000:]}"
        try:
            return httpx.get(f"{self.url}/health", timeout=5).status_code in {200, 401}
        except (FileNotFoundError, httpx.TransportError, httpx.InvalidURL):
            return False

    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def wait(self, *, seconds: float = STOP_SECONDS_MAX) -> int:
        """Wait for the process to end by itself; returns its exit code."""
        assert self._process is not None
        return self._process.wait(seconds)

    def stop(self) -> int:
        """Ask for a clean stop (SIGTERM); returns the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """End it as `kill -9` does, if it still runs."""
        if self._process is not None and self.running():
            self._process.kill()
            self.wait()


def serve_command(data_dir: Path | None, *arguments: str) -> list[str]:
    """Compose `influxpe serve` without authentication; `None` keeps all in memory."""
    store = ["memory"] if data_dir is None else ["file", "--data-dir", str(data_dir)]
    script = str(SCRIPTS / "influxpe")
    return [
        script,
        "serve",
        "--node-id",
        "n0",
        "--without-auth",
        "--object-store",
        *store,
        *arguments,
    ]


StartServer = Callable[..., ServerProcess]
