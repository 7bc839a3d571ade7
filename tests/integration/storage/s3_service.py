"""Services that speak S3, each in a process of its own: what the tests of the store talk to."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from influxpe.config import S3Store
from tests.integration.storage.line import free_port
from tests.integration.storage.s3_requests import Bucket, Credentials
from tests.polling import eventually
from tests.server_process import SCRIPTS

BUCKET = "rows-of-tests"
CREDENTIALS = Credentials("key-of-tests", "secret-of-tests")
START_SECONDS_MAX = 60.0


@dataclass(frozen=True)
class Kind:
    """One implementation of S3: how it is started, and how far it can be believed."""

    command: Callable[[int, Path], list[str]]
    """From a port and a folder for its files."""
    checks_signatures: bool
    keeps_objects: bool
    """Whether they are there after it was killed and started again."""


def _moto(port: int, _: Path) -> list[str]:
    server = Path(sys.prefix) / "s3" / "bin" / "moto_server"
    return [str(server), "-H", "127.0.0.1", "-p", str(port)]


def _versitygw(port: int, folder: Path) -> list[str]:
    server = Path(sys.prefix) / "bin" / "versitygw"
    shown = ["--access", CREDENTIALS.key, "--secret", CREDENTIALS.secret]
    return [str(server), "--port", f"127.0.0.1:{port}", *shown, "posix", str(folder)]


KINDS: Mapping[str, Kind] = {
    "moto": Kind(_moto, checks_signatures=False, keeps_objects=False),
    "versitygw": Kind(_versitygw, checks_signatures=True, keeps_objects=True),
}


class S3Service:
    """One service with a bucket, until `close`."""

    def __init__(self, kind: Kind, folder: Path) -> None:
        self.kind = kind
        self.port = free_port()
        self.bucket = Bucket(self.port, BUCKET, CREDENTIALS)
        self._log = folder / "s3.log"
        self._objects = folder / "objects"
        self._objects.mkdir()
        self.start()
        eventually(self._makes_bucket, bool, seconds=START_SECONDS_MAX)

    def start(self) -> None:
        """Start it; it may not listen yet on return."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self.kind.command(self.port, self._objects),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _makes_bucket(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        return self.bucket.make()

    def close(self) -> None:
        """End it."""
        self.bucket.close()
        self.kill()

    def kill(self) -> None:
        """End it as `kill -9` does; `start` starts it again."""
        self._process.kill()
        self._process.wait(10)

    def store(self, port: int | None = None) -> S3Store:
        """Give what the product is told; `port` is that of a line to the service."""
        return S3Store(
            BUCKET,
            endpoint=f"http://127.0.0.1:{port or self.port}",
            access_key_id=CREDENTIALS.key,
            secret_access_key=CREDENTIALS.secret,
            allow_http=True,
        )

    def serve_command(
        self, data_dir: Path, node: str, *arguments: str, port: int | None = None
    ) -> list[str]:
        """Compose `influxpe serve` with its files in the bucket; `port` as in `store`."""
        store = self.store(port)
        given = {
            "--node-id": node,
            "--object-store": "s3",
            "--data-dir": str(data_dir),
            "--bucket": store.bucket,
            "--aws-endpoint": store.endpoint,
            "--aws-access-key-id": store.access_key_id,
            "--aws-secret-access-key": store.secret_access_key,
        }
        flags = ["--without-auth", "--aws-allow-http"]
        options = [f"{name}={value}" for name, value in given.items()]
        return [str(SCRIPTS / "influxpe"), "serve", *flags, *options, *arguments]
