"""Objects of a bucket of S3, below a prefix. Objects are put whole, so one is held in memory."""

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from influxpe import errors
from influxpe._engine import ObjectStore
from influxpe.config import S3Store
from influxpe.errors import BackupError

SCHEME = "s3://"


def split_url(url: str) -> tuple[str, str]:
    """Give bucket and prefix of `s3://bucket/prefix`. Raises `ValueError`."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment:
        raise ValueError(f"'{url}' is no s3://bucket/prefix")
    return parts.netloc, parts.path.strip("/")


class Bucket:
    """A bucket, or what lies below a prefix of it."""

    def __init__(self, store: S3Store, prefix: str = "") -> None:
        self._prefix = f"{prefix}/" if prefix else ""
        self._url = f"{SCHEME}{store.bucket}"
        try:
            self._objects = ObjectStore.open(store.options())
        except errors.EngineError as error:
            raise BackupError(f"cannot use {self._url}: {error}") from error

    def names(self, folder: str) -> dict[str, int]:
        """Ask for the names in a folder and below; `""` for all."""
        asked = f"{self._prefix}{folder}".strip("/")
        try:
            found = self._objects.list(asked)
        except errors.EngineError as error:
            raise BackupError(f"cannot read {self._url}/{asked}: {error}") from error
        return {name.removeprefix(self._prefix): size for name, size in found}

    def read(self, name: str, bytes_max: int | None = None) -> Iterator[bytes]:
        """Read an object at once."""
        try:
            data = self._objects.get(self._prefix + name)
        except errors.EngineError as error:
            raise BackupError(f"cannot read {self.where(name)}: {error}") from error
        yield data if bytes_max is None else data[:bytes_max]

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        """Put an object at once."""
        data = b"".join(pieces)
        try:
            self._objects.put(self._prefix + name, data)
        except errors.EngineError as error:
            raise BackupError(f"cannot write {self.where(name)}: {error}") from error

    def where(self, name: str) -> str:
        """Give the URL."""
        return f"{self._url}/{self._prefix}{name}"
