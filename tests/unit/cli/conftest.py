"""Fixtures: the command line as a process of its own, and a server that records."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.cli.recording_server import RecordingServer, recording_server

SECONDS_MAX = 60
SOURCES = Path(__file__).parents[3] / "python"
INHERITED = ("PATH", "LANG", "LC_ALL", "TMPDIR")


@dataclass(frozen=True)
class Finished:
    """What a command left behind."""

    status: int
    output: str
    errors: str
    raw_output: bytes


@dataclass
class CommandLine:
    """Runs `python -m influxpe` in a folder and an environment of its own."""

    folder: Path
    environment: dict[str, str]

    def __call__(self, *arguments: str, stdin: bytes = b"", **variables: str) -> Finished:
        """Run one command; keyword arguments are environment variables."""
        done = subprocess.run(
            [sys.executable, "-m", "influxpe", *arguments],
            input=stdin,
            capture_output=True,
            cwd=self.folder,
            env=self.environment | variables,
            timeout=SECONDS_MAX,
            check=False,
        )
        return Finished(done.returncode, done.stdout.decode(), done.stderr.decode(), done.stdout)


@pytest.fixture
def run(tmp_path: Path) -> CommandLine:
    """The command line, with no settings but a home folder."""
    home = tmp_path / "home"
    home.mkdir()
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    own = {"HOME": str(home), "PYTHONPATH": str(SOURCES), "PYTHONWARNINGS": "error"}
    return CommandLine(tmp_path, inherited | own)


@pytest.fixture
def recorder() -> Iterator[RecordingServer]:
    """A server that records; nobody is told about it yet."""
    with recording_server() as recorder:
        yield recorder


@pytest.fixture
def client(run: CommandLine, recorder: RecordingServer) -> CommandLine:
    """The command line, with the recording server as its server."""
    run.environment["INFLUXDB3_HOST_URL"] = recorder.url
    return run
