"""What folders take on disk."""

from pathlib import Path

from benches.peers.disk import bytes_below


def test_files_at_any_depth_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_bytes(b"x" * 8192)
    assert bytes_below(tmp_path) >= 8192


def test_a_hole_takes_no_room(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        file.truncate(1 << 30)
    assert bytes_below(tmp_path) < 1 << 20


def test_a_folder_that_is_not_there_takes_nothing(tmp_path: Path) -> None:
    assert bytes_below(tmp_path / "gone") == 0
