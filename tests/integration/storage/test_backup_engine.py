"""Backups of an engine, whatever it does meanwhile, and what comes back from them."""

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from influxpe import errors
from influxpe._engine import Engine
from influxpe.backup.history import Goal
from influxpe.backup.place import Folder
from influxpe.backup.read_back import read_entries
from influxpe.errors import BackupError
from tests.integration.storage.copies import (
    Copying,
    file_target,
    opened,
    restore,
    restore_from,
    save,
    values,
)
from tests.integration.storage.writing import write

TEXT_BYTES = 1_000_000
SEGMENT_TEXTS = 68


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with opened(tmp_path / "data") as engine:
        yield engine


def add(engine: Engine, *numbers: int) -> int:
    """Write a row for each number, and give the position that they reach."""
    write(engine, "\n".join(f"t,series=s{number % 3} v={number}i {number}" for number in numbers))
    return engine.stats().position


def restored(tmp_path: Path, goal: Goal | None = None) -> list[int]:
    """Restore into a new data directory, and give the values."""
    data_dir = tmp_path / f"restored{len(list(tmp_path.iterdir()))}"
    restore(tmp_path / "copy", data_dir, goal or Goal())
    with opened(data_dir) as engine:
        return values(engine)


def tail_only(engine: Engine) -> None:
    add(engine, 1, 2, 3)


def stored_only(engine: Engine) -> None:
    add(engine, 1, 2, 3)
    engine.persist()


def stored_and_tail(engine: Engine) -> None:
    add(engine, 1)
    engine.persist()
    add(engine, 2, 3)


def merged(engine: Engine) -> None:
    for number in range(1, 9):
        add(engine, number)
        engine.persist()
    engine.compact()
    delete(engine, 4, 99)


def replaced(engine: Engine) -> None:
    write(engine, "t,series=s1 v=7i 1")
    engine.persist()
    add(engine, 1, 2, 3)


def delete(engine: Engine, first: int, last: int) -> None:
    engine.delete_rows("db", "t", first_ns=first, last_ns=last, tags=[])


@pytest.mark.parametrize("fill", [tail_only, stored_only, stored_and_tail, merged, replaced])
def test_what_was_there_comes_back(
    tmp_path: Path, engine: Engine, fill: Callable[[Engine], None]
) -> None:
    fill(engine)
    entry = save(engine, tmp_path / "copy")
    assert entry.position == engine.stats().position
    add(engine, 100)
    assert restored(tmp_path) == [1, 2, 3]


def test_an_empty_database_comes_back(tmp_path: Path, engine: Engine) -> None:
    save(engine, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "back")
    with opened(tmp_path / "back") as back:
        assert back.cluster_uuid() == engine.cluster_uuid()
        assert [info.name for info in back.databases()] == ["_internal"]


def test_what_is_restored_goes_on_and_opens_again(tmp_path: Path, engine: Engine) -> None:
    stored_and_tail(engine)
    save(engine, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "back")
    with opened(tmp_path / "back") as back:
        add(back, 4)
        back.persist()
        add(back, 5)
    with opened(tmp_path / "back") as back:
        assert values(back) == [1, 2, 3, 4, 5]


def test_files_stay_for_as_long_as_a_backup_is_open(tmp_path: Path, engine: Engine) -> None:
    for number in range(1, 9):
        add(engine, number)
        engine.persist()
    add(engine, 9)
    copying = Copying(engine)
    for number in range(10, 30):
        add(engine, number)
        engine.persist()
        engine.compact()
    delete(engine, 0, 99)
    engine.persist()
    engine.compact()
    copying.save(Folder(tmp_path / "copy"))
    assert restored(tmp_path) == list(range(1, 10))


