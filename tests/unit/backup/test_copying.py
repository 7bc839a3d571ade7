"""What is copied into a place that holds something already."""

import pytest

from influxpe.backup.copying import (
    Action,
    Held,
    check_destination,
    file_action,
    held,
    newest_known,
    segment_action,
)
from influxpe.backup.offer import Offer, Offered
from influxpe.errors import BackupError
from tests.unit.backup.entries import UUID, entry, item, segment

FILE = item("store/n/a.parquet", 100, 5)
PLUGIN = item("plugins/p.py", 10, 6)
SEGMENT = segment(1, 1, 50)
NAME, SIZE = SEGMENT.item.name, SEGMENT.item.bytes
OTHER_HISTORY = "the destination holds another history of this database"


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (Held({}), Action.COPY),
        (Held({FILE.name: 99}), Action.COPY),
        (Held({FILE.name: 100}), Action.CHECK),
        (Held({FILE.name: 100}, {FILE.name: FILE}), Action.KEEP),
        # A backup names it, and it has gone or was cut.
        (Held({}, {FILE.name: FILE}), Action.COPY),
        (Held({FILE.name: 50}, {FILE.name: FILE}), Action.COPY),
    ],
)
def test_a_file_is_copied_unless_it_is_there(there: Held, expected: Action) -> None:
    assert file_action(FILE, there) is expected


def test_a_file_of_that_name_with_other_bytes_is_another_history() -> None:
    other = item(FILE.name, 100, 6)
    with pytest.raises(BackupError, match=OTHER_HISTORY):
        file_action(FILE, Held({FILE.name: 100}, {FILE.name: other}))


def test_a_plugin_that_has_changed_is_kept_beside_the_older_one() -> None:
    older = item(PLUGIN.name, 10, 7)
    there = Held({older.kept_as: 10}, {older.kept_as: older})
    assert file_action(PLUGIN, there) is Action.COPY
    assert file_action(older, there) is Action.KEEP
    assert PLUGIN.kept_as == "plugins/00000006-10/p.py"


@pytest.mark.parametrize(
    ("size", "stored", "known", "is_newest", "expected"),
    [
        (SIZE, None, False, False, Action.COPY),
        (SIZE, SIZE, False, False, Action.COPY),
        (SIZE, SIZE, True, False, Action.KEEP),
        (SIZE, SIZE + 10, True, False, Action.KEEP),
        (SIZE, SIZE - 1, True, False, Action.COPY),
        (SIZE, None, True, False, Action.COPY),
        (SIZE + 10, SIZE, True, False, Action.COPY),
        # Read again, so that another history shows.
        (SIZE, SIZE, True, True, Action.COPY),
    ],
)
def test_a_segment_is_copied_where_it_has_grown(
    size: int, stored: int | None, known: bool, is_newest: bool, expected: Action
) -> None:
    sizes = {} if stored is None else {NAME: stored}
    there = held([entry(50, 10, SEGMENT)] if known else [], sizes)
    assert segment_action(Offered(NAME, size), there, is_newest_known=is_newest) is expected


def test_a_segment_that_has_become_shorter_is_another_history() -> None:
    there = held([entry(50, 10, SEGMENT)], {NAME: SIZE})
    with pytest.raises(BackupError, match=OTHER_HISTORY):
        segment_action(Offered(NAME, SIZE - 1), there, is_newest_known=False)


def offer(position: int, *segments: int, node: str = "n", uuid: str = UUID) -> Offer:
    return Offer(
        id="x",
        format=1,
        node_id=node,
        cluster_uuid=uuid,
        position=position,
        manifest=None,
        taken_at="2026-01-01T12:00:00.000000Z",
        objects=tuple(Offered(f"wal/{number:020}.wal", 64) for number in segments),
    )


def test_the_longest_part_of_a_segment_is_known() -> None:
    longer = segment(1, 1, 60)
    there = held([entry(50, 10, SEGMENT), entry(60, 10, longer)], {})
    assert there.segments == {NAME: longer}
    there = held([entry(60, 10, longer), entry(60, 10, SEGMENT)], {})
    assert there.segments == {NAME: longer}


def test_the_newest_segment_that_both_have_is_found() -> None:
    there = held([entry(60, 10, segment(1, 1, 50), segment(2, 51, 60))], {})
    assert newest_known(offer(90, 1, 2, 3), there) == f"wal/{2:020}.wal"
    assert newest_known(offer(90, 3), there) is None


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (offer(100, uuid="another"), "the place holds backups of another database"),
        (offer(100, node="m"), "the place holds backups of the node 'n', this one is 'm'"),
        (offer(49), "its newest backup is at position 50, the server at 49"),
    ],
)
def test_a_place_of_another_database_or_of_a_later_state_is_refused(
    given: Offer, text: str
) -> None:
    with pytest.raises(BackupError, match=text) as refused:
        check_destination([entry(50, 10, SEGMENT)], given, "the place")
    assert refused.value.hint == "back up to a folder or prefix of its own"


def test_an_empty_place_and_the_same_database_are_taken() -> None:
    check_destination([], offer(0), "the place")
    check_destination([entry(50, 10, SEGMENT)], offer(50), "the place")
