"""The commands `backup` and `restore` as a user types them, against a real server."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.integration.storage.s3_service import S3Service
from tests.server_process import SCRIPTS, ServerProcess, environment_for

SECONDS_MAX = 60


@dataclass(frozen=True)
class Finished:
    """What a command left behind."""

    status: int
    output: str
    errors: str

    def number(self, pattern: str) -> int:
        """Read a number of the output, where the pattern has its group."""
        found = re.search(pattern, self.output)
        assert found, self
        return int(found[1])


class Commands:
    """Runs commands with the environment of a folder."""

    def __init__(self, folder: Path, more: Mapping[str, str] | None = None) -> None:
        self._environment = environment_for(folder / "home", more)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command; the caller ends it."""
        return subprocess.Popen(
            [str(SCRIPTS / "influxpe"), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment,
        )

    def run(self, *words: str) -> Finished:
        """Run a command to its end."""
        with self.start(*words) as process:
            output, errors = process.communicate(timeout=SECONDS_MAX)
            return Finished(process.returncode, output, errors)

    def backup(self, server: ServerProcess, destination: str | Path, *words: str) -> Finished:
        """Back up; it must succeed."""
        done = self.run("backup", str(destination), "--host", server.url, *words)
        assert done.status == 0, done
        return done

    def restore(self, source: str | Path, data_dir: Path, *words: str) -> Finished:
        """Restore; it must succeed."""
        done = self.run("restore", str(source), "--data-dir", str(data_dir), *words)
        assert done.status == 0, done
        return done


def s3_words(service: S3Service) -> list[str]:
    """Give the options that reach a service."""
    store = service.store()
    return [
        "--aws-allow-http",
        f"--aws-endpoint={store.endpoint}",
        f"--aws-access-key-id={store.access_key_id}",
        f"--aws-secret-access-key={store.secret_access_key}",
    ]


def files(folder: Path, pattern: str) -> list[Path]:
    """Give the files below a folder; none while it is not there."""
    return [path for path in folder.rglob(pattern) if path.is_file()] if folder.is_dir() else []


def flip(path: Path) -> None:
    """Change one bit amid a file."""
    with path.open("r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