def test_a_second_backup_copies_what_is_new(tmp_path: Path, engine: Engine) -> None:
    place = Folder(tmp_path / "copy")
    stored_only(engine)
    first, _ = Copying(engine).save(place)
    add(engine, 4)
    engine.persist()
    copying = Copying(engine)
    _, copied = copying.save(place)
    again = [item.name for item in first.files if item.name in copying.source.asked]
    assert again == []
    assert copied.kept >= len(first.files)
    assert restored(tmp_path) == [1, 2, 3, 4]
    assert restored(tmp_path, Goal(position=first.position)) == [1, 2, 3]


def test_nothing_is_copied_where_nothing_is_new(tmp_path: Path, engine: Engine) -> None:
    place = Folder(tmp_path / "copy")
    stored_and_tail(engine)
    Copying(engine).save(place)
    _, copied = Copying(engine).save(place)
    assert (copied.objects, copied.bytes) == (0, 0)
    assert len(read_entries(place)) == 2


def test_every_position_between_two_backups_can_be_had(tmp_path: Path, engine: Engine) -> None:
    positions = {}
    for number in range(1, 13):
        positions[number] = add(engine, number)
        if number in {3, 7}:
            engine.persist()
        if number in {4, 12}:
            save(engine, tmp_path / "copy")
    for number in range(3, 13):
        expected = list(range(1, number + 1))
        assert restored(tmp_path, Goal(position=positions[number])) == expected


def fill_segment(engine: Engine, number: int) -> int:
    """Write more than a segment holds, and then a row; gives the position of the row."""
    for part in range(SEGMENT_TEXTS):
        write(engine, f'big text="{"x" * TEXT_BYTES}" {number * SEGMENT_TEXTS + part}')
    return add(engine, number)


def test_a_log_of_several_segments_comes_back_up_to_any_position(
    tmp_path: Path, engine: Engine
) -> None:
    place = Folder(tmp_path / "copy")
    reached = [add(engine, 0)]
    first, _ = Copying(engine).save(place)
    reached += [fill_segment(engine, 1), fill_segment(engine, 2)]
    second, _ = Copying(engine).save(place)
    assert len(second.segments) > len(first.segments) == 1
    assert second.segments[0].item.bytes > first.segments[0].item.bytes
    reached.append(add(engine, 3))
    copying = Copying(engine)
    copying.save(place)
    # Segments that were finished are there; the one that grew is read again.
    assert copying.source.asked == [second.segments[-1].item.name]
    for number, position in enumerate(reached):
        expected = list(range(number + 1))
        assert restored(tmp_path, Goal(position=position)) == expected


def test_a_position_whose_log_was_let_go_is_refused(tmp_path: Path, engine: Engine) -> None:
    add(engine, 1)
    first = save(engine, tmp_path / "copy")
    lost = fill_segment(engine, 2)
    fill_segment(engine, 3)
    engine.persist()
    add(engine, 4)
    second = save(engine, tmp_path / "copy")
    assert first.segments[-1].item.name < second.segments[0].item.name
    with pytest.raises(BackupError, match="no backup has both files from before it and the log"):
        restore(tmp_path / "copy", tmp_path / "back", Goal(position=lost))
    assert restored(tmp_path, Goal(position=first.position)) == [1]
    assert restored(tmp_path) == [1, 2, 3, 4]


def test_a_trigger_that_lags_behind_the_files_reads_on(tmp_path: Path, engine: Engine) -> None:
    add(engine, 0)
    made = engine.create_trigger(
        "db",
        "lags",
        plugin_filename="p.py",
        specification="all_tables",
        specification_json="{}",
        arguments=None,
        run_async=False,
        error_behavior="log",
        disabled=False,
    )
    add(engine, 1, 2)
    engine.persist()
    add(engine, 3)
    entry = save(engine, tmp_path / "copy")
    assert entry.stored_position > made.cursor
    restore(tmp_path / "copy", tmp_path / "back")
    with opened(tmp_path / "back") as back:
        (trigger,) = back.triggers()
        assert trigger.cursor == made.cursor
        read = back.feed(trigger.id, table=None).read(rows_max=100)
        assert sum(table.rows for table in read.tables) == 3


