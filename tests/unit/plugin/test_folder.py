"""Folder plugins: which files count, when they have changed, what is refused."""

import os
from pathlib import Path

import pytest

from influxpe.errors import PluginError
from influxpe.plugin import folder
from influxpe.plugin.folder import (
    DATA_BYTES_READ_MAX,
    FOLDER_CODE_BYTES_MAX,
    FOLDER_FILES_MAX,
)
from influxpe.plugin.repository import PLUGIN_BYTES_MAX
from influxpe.plugin.source import READS_MAX
from tests.unit.plugin.test_source import Plugins


@pytest.fixture
def plugins(tmp_path: Path) -> Plugins:
    made = Plugins(tmp_path / "plugins")
    made.put("many/__init__.py", "from .sub import part\n")
    made.put("many/sub/part.py", "x = 1\n")
    made.put("many/data.json", "{}\n")
    return made


def test_all_python_files_come_along(plugins: Plugins) -> None:
    assert plugins.read("many").files == (("sub/part.py", "x = 1\n"),)


@pytest.mark.parametrize("name", ["many/__init__.py", "many/sub/part.py", "many/data.json"])
def test_a_change_of_any_file_makes_another_source(plugins: Plugins, name: str) -> None:
    first = plugins.read("many")
    assert plugins.read("many") is first
    plugins.put(name, "y = 2\n")
    assert plugins.read("many").digest != first.digest


@pytest.mark.parametrize("name", ["many/more.py", "many/deep/er/data.bin"])
def test_a_new_file_and_one_that_went_make_another_source(plugins: Plugins, name: str) -> None:
    first = plugins.read("many")
    path = plugins.put(name, "")
    second = plugins.read("many")
    path.unlink()
    assert first.digest != second.digest
    assert plugins.read("many").digest == first.digest


def test_a_file_that_is_saved_unchanged_makes_no_other_source(plugins: Plugins) -> None:
    first = plugins.read("many")
    os.utime(plugins.folder / "many" / "data.json", ns=(1, 1))
    assert plugins.read("many") is first


@pytest.mark.parametrize("name", ["many/__pycache__/part.pyc", "many/.git/HEAD", "many/.part.swp"])
def test_what_tools_leave_behind_does_not_count(plugins: Plugins, name: str) -> None:
    first = plugins.read("many")
    plugins.put(name, "x")
    assert plugins.read("many") is first


def test_a_name_that_moves_to_another_file_counts(plugins: Plugins) -> None:
    first = plugins.read("many")
    (plugins.folder / "many" / "data.json").rename(plugins.folder / "many" / "other.json")
    assert plugins.read("many").digest != first.digest


def test_large_data_counts_by_its_size_and_date(plugins: Plugins) -> None:
    model = plugins.put("many/model.bin", "")
    os.truncate(model, DATA_BYTES_READ_MAX + 1)
    first = plugins.read("many")
    os.utime(model, ns=(1, 1))
    assert plugins.read("many").digest != first.digest


def test_code_that_a_link_takes_from_outside_is_refused(plugins: Plugins) -> None:
    (plugins.folder.parent / "out.py").write_text("")
    (plugins.folder / "many" / "link.py").symlink_to(plugins.folder.parent / "out.py")
    with pytest.raises(PluginError, match=r"^Path traversal detected: .*link\.py leads outside"):
        plugins.read("many")


def test_a_link_to_a_folder_of_plugins_is_followed_and_others_are_not(plugins: Plugins) -> None:
    plugins.put("shared/tool.py", "t = 1\n")
    (plugins.folder / "many" / "shared").symlink_to("../shared")
    (plugins.folder / "many" / "etc").symlink_to("/etc")
    (plugins.folder / "many" / "loop").symlink_to(".")
    names = [name for name, _ in plugins.read("many").files]
    assert names == ["shared/tool.py", "sub/part.py"]


def test_too_many_files_and_too_much_code_are_refused(
    plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(FOLDER_FILES_MAX - 2):
        (plugins.folder / "many" / f"{number}.txt").touch()
    with pytest.raises(PluginError, match=f"too many files in .*, the limit is {FOLDER_FILES_MAX}"):
        plugins.read("many")
    assert FOLDER_CODE_BYTES_MAX % PLUGIN_BYTES_MAX == 0
    wide = plugins.put("wide/__init__.py", "").parent
    for number in range(FOLDER_CODE_BYTES_MAX // PLUGIN_BYTES_MAX + 1):
        (wide / f"{number}.py").touch()
        os.truncate(wide / f"{number}.py", PLUGIN_BYTES_MAX)
    with pytest.raises(PluginError, match=f"the limit is {FOLDER_CODE_BYTES_MAX} bytes"):
        plugins.read("wide")


def test_a_folder_that_changes_while_it_is_read_is_read_again(
    plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = 0

    def read_late(found: tuple[folder.Found, ...]) -> folder.Content:
        nonlocal reads
        reads += 1
        content = real(found)
        if reads < READS_MAX:
            plugins.put("many/sub/part.py", f"x = {reads}000\n")
        return content

    real = folder.read
    monkeypatch.setattr(folder, "read", read_late)
    assert plugins.read("many").files == (("sub/part.py", f"x = {READS_MAX - 1}000\n"),)
    assert reads == READS_MAX


def test_a_python_file_with_a_name_that_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/gr\xf6sse.py")).write_text("")
    with pytest.raises(PluginError, match="its name is no UTF-8"):
        folder.find(tmp_path, tmp_path)
