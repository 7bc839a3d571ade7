"""Backups that are open on a server: few, and gone when nobody reads them."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from influxpe import errors
from influxpe._engine import Engine
from influxpe.config import BACKUP_IDLE_SECONDS_MAX, BACKUPS_OPEN_MAX
from influxpe.http.open_backups import OpenBackups

NS_PER_SECOND = 1_000_000_000
NOON_NS = 1_767_268_800 * NS_PER_SECOND
SEGMENT = f"wal/{1:020}.wal"


@dataclass
class Clock:
    """Stands still until it is moved."""

    ns: int = NOON_NS

    def now_ns(self) -> int:
        """Tell the time."""
        return self.ns


@dataclass
class Copy:
    """What the engine hands out."""

    position: int = 7
    manifest: str | None = None
    closed: bool = False

    def objects(self) -> list[SimpleNamespace]:
        """One segment."""
        return [SimpleNamespace(name=SEGMENT, bytes=100, crc32=None)]

    def read(self, name: str, offset: int, length: int) -> bytes:
        """Say what was asked for."""
        return f"{name} {offset} {length}".encode()

    def close(self) -> None:
        """Remember it."""
        self.closed = True


@dataclass
class Backups:
    """Open backups over an engine of tests."""

    folder: Path | None = None
    clock: Clock = field(default_factory=Clock)
    copies: list[Copy] = field(default_factory=list)
    refusing: bool = False

    def __post_init__(self) -> None:
        engine = cast(Engine, self)
        self.open = OpenBackups(engine, self.clock, node_id="n", plugin_dir=self.folder)

    def begin_backup(self) -> Copy:
        """Begin one, as the engine does."""
        if self.refusing:
            raise errors.InternalError("no disk")
        self.copies.append(Copy())
        return self.copies[-1]

    def cluster_uuid(self) -> str:
        """Tell the identity."""
        return "u"

    def closed(self) -> list[bool]:
        """Which copies the engine got back."""
        return [copy.closed for copy in self.copies]


def test_a_backup_says_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_bytes(b"abc")
    backups = Backups(tmp_path)
    offer = backups.open.begin()
    assert (offer.node_id, offer.cluster_uuid, offer.position) == ("n", "u", 7)
    assert offer.taken_at == "2026-01-01T12:00:00.000000Z"
    assert [(o.name, o.bytes, o.crc32) for o in offer.objects] == [
        (SEGMENT, 100, None),
        ("plugins/p.py", 3, 891568578),
    ]
    assert backups.open.size(offer.id, SEGMENT) == 100
    assert backups.open.read(offer.id, SEGMENT, 1, 2) == f"{SEGMENT} 1 2".encode()
    assert backups.open.read(offer.id, "plugins/p.py", 1, 9) == b"bc"


def test_there_are_few_at_a_time() -> None:
    backups = Backups()
    offers = [backups.open.begin() for _ in range(BACKUPS_OPEN_MAX)]
    assert len({offer.id for offer in offers}) == BACKUPS_OPEN_MAX
    with pytest.raises(errors.BusyError, match="4 backups are open, which is the most at a time"):
        backups.open.begin()
    backups.open.end(offers[0].id)
    backups.open.begin()
    assert backups.closed() == [True, False, False, False, False]


def test_one_that_nobody_reads_goes() -> None:
    backups = Backups()
    idle, read = backups.open.begin(), backups.open.begin()
    backups.clock.ns += BACKUP_IDLE_SECONDS_MAX * NS_PER_SECOND
    backups.open.read(read.id, SEGMENT, 0, 1)
    backups.open.expire()
    assert backups.closed() == [False, False]
    backups.clock.ns += 1
    backups.open.expire()
    assert backups.closed() == [True, False]
    with pytest.raises(errors.NotFoundError, match="is open: it has ended, or nobody read it for"):
        backups.open.read(idle.id, SEGMENT, 0, 1)


def test_those_that_are_idle_make_room() -> None:
    backups = Backups()
    for _ in range(BACKUPS_OPEN_MAX):
        backups.open.begin()
    backups.clock.ns += (BACKUP_IDLE_SECONDS_MAX + 1) * NS_PER_SECOND
    backups.open.begin()
    assert backups.closed() == [True] * BACKUPS_OPEN_MAX + [False]


def test_a_stop_lets_all_go() -> None:
    backups = Backups()
    offer = backups.open.begin()
    backups.open.close()
    assert backups.closed() == [True]
    with pytest.raises(errors.ClosedError, match="the server is being stopped"):
        backups.open.begin()
    with pytest.raises(errors.NotFoundError):
        backups.open.end(offer.id)


def test_a_name_that_is_not_in_it_is_not_found() -> None:
    backups = Backups()
    offer = backups.open.begin()
    for name in ("wal/none", "plugins/../p.py", ""):
        with pytest.raises(errors.NotFoundError, match="the backup has no object"):
            backups.open.read(offer.id, name, 0, 1)


def test_a_failed_opening_takes_no_place(tmp_path: Path) -> None:
    backups = Backups(tmp_path)
    backups.refusing = True
    for _ in range(BACKUPS_OPEN_MAX + 1):
        with pytest.raises(errors.InternalError, match="no disk"):
            backups.open.begin()
    backups.refusing = False
    backups.open.begin()
