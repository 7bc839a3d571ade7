"""Which backup, and how much of its log, gives the state of a moment. Decides, and touches nothing.

Backups of a place come in the order of positions. The log of one continues that of the one before
it where it still has that one's last segment; then every position between them can be had.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from influxpe.backup.entry import Entry, Segment
from influxpe.errors import BackupError

NOTHING_OLD_ENOUGH = "no backup has both files from before it and the log from there on"
POINTS_SHOWN = 8
# No frame that is kept was written by then, so nobody knows which of the files' rows were.
BEFORE_ALL = -1

# From a segment and seconds since the epoch to the position of its last frame up to then.
FindLast = Callable[[Segment, int], int]


@dataclass(frozen=True)
class Goal:
    """What is asked for: a position, or a time in whole seconds, or neither for the newest."""

    position: int | None = None
    time_s: int | None = None


@dataclass(frozen=True)
class Restoration:
    """The manifest and the files of `base`, then the log in `segments` up to `position`."""

    base: Entry
    newest: Entry
    segments: tuple[Segment, ...]
    position: int


def choose(entries: Sequence[Entry], goal: Goal, find_last: FindLast) -> Restoration:
    """Give what leads to the newest state at or before the goal. Raises `BackupError`."""
    index = _index(entries, goal)
    newest, before = entries[index], entries[index - 1] if index else None
    if before is not None and not continues(before, newest):
        before = None
    position = _position(before, newest, goal, find_last)
    for base in (newest, before):
        if base is None or base.stored_position > position:
            continue
        segments = _log(base, newest, position)
        if reaches(segments, base.stored_position, position):
            return Restoration(base, newest, segments, position)
    raise _unreachable(entries, goal, NOTHING_OLD_ENOUGH)


def continues(before: Entry, entry: Entry) -> bool:
    """Whether the log of a backup goes on where that of the one before it ended."""
    taken = {segment.item.name: segment for segment in entry.segments}
    if not before.segments:
        return False
    last = before.segments[-1]
    same = taken.get(last.item.name)
    return same is not None and same.first == last.first and same.item.bytes >= last.item.bytes


def reaches(segments: Sequence[Segment], stored: int, position: int) -> bool:
    """Whether segments have every frame behind `stored` up to `position`, without a gap."""
    if any(a.last + 1 != b.first for a, b in pairwise(segments)):
        return False
    if position == stored and not segments:
        return True
    return bool(segments) and segments[0].first <= stored + 1 and segments[-1].last >= position


def _index(entries: Sequence[Entry], goal: Goal) -> int:
    """Find the backup in whose log the goal lies."""
    if goal.position is not None:
        for index, entry in enumerate(entries):
            if entry.position >= goal.position:
                return index
        raise _unreachable(
            entries, goal, f"the newest backup ends at position {entries[-1].position}"
        )
    if goal.time_s is not None:
        for index, entry in enumerate(entries):
            if entry.taken_s > goal.time_s:
                return index
    return len(entries) - 1


def _position(before: Entry | None, entry: Entry, goal: Goal, find_last: FindLast) -> int:
    """Give the position of the goal within one backup."""
    if goal.position is not None:
        return goal.position
    if goal.time_s is None or entry.taken_s <= goal.time_s:
        return entry.position
    # What the backup before it took was there by then.
    least = before.position if before is not None else -1
    for segment in entry.segments:
        if segment.last <= least or _is_older(segment, goal.time_s):
            continue
        found = max(find_last(segment, goal.time_s), least)
        if found < segment.last:
            return found if before is not None or found >= entry.segments[0].first else BEFORE_ALL
    return entry.position


def _is_older(segment: Segment, time_s: int) -> bool:
    return segment.last_s is None or segment.last_s <= time_s


def _log(base: Entry, newest: Entry, position: int) -> tuple[Segment, ...]:
    """Join the log of two backups: of a segment in both, the newer one has more."""
    by_name = {segment.item.name: segment for entry in (base, newest) for segment in entry.segments}
    joined = sorted(by_name.values(), key=lambda segment: segment.item.name)
    return tuple(segment for segment in joined if segment.first <= position)


def _unreachable(entries: Sequence[Entry], goal: Goal, why: str) -> BackupError:
    return BackupError(f"there is no state to restore for {_words(goal)}: {why}", points(entries))


def _words(goal: Goal) -> str:
    if goal.position is not None:
        return f"position {goal.position}"
    return "that time" if goal.time_s is not None else "the newest backup"


def points(entries: Sequence[Entry]) -> str:
    """Name the restore points, the newest first."""
    named = [f"{entry.taken_at} (position {entry.position})" for entry in reversed(entries)]
    shown = ", ".join(named[:POINTS_SHOWN])
    more = len(named) - POINTS_SHOWN
    return f"restore points: {shown}" + (f" and {more} earlier" if more > 0 else "")