def test_a_deletion_is_undone_by_going_back_before_it(tmp_path: Path, engine: Engine) -> None:
    stored_only(engine)
    before = save(engine, tmp_path / "copy")
    delete(engine, 2, 2)
    engine.persist()
    engine.compact()
    save(engine, tmp_path / "copy")
    assert restored(tmp_path) == [1, 3]
    assert restored(tmp_path, Goal(position=before.position)) == [1, 2, 3]


def test_a_merge_does_not_run_ahead_of_its_manifest(tmp_path: Path, engine: Engine) -> None:
    for number in range(1, 9):
        before = add(engine, number)
        engine.persist()
    delete(engine, 0, 3)
    engine.compact()
    entry = save(engine, tmp_path / "copy")
    assert entry.stored_position <= before < entry.position
    assert restored(tmp_path) == [4, 5, 6, 7, 8]
    assert restored(tmp_path, Goal(position=before)) == list(range(1, 9))


def test_a_table_that_was_deleted_for_good_comes_back_before_it(
    tmp_path: Path, engine: Engine
) -> None:
    stored_only(engine)
    before = save(engine, tmp_path / "copy").position
    engine.delete_table("db", "t", now_ns=0, hard_delete_at_ns=0)
    engine.purge(now_ns=1)
    engine.compact()
    save(engine, tmp_path / "copy")
    assert restored(tmp_path, Goal(position=before)) == [1, 2, 3]
    engine.persist()
    engine.compact()
    save(engine, tmp_path / "copy")
    assert restored(tmp_path, Goal(position=before)) == [1, 2, 3]
    restore(tmp_path / "copy", tmp_path / "newest")
    with opened(tmp_path / "newest") as newest, pytest.raises(errors.InvalidError):
        values(newest)


def test_a_restored_state_may_go_another_way_into_another_place(
    tmp_path: Path, engine: Engine
) -> None:
    add(engine, 1)
    entry = save(engine, tmp_path / "copy")
    add(engine, 2)
    save(engine, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "back", Goal(position=entry.position))
    with opened(tmp_path / "back") as back:
        with pytest.raises(BackupError, match="another history of this database"):
            save(back, tmp_path / "copy")
        for number in range(3, 9):
            add(back, number)
        with pytest.raises(BackupError, match="another history of this database"):
            save(back, tmp_path / "copy")
        save(back, tmp_path / "other")
    assert restored(tmp_path) == [1, 2]


def test_another_database_is_refused(tmp_path: Path, engine: Engine) -> None:
    save(engine, tmp_path / "copy")
    with opened(tmp_path / "other") as other, pytest.raises(BackupError, match="another database"):
        save(other, tmp_path / "copy")


def test_the_logs_of_two_histories_are_not_mixed(tmp_path: Path, engine: Engine) -> None:
    add(engine, 1)
    first = save(engine, tmp_path / "copy")
    between = add(engine, 2)
    add(engine, 3)
    engine.persist()
    second = save(engine, tmp_path / "copy")
    begun = first.segments[0]
    other = structs.replace(begun, item=structs.replace(begun.item, crc32=begun.item.crc32 ^ 1))
    entries = [structs.replace(first, segments=(other,)), second]
    place, target = Folder(tmp_path / "copy"), file_target(tmp_path / "back")
    with pytest.raises(BackupError, match=r"\.wal is damaged: its checksum does not fit"):
        restore_from(place, entries, target, Goal(position=between))
    assert restored(tmp_path, Goal(position=between)) == [1, 2]


@pytest.mark.parametrize("kind", ["*.parquet", "*.manifest", "*.wal", "*.json"])
def test_a_damaged_object_is_named(tmp_path: Path, engine: Engine, kind: str) -> None:
    stored_and_tail(engine)
    save(engine, tmp_path / "copy")
    (path,) = (tmp_path / "copy").rglob(kind)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(BackupError, match=f"{path}'? is damaged"):
        restore(tmp_path / "copy", tmp_path / "back")


