"""Which files of a plugin folder belong to a backup."""

from pathlib import Path

import pytest

from influxpe import errors
from influxpe.config import BACKUP_PLUGIN_BYTES_MAX, BACKUP_PLUGIN_FILES_MAX
from influxpe.http.plugin_files import plugin_files


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def names(folder: Path) -> list[str]:
    return [file.offered.name for file in plugin_files(folder)]


def test_files_are_found_in_all_folders(tmp_path: Path) -> None:
    make(tmp_path, "b.py", "a/__init__.py", "a/data/model.bin", ".hidden.py")
    assert names(tmp_path) == [
        "plugins/.hidden.py",
        "plugins/a/__init__.py",
        "plugins/a/data/model.bin",
        "plugins/b.py",
    ]


def test_environments_caches_and_hidden_folders_are_left_out(tmp_path: Path) -> None:
    make(tmp_path, "a.py", ".venv/x.py", "__pycache__/a.pyc", ".git/x", "a/__pycache__/y")
    make(tmp_path, "env/pyvenv.cfg", "env/lib/x.py")
    assert names(tmp_path) == ["plugins/a.py"]


def test_no_link_leads_out_of_the_folder(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "plugins"
    make(outside, "secret.py", "deep/secret.py")
    make(folder, "a.py")
    (folder / "file.py").symlink_to(outside / "secret.py")
    (folder / "deep").symlink_to(outside / "deep")
    (folder / "broken.py").symlink_to(tmp_path / "none")
    (folder / "loop").symlink_to("loop")
    (folder / "same.py").symlink_to("a.py")
    assert names(folder) == ["plugins/a.py", "plugins/same.py"]


def test_a_file_that_is_replaced_by_a_link_is_not_read(tmp_path: Path) -> None:
    make(tmp_path, "plugins/a.py", "secret.py")
    (file,) = plugin_files(tmp_path / "plugins")
    assert file.read(0, 100) == b"plugins/a.py"
    (tmp_path / "plugins" / "a.py").unlink()
    (tmp_path / "plugins" / "a.py").symlink_to(tmp_path / "secret.py")
    with pytest.raises(errors.ConflictError, match=r"'plugins/a.py' has changed since the backup"):
        file.read(0, 100)


def test_a_file_that_became_shorter_is_told(tmp_path: Path) -> None:
    make(tmp_path, "a.py")
    (file,) = plugin_files(tmp_path)
    (tmp_path / "a.py").write_text("")
    with pytest.raises(errors.ConflictError, match=r"'plugins/a.py' has changed since the backup"):
        file.read(0, 100)


def test_no_folder_has_no_files(tmp_path: Path) -> None:
    assert plugin_files(None) == []
    assert plugin_files(tmp_path / "none") == []


def test_a_folder_that_was_named_by_mistake_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "large.bin").open("wb") as large:
        large.truncate(BACKUP_PLUGIN_BYTES_MAX + 1)
    with pytest.raises(errors.TooLargeError, match="has more than 1073741824 bytes, which is the"):
        plugin_files(tmp_path)
    (tmp_path / "large.bin").unlink()
    for number in range(BACKUP_PLUGIN_FILES_MAX + 1):
        (tmp_path / str(number)).touch()
    with pytest.raises(errors.TooLargeError, match="has more than 10000 files, which is the most"):
        plugin_files(tmp_path)
