"""Which backup gives the state of a moment, and what is refused."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from influxpe.backup.entry import Entry, Segment
from influxpe.backup.history import Goal, choose, continues, points
from influxpe.errors import BackupError
from tests.unit.backup.entries import entry, segment

NOON_S = int(datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp())

# Frame 10 n was written at second n: 150 frames by second 15.
FIRST = entry(
    50,
    30,
    segment(1, 1, 40, last_s=NOON_S + 4),
    segment(2, 41, 50, last_s=NOON_S + 5),
    taken_s=5,
)
SECOND = entry(
    100,
    80,
    segment(2, 41, 90, last_s=NOON_S + 9),
    segment(3, 91, 100, last_s=NOON_S + 10),
    taken_s=10,
)
# Its log does not have the third segment any more.
THIRD = entry(150, 120, segment(5, 111, 150, last_s=NOON_S + 15), taken_s=15)
ALL = [FIRST, SECOND, THIRD]


def last_by(segment: Segment, time_s: int) -> int:
    """Give the last frame up to a time, as reading the segment would."""
    written = 10 * (time_s - NOON_S) + 9
    return max(min(written, segment.last), segment.first - 1)


def chosen(goal: Goal, entries: list[Entry] = ALL) -> tuple[int, int, int, list[int]]:
    """Give the positions of base, of the log, of the goal, and the segments."""
    found = choose(entries, goal, last_by)
    numbers = [int(s.item.name.removeprefix("wal/").removesuffix(".wal")) for s in found.segments]
    return found.base.position, found.newest.position, found.position, numbers


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        (Goal(), (150, 150, 150, [5])),
        (Goal(position=150), (150, 150, 150, [5])),
        (Goal(position=120), (150, 150, 120, [5])),
        (Goal(position=100), (100, 100, 100, [2, 3])),
        (Goal(position=90), (100, 100, 90, [2])),
        (Goal(position=80), (100, 100, 80, [2])),
        # The files of the second backup have later rows: those of the first one, and its log.
        (Goal(position=79), (50, 100, 79, [1, 2])),
        (Goal(position=51), (50, 100, 51, [1, 2])),
        (Goal(position=50), (50, 50, 50, [1, 2])),
        (Goal(position=30), (50, 50, 30, [1])),
        (Goal(time_s=NOON_S + 60), (150, 150, 150, [5])),
        (Goal(time_s=NOON_S + 15), (150, 150, 150, [5])),
        (Goal(time_s=NOON_S + 13), (150, 150, 139, [5])),
        (Goal(time_s=NOON_S + 9), (100, 100, 99, [2, 3])),
        (Goal(time_s=NOON_S + 6), (50, 100, 69, [1, 2])),
        (Goal(time_s=NOON_S + 3), (50, 50, 39, [1])),
        # What a backup took was there when it was taken, whatever the clock said meanwhile.
        (Goal(time_s=NOON_S + 5), (50, 100, 59, [1, 2])),
    ],
)
def test_the_newest_state_up_to_a_moment_is_chosen(
    goal: Goal, expected: tuple[int, int, int, list[int]]
) -> None:
    assert chosen(goal) == expected


@pytest.mark.parametrize(
    ("goal", "text"),
    [
        (Goal(position=151), "for position 151: the newest backup ends at position 150"),
        (Goal(position=29), "for position 29: no backup has both files from before it"),
        (Goal(position=119), "for position 119: no backup has both files from before it"),
        (Goal(position=101), "for position 101: no backup has both files from before it"),
        (Goal(time_s=NOON_S + 2), "for that time: no backup has both files from before it"),
        (Goal(time_s=NOON_S + 11), "for that time: no backup has both files from before it"),
        (Goal(time_s=NOON_S - 60), "for that time: no backup has both files from before it"),
    ],
)
def test_what_lies_in_a_gap_or_before_all_is_refused_with_the_restore_points(
    goal: Goal, text: str
) -> None:
    with pytest.raises(BackupError, match=text) as refused:
        choose(ALL, goal, last_by)
    assert refused.value.hint == points(ALL)
    assert "2026-01-01T12:00:10.000000Z (position 100)" in points(ALL)


def test_frames_before_the_files_do_not_prove_that_their_time_had_come() -> None:
    alone = entry(50, 30, segment(2, 31, 50, last_s=NOON_S + 5), taken_s=5)
    assert chosen(Goal(position=30), [alone]) == (50, 50, 30, [])
    with pytest.raises(BackupError):
        choose([alone], Goal(time_s=NOON_S + 2), last_by)


def test_a_database_without_files_comes_from_its_log() -> None:
    alone = entry(50, 0, segment(1, 1, 50, last_s=NOON_S + 5), taken_s=5)
    assert chosen(Goal(), [alone]) == (50, 50, 50, [1])
    assert chosen(Goal(position=7), [alone]) == (50, 50, 7, [1])


def test_a_segment_without_frames_is_left_out() -> None:
    stored = entry(50, 50, segment(3, 51, 50), taken_s=5)
    assert chosen(Goal(), [stored]) == (50, 50, 50, [])


def test_a_gap_amid_the_log_is_refused() -> None:
    torn = entry(50, 10, segment(1, 1, 20), segment(2, 31, 50))
    with pytest.raises(BackupError, match="no backup has both"):
        choose([torn], Goal(), last_by)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (entry(100, 80, segment(2, 41, 90), segment(3, 91, 100)), True),
        (entry(50, 50, segment(2, 41, 50)), True),
        (entry(100, 80, segment(3, 51, 100)), False),
        # Another history: the segment is shorter, or begins elsewhere.
        (entry(100, 80, segment(2, 41, 45), segment(3, 46, 100)), False),
        (entry(100, 80, segment(2, 40, 90), segment(3, 91, 100)), False),
    ],
)
def test_a_log_goes_on_where_it_still_has_the_last_segment(after: Entry, expected: bool) -> None:
    assert continues(FIRST, after) is expected


def test_only_the_segment_in_which_a_time_lies_is_read() -> None:
    read: list[str] = []

    def find_last(segment: Segment, time_s: int) -> int:
        read.append(segment.item.name)
        return last_by(segment, time_s)

    find: Callable[[Segment, int], int] = find_last
    choose(ALL, Goal(time_s=NOON_S + 9), find)
    assert read == [f"wal/{3:020}.wal"]
