"""Runs the shell text of a guide as its reader would: bash, the console script, an own home."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.server_process import ServerProcess, environment_for

COMMAND_SECONDS_MAX = 180.0
TOKEN = re.compile(r"apiv3_[A-Za-z0-9_-]{86}")
# In a printed guide a comment may stand after the backslash that continues a line. No shell takes
# that, so the comment is taken out, and with it the whole-line comments that follow.
COMMENT_AFTER_BACKSLASH = re.compile(r"\\[ \t]+#[^\n]*$", re.MULTILINE)
COMMENT_LINES_AFTER_BACKSLASH = re.compile(r"(\\\n)(?:[ \t]*#[^\n]*\n)+")


def normalise(text: str) -> str:
    """Make one command of a command with comments between its lines."""
    return COMMENT_LINES_AFTER_BACKSLASH.sub(r"\1", COMMENT_AFTER_BACKSLASH.sub(r"\\", text))


@dataclass(frozen=True)
class Finished:
    """What a command left behind."""

    status: int
    output: str
    errors: str


class Terminal:
    """A shell in `folder`, whose commands find the server that was started last."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.variables = dict(environment or {})
        self.server: ServerProcess | None = None

    def serve(self, text: str, **replaced: str) -> ServerProcess:
        """Start a server with the words of a guide; it is ended by `close`."""
        command = ["bash", "-c", "exec " + self._fill(text, replaced).strip()]
        self.server = ServerProcess(self.folder, command, self.variables)
        self.server.start()
        return self.server

    def run(self, text: str, **replaced: str) -> Finished:
        """Run a block; `replaced` gives the values of its placeholders."""
        environment = environment_for(self.home, self.variables)
        if self.server is not None:
            environment["INFLUXDB3_HOST_URL"] = self.server.url
        done = subprocess.run(
            ["bash", "-c", self._fill(text, replaced)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=environment,
            cwd=self.folder,
            timeout=COMMAND_SECONDS_MAX,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    def _fill(self, text: str, replaced: Mapping[str, str]) -> str:
        filled = normalise(text)
        for placeholder, value in replaced.items():
            filled = filled.replace(placeholder, value)
        if self.server is not None:
            filled = filled.replace("localhost:8181", self.server.address)
        return filled

    def server_output(self) -> str:
        """Give what the server has printed so far."""
        assert self.server is not None
        return self.server.output()

    def close(self) -> None:
        """End the server."""
        if self.server is not None:
            self.server.kill()
