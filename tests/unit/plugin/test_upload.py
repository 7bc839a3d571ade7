"""What is put into the plugin folder: whole or not at all, and nowhere else."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from influxpe.errors import PluginError
from influxpe.plugin import swap, upload
from influxpe.plugin.folder import FOLDER_FILES_MAX
from influxpe.plugin.listing import PluginFile, plugin_files
from influxpe.plugin.upload import replace_folder, write_file

ENTRY = ("__init__.py", b"x = 2\n")


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    folder = tmp_path / "plugins"
    (folder / "many" / "old").mkdir(parents=True)
    (folder / "many" / "__init__.py").write_text("x = 1\n")
    (folder / "many" / "old" / "part.py").write_text("")
    return folder


def tree(folder: Path) -> dict[str, str]:
    """The files below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_file_is_written_whole_with_its_folders(plugins: Path) -> None:
    write_file(plugins, "new/deep/plugin.py", "x = 'ü'\n".encode())
    path = plugins / "new" / "deep" / "plugin.py"
    assert path.read_text(encoding="utf-8") == "x = 'ü'\n"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in path.parent.iterdir()] == ["plugin.py"]


def test_the_name_of_a_folder_writes_its_entry_file(plugins: Path) -> None:
    write_file(plugins, "many", b"x = 2\n")
    assert (plugins / "many" / "__init__.py").read_text() == "x = 2\n"


def test_nothing_is_written_outside(plugins: Path) -> None:
    (plugins / "link").symlink_to("..")
    for filename in ("../out.py", "/tmp/out.py", "link/out.py"):  # noqa: S108 - it is refused
        with pytest.raises(PluginError, match="Path traversal detected"):
            write_file(plugins, filename, b"")
        with pytest.raises(PluginError, match="Path traversal detected"):
            replace_folder(plugins, filename.removesuffix(".py"), [ENTRY])
    assert [path.name for path in plugins.parent.iterdir()] == ["plugins"]


def test_a_write_that_fails_leaves_nothing_behind(plugins: Path) -> None:
    with pytest.raises(OSError, match="many"):
        write_file(plugins, "many/__init__.py/below.py", b"")
    assert tree(plugins) == {"many/__init__.py": "x = 1\n", "many/old/part.py": ""}


@pytest.mark.parametrize("name", ["many", "many/", "new/folder"])
def test_a_folder_has_exactly_the_files_that_were_sent(plugins: Path, name: str) -> None:
    replace_folder(plugins, name, [ENTRY, ("sub/part.py", b"y = 1\n"), ("data.json", b"{}")])
    sent = {"__init__.py": "x = 2\n", "data.json": "{}", "sub/part.py": "y = 1\n"}
    assert tree(plugins / name) == sent
    assert not list(plugins.glob(".*"))


@pytest.mark.parametrize("relative", ["../out.py", "/out.py", "a/../../out.py", "", ".", "a\0b"])
def test_a_file_that_would_leave_its_folder_is_refused(plugins: Path, relative: str) -> None:
    before = tree(plugins)
    with pytest.raises(PluginError) as raised:
        replace_folder(plugins, "many", [ENTRY, (relative, b"")])
    assert str(raised.value) == (
        f"Path traversal detected: plugin filename '{relative}' attempts to access files outside "
        "the plugin directory"
    )
    assert tree(plugins) == before


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([("part.py", b"")], r"must contain __init__\.py: many"),
        ([], r"must contain __init__\.py: many"),
        ([ENTRY, ENTRY], r"'__init__\.py' is among the files twice"),
        ([ENTRY, *((f"{n}.py", b"") for n in range(FOLDER_FILES_MAX))], "the limit is"),
    ],
)
def test_what_makes_no_folder_changes_nothing(
    plugins: Path, files: list[tuple[str, bytes]], words: str
) -> None:
    before = tree(plugins)
    with pytest.raises(PluginError, match=words):
        replace_folder(plugins, "many", files)
    assert tree(plugins) == before
    assert not list(plugins.glob(".*"))


def test_a_folder_takes_no_place_of_a_file(plugins: Path) -> None:
    with pytest.raises(PluginError, match="is a file, and no folder can take its place"):
        replace_folder(plugins, "many/__init__.py", [ENTRY])


def test_the_old_folder_is_there_where_the_disk_fails(
    plugins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(plugins)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for module, name in ((upload, "write_whole"), (swap, "put_in_place")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, fail)
            with pytest.raises(OSError, match="No space left"):
                replace_folder(plugins, "many", [ENTRY])
        assert tree(plugins) == before
        assert not list(plugins.glob(".*"))


def test_what_an_upload_that_was_killed_left_behind_goes(plugins: Path) -> None:
    (plugins / ".many.upload-12345678").mkdir()
    (plugins / ".many.upload-of-others").mkdir()
    replace_folder(plugins, "many", [ENTRY])
    assert sorted(p.name for p in plugins.iterdir()) == [".many.upload-of-others", "many"]


def test_uploads_of_one_folder_at_once_are_each_whole(plugins: Path) -> None:
    files = [ENTRY, *((f"part{number}.py", b"x = 1\n") for number in range(30))]

    def upload_often(_: int) -> None:
        for _ in range(5):
            replace_folder(plugins, "many", files)

    with ThreadPoolExecutor(3) as uploaders:
        list(uploaders.map(upload_often, range(3)))
    assert len(tree(plugins / "many")) == len(files)


def test_a_folder_that_is_a_link_stays_one(plugins: Path) -> None:
    (plugins / "other").symlink_to("many")
    replace_folder(plugins, "other", [ENTRY])
    assert tree(plugins / "many") == {"__init__.py": "x = 2\n"}
    assert (plugins / "other").is_symlink()


def test_files_are_listed_for_each_trigger(plugins: Path) -> None:
    (plugins / "one.py").write_text("x = 1\n")
    triggers = [("a", "one.py"), ("b", "one.py"), ("c", "many"), ("d", "gone.py"), ("e", "gh:x.py")]
    listed = plugin_files(plugins, triggers)
    assert [(one.plugin_name, one.file_name) for one in listed] == [
        ("a", "one.py"),
        ("b", "one.py"),
        ("c", "__init__.py"),
        ("c", "old/part.py"),
    ]
    path = plugins / "one.py"
    changed_ms = path.stat().st_mtime_ns // 1_000_000
    assert listed[0] == PluginFile("a", "one.py", str(path), 6, changed_ms)
    assert plugin_files(None, triggers) == []


def test_a_file_with_a_name_that_is_no_utf_8_is_listed(plugins: Path) -> None:
    Path(os.fsdecode(os.fsencode(plugins / "many") + b"/gr\xf6sse.txt")).write_text("")
    names = [one.file_name for one in plugin_files(plugins, [("t", "many")])]
    assert names == ["__init__.py", "gr\ufffdsse.txt", "old/part.py"]