@pytest.mark.parametrize("kind", ["*.parquet", "*.manifest", "*.wal"])
def test_a_missing_object_is_named_and_copied_again(
    tmp_path: Path, engine: Engine, kind: str
) -> None:
    stored_and_tail(engine)
    save(engine, tmp_path / "copy")
    (path,) = (tmp_path / "copy").rglob(kind)
    path.unlink()
    with pytest.raises(BackupError, match=f"cannot read {path}: no such file"):
        restore(tmp_path / "copy", tmp_path / "back")
    save(engine, tmp_path / "copy")
    shutil.rmtree(tmp_path / "back", ignore_errors=True)
    assert restored(tmp_path) == [1, 2, 3]


class Cut(BaseException):
    """The machine lost its power."""


class CutFolder(Folder):
    """A folder that is cut off at the n-th object."""

    def __init__(self, root: Path, puts: int) -> None:
        super().__init__(root)
        self._left = puts

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        """Put an object, or lose the power."""
        self._left -= 1
        if self._left < 0:
            raise Cut
        super().put(name, pieces)


def test_a_backup_that_is_cut_off_anywhere_is_none_and_goes_on(
    tmp_path: Path, engine: Engine
) -> None:
    merged(engine)
    add(engine, 10)
    objects = len(Copying(engine).offer.objects)
    for puts in range(objects + 1):
        folder = tmp_path / f"copy{puts}"
        with pytest.raises(Cut):
            Copying(engine).save(CutFolder(folder, puts))
        assert read_entries(Folder(folder)) == []
        _, copied = Copying(engine).save(Folder(folder))
        # The manifest is read again and again.
        assert copied.kept >= min(puts, objects - 1)
        restore(folder, tmp_path / f"back{puts}")
        with opened(tmp_path / f"back{puts}") as back:
            assert values(back) == [1, 2, 3, 10]


def test_a_restore_that_is_cut_off_anywhere_goes_on(tmp_path: Path, engine: Engine) -> None:
    merged(engine)
    add(engine, 10)
    entry = save(engine, tmp_path / "copy")
    place = Folder(tmp_path / "copy")
    # What is put besides: the mark of the restore, and that everything is copied.
    for puts in range(len(entry.items()) + 2):
        target = file_target(tmp_path / f"back{puts}")
        cut = CutFolder(target.data_dir, puts)
        with pytest.raises(Cut):
            restore_from(place, [entry], replace(target, data=cut, store=cut), Goal())
        if puts > 0:
            with pytest.raises(BackupError, match="holds an unfinished restore of another state"):
                restore_from(place, [entry], target, Goal(position=entry.position - 1))
        restore_from(place, [entry], target, Goal())
        with opened(target.data_dir) as back:
            assert values(back) == [1, 2, 3, 10]


def test_what_is_there_is_never_replaced_by_a_restore(tmp_path: Path, engine: Engine) -> None:
    stored_and_tail(engine)
    save(engine, tmp_path / "copy")
    with opened(tmp_path / "back") as back:
        add(back, 9)
    with pytest.raises(BackupError, match=r"the data directory .*/back is not empty"):
        restore(tmp_path / "copy", tmp_path / "back")
    with opened(tmp_path / "back") as back:
        assert values(back) == [9]


def test_backups_amid_writes_have_a_prefix_of_them(tmp_path: Path, engine: Engine) -> None:
    stop = threading.Event()

    def run() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            add(engine, number)
            if number % 50 == 0:
                engine.persist()

    add(engine, 0)
    writer = threading.Thread(target=run)
    writer.start()
    try:
        entries = [save(engine, tmp_path / "copy") for _ in range(6)]
    finally:
        stop.set()
        writer.join()
    for entry in entries:
        found = restored(tmp_path, Goal(position=entry.position))
        assert found == list(range(len(found)))
