"""Backups of an engine in this process: without a server, into any place and back."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from influxpe._engine import Engine
from influxpe.backup.bring_back import Restoring, plan
from influxpe.backup.entry import Entry
from influxpe.backup.history import Goal
from influxpe.backup.offer import Offer, Offered
from influxpe.backup.place import Folder, Place
from influxpe.backup.read_back import read_entries
from influxpe.backup.save import Copied, Saving
from influxpe.backup.target import Target
from influxpe.clock import SystemClock
from influxpe.http.open_backups import OpenBackups

NODE = "n0"
NEWEST = Goal()
MEBIBYTE = 1 << 20
READ_BYTES = 100_000


class NoProgress:
    """Nobody looks."""

    def expect(self, size_bytes: int) -> None:
        """Take no notice."""

    def add(self, size_bytes: int) -> None:
        """Take no notice."""


@contextmanager
def opened(data_dir: Path) -> Iterator[Engine]:
    """Open an engine whose files lie in the data directory."""
    engine = Engine.open(
        str(data_dir),
        buffer_bytes_max=1024 * MEBIBYTE,
        query_bytes_max=64 * MEBIBYTE,
        query_threads=1,
        node_id=NODE,
    )
    with closing(engine):
        yield engine


class Source:
    """Hands out one open backup, as the routes do."""

    def __init__(self, backups: OpenBackups, offer: Offer) -> None:
        self._backups = backups
        self._id = offer.id
        self.asked: list[str] = []

    def keep_open(self, offered: Offered) -> None:
        """Nothing lets it go."""

    def pieces(self, offered: Offered) -> Iterator[bytes]:
        """Read in small parts."""
        self.asked.append(offered.name)
        for offset in range(0, offered.bytes, READ_BYTES):
            length = min(READ_BYTES, offered.bytes - offset)
            yield self._backups.read(self._id, offered.name, offset, length)


class Copying:
    """A backup that is open, to be saved now or later."""

    def __init__(self, engine: Engine, plugin_dir: Path | None = None) -> None:
        self.backups = OpenBackups(engine, SystemClock(), node_id=NODE, plugin_dir=plugin_dir)
        self.offer = self.backups.begin()
        self.source = Source(self.backups, self.offer)

    def save(self, place: Place) -> tuple[Entry, Copied]:
        """Copy what the place lacks, and let the backup go."""
        try:
            saving = Saving(self.offer, self.source, place, NoProgress())
            return saving.run(), saving.copied
        finally:
            self.backups.close()


def save(engine: Engine, folder: Path) -> Entry:
    """Back up into a folder."""
    return Copying(engine).save(Folder(folder))[0]


def restore(folder: Path, data_dir: Path, goal: Goal = NEWEST) -> int:
    """Restore from a folder into a data directory, and give the position."""
    place = Folder(folder)
    return restore_from(place, read_entries(place), file_target(data_dir), goal)


def file_target(data_dir: Path) -> Target:
    """Give a data directory that keeps its files itself."""
    return Target(data_dir, Folder(data_dir), Folder(data_dir), "file")


def restore_from(place: Place, entries: Sequence[Entry], target: Target, goal: Goal) -> int:
    """Restore a goal, and see that it opens."""
    restoration = plan(place, entries, goal)

    def prove() -> None:
        with opened(target.data_dir) as engine:
            assert engine.stats().position >= restoration.position

    Restoring(place, restoration, target, NoProgress()).run(prove)
    return restoration.position


def values(engine: Engine, table: str = "t") -> list[int]:
    """Give the values of a table of the database `db`, in their order."""
    stream = engine.query("db", f"SELECT v FROM {table} ORDER BY v", format="csv")  # noqa: S608
    text = b""
    while chunk := stream.next_chunk():
        text += chunk
    return [int(line) for line in text.splitlines()[1:]]
