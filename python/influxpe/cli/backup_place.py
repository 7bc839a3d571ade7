"""Where backups lie, as commands name it: a folder or `s3://bucket/prefix`; and their failures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from influxpe.cli import s3_options
from influxpe.cli.command import CommandError, Values
from influxpe.cli.parameter import flag

if TYPE_CHECKING:
    from influxpe.backup.place import Place

# Lies in every folder that a server has run on.
DATA_DIR_LOCK = "influxpe.lock"
DATA_DIR = "{where} is the data folder of a server, a backup needs one of its own"
SCHEME = "s3://"
QUIET = flag("quiet", "Do not report progress on stderr", short="q")


def is_bucket(where: str) -> bool:
    """Whether the user named a bucket."""
    return where.startswith(SCHEME)


@contextmanager
def open_place(where: str, values: Values, *, for_writing: bool = False) -> Iterator[Place]:
    """Open a folder or a bucket; a folder that is written to is locked meanwhile."""
    from influxpe.backup.place import Folder

    if is_bucket(where):
        yield _bucket(where, values)
        return
    path = Path(where).expanduser()
    folder = Folder(path)
    if not for_writing:
        yield folder
        return
    if (path / DATA_DIR_LOCK).exists():
        raise CommandError(DATA_DIR.format(where=where))
    with folder.lock():
        yield folder


def _bucket(where: str, values: Values) -> Place:
    from influxpe.backup.bucket import Bucket, split_url

    try:
        name, prefix = split_url(where)
    except ValueError as error:
        raise CommandError(str(error)) from error
    return Bucket(s3_options.bucket_store(name, values), prefix)


@contextmanager
def failures_told() -> Iterator[None]:
    """Let what goes wrong with a backup end the command."""
    from influxpe.errors import BackupError

    try:
        yield
    except BackupError as error:
        raise CommandError(str(error), hint=error.hint) from error
