"""A folder of objects: what has its name is whole."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from influxpe.backup.entry import Item
from influxpe.backup.place import Folder
from influxpe.backup.read_back import DamagedObject, checked, is_sound
from influxpe.config import BACKUP_READ_BYTES_MAX
from influxpe.errors import BackupError

ABC = Item("store/a", 3, 891568578)


def test_objects_come_back_and_are_replaced(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "new" / "place")
    folder.put("store/a/b", [b"old"])
    folder.put("store/a/b", [b"n", b"ew"])
    assert folder.names("store") == {"store/a/b": 3}
    assert b"".join(folder.read("store/a/b")) == b"new"
    assert b"".join(folder.read("store/a/b", 2)) == b"ne"
    assert folder.names("other") == {}


def test_bytes_are_synced_before_the_name_and_the_name_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def synced(descriptor: int) -> None:
        done.append(f"sync {Path(os.readlink(f'/proc/self/fd/{descriptor}')).name}")
        fsync(descriptor)

    def renamed(path: Path, target: Path) -> Path:
        done.append(f"rename {path.name} {target.name}")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "rename", renamed)
    Folder(tmp_path / "place").put("store/a", [b"a"])
    new_folders = [f"sync {tmp_path.name}", "sync place"]
    assert done == [*new_folders, "sync a.draft", "rename a.draft a", "sync store"]


def test_large_objects_are_read_in_parts(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.put("a", [b"x" * (BACKUP_READ_BYTES_MAX + 1)])
    assert [len(piece) for piece in folder.read("a")] == [BACKUP_READ_BYTES_MAX, 1]


def test_an_object_that_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    def torn() -> Iterator[bytes]:
        yield b"half"
        raise BackupError("gone")

    folder = Folder(tmp_path)
    folder.put("store/a", [b"old"])
    with pytest.raises(BackupError, match="gone"):
        folder.put("store/a", torn())
    assert b"".join(folder.read("store/a")) == b"old"
    assert os.listdir(tmp_path / "store") == ["a"]


def test_what_is_unfinished_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "a.draft").touch()
    os.symlink("/etc", tmp_path / "store" / "link")
    assert Folder(tmp_path).names("store") == {}


def test_failures_name_the_path_and_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BackupError, match=rf"cannot write .*: {tmp_path}/file is a file, not a fo"):
        Folder(tmp_path / "file").put("store/a", [b""])
    with pytest.raises(BackupError, match=r"cannot write .*is a file, not a folder"):
        Folder(tmp_path / "file").lock()
    with pytest.raises(BackupError, match=r"cannot read .*/none: no such file or directory"):
        list(Folder(tmp_path).read("none"))
    (tmp_path / "folder").mkdir()
    with pytest.raises(BackupError, match=r"cannot write .*/folder: is a directory"):
        Folder(tmp_path).put("folder", [b""])


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    full = tmp_path / "full.draft"
    full.symlink_to("/dev/full")
    with pytest.raises(BackupError, match=r"cannot write .*/full: no space left on device"):
        Folder(tmp_path).put("full", [b"x" * 10])
    assert os.listdir(tmp_path) == []


def test_two_backups_do_not_write_at_a_time(tmp_path: Path) -> None:
    with Folder(tmp_path).lock():
        with pytest.raises(BackupError, match=f"another backup writes to {tmp_path} at this"):
            Folder(tmp_path).lock()
    Folder(tmp_path).lock().close()


def test_bytes_are_checked_on_the_way() -> None:
    assert b"".join(checked([b"a", b"bc"], ABC, "it")) == b"abc"
    with pytest.raises(DamagedObject, match="it is damaged: it has 2 bytes and must have 3"):
        list(checked([b"ab"], ABC, "it"))
    with pytest.raises(DamagedObject, match="it is damaged: its checksum does not fit"):
        list(checked([b"abd"], ABC, "it"))


def test_a_sound_object_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.put("x", [b"abc"])
    assert is_sound(folder, "x", ABC)
    folder.put("x", [b"abd"])
    assert not is_sound(folder, "x", ABC)
