"""Histories at random: what can be restored is what the kept files and frames lead to."""

import random
from dataclasses import dataclass, field

import pytest

from influxpe.backup.entry import Entry, Segment
from influxpe.backup.history import Goal, choose
from influxpe.errors import BackupError
from tests.unit.backup.entries import entry, segment

SEEDS = 60
STEPS = 60
FRAMES_MAX = 12


@dataclass
class Server:
    """A server that writes, stores, lets its log go, and is backed up."""

    choices: random.Random
    position: int = 0
    stored: int = 0
    starts: list[int] = field(default_factory=lambda: [1])
    let_go: int = 0
    backups: list[Entry] = field(default_factory=list)

    def step(self) -> None:
        """Do one thing of what a server does."""
        self.choices.choice([self.write, self.write, self.store, self.back_up])()

    def write(self) -> None:
        """Write some frames, and perhaps begin a segment amid them."""
        for _ in range(self.choices.randint(1, FRAMES_MAX)):
            self.position += 1
            if self.choices.random() < 0.1:
                self.starts.append(self.position + 1)

    def store(self) -> None:
        """Put a manifest, and let whole segments behind it go."""
        self.stored = self.choices.randint(self.stored, self.position)
        while self.let_go + 1 < len(self.starts) and self.starts[self.let_go + 1] <= self.stored:
            self.let_go += 1

    def back_up(self) -> None:
        """Take what there is."""
        entries = self.segments()
        seconds = len(self.backups) % 60
        self.backups.append(entry(self.position, self.stored, *entries, taken_s=seconds))

    def segments(self) -> list[Segment]:
        """Give the segments that are kept, up to the newest frame."""
        ends = [start - 1 for start in self.starts[1:]] + [self.position]
        numbered = list(enumerate(zip(self.starts, ends, strict=True), 1))
        return [segment(n, first, last) for n, (first, last) in numbered[self.let_go :]]


def history(seed: int) -> Server:
    server = Server(random.Random(seed))  # noqa: S311 - a repeatable choice, not a secret
    for _ in range(STEPS):
        server.step()
    server.back_up()
    return server


def frames(segments: list[Segment]) -> set[int]:
    return {n for one in segments for n in range(one.first, one.last + 1)}


def leads_to(entries: list[Entry], position: int) -> bool:
    """Whether files of any backup, and frames of all, lead to a position."""
    kept = frames([one for found in entries for one in found.segments])
    bases = [found.stored_position for found in entries if found.stored_position <= position]
    return any(kept.issuperset(range(base + 1, position + 1)) for base in bases)


def never(found: Segment, time_s: int) -> int:
    raise AssertionError("a position needs no reading")


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_position_that_anything_leads_to_can_be_had(seed: int) -> None:
    server = history(seed)
    for position in range(1, server.position + 1):
        expected = leads_to(server.backups, position)
        try:
            found = choose(server.backups, Goal(position=position), never)
        except BackupError:
            assert not expected or begins_anew(server.backups, position)
            continue
        assert expected
        assert found.base.stored_position <= position
        needed = set(range(found.base.stored_position + 1, position + 1))
        assert needed <= frames(list(found.segments))


def begins_anew(entries: list[Entry], position: int) -> bool:
    """Whether the log was kept from a fresh segment on, which nothing ties to the one before."""
    later = next(found for found in entries if found.position >= position)
    before = max((found.position for found in entries if found.position < position), default=0)
    return later.segments[0].first == before + 1
