"""Where the source of a plugin comes from, when it is read again, and what is refused."""

import asyncio
import os
from pathlib import Path

import pytest

from influxpe.errors import PluginError
from influxpe.plugin.pool import Source
from influxpe.plugin.repository import PLUGIN_BYTES_MAX
from influxpe.plugin.source import KEPT_MAX, PluginMissing, PluginSources


class Plugins:
    """A plugin folder and what reads it."""

    def __init__(self, folder: Path, repository: str = "") -> None:
        self.folder = folder
        self._sources = PluginSources(folder, repository)

    def read(self, filename: str) -> Source:
        """Read as a trigger does."""
        return asyncio.run(self._sources.read(filename))

    def put(self, filename: str, text: str) -> Path:
        """Save a file."""
        path = self.folder / filename
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@pytest.fixture
def plugins(tmp_path: Path) -> Plugins:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (tmp_path / "secret.py").write_text("secret = 1\n")
    return Plugins(folder)


@pytest.mark.parametrize("filename", ["hello-wal.py", "a/b/c.py", "no_extension", "ünïcode.py"])
def test_a_file_is_read(plugins: Plugins, filename: str) -> None:
    path = plugins.put(filename, "x = 1\n")
    assert plugins.read(filename) == Source(filename, str(path), "x = 1\n")


def test_a_folder_is_read_from_its_entry_file(plugins: Plugins) -> None:
    entry = plugins.put("many/__init__.py", "from . import part\n")
    plugins.put("many/part.py", "x = 1\n")
    source = plugins.read("many/")
    assert (source.filename, source.path) == ("many/", str(entry))
    assert (source.code, source.files) == ("from . import part\n", (("part.py", "x = 1\n"),))


def test_a_folder_without_an_entry_file_is_refused(plugins: Plugins) -> None:
    path = plugins.put("many/part.py", "x = 1\n").parent
    with pytest.raises(PluginError) as raised:
        plugins.read("many")
    message = "reading plugin file: Multi-file plugin directory must contain __init__.py"
    assert str(raised.value) == f"{message}: {path}"


@pytest.mark.parametrize("filename", ["absent.py", "file.py/below.py"])
def test_a_file_that_is_not_there_is_missing(plugins: Plugins, filename: str) -> None:
    plugins.put("file.py", "")
    with pytest.raises(PluginMissing) as raised:
        plugins.read(filename)
    expected = f"reading plugin file: Plugin not found: {plugins.folder / filename}"
    assert str(raised.value) == expected


@pytest.mark.parametrize(
    "filename",
    ["../secret.py", "a/../../secret.py", "/etc/hostname", "", "/", "..", "link.py", "links/x.py"],
)
def test_what_leads_outside_is_refused(plugins: Plugins, filename: str) -> None:
    (plugins.folder / "link.py").symlink_to(plugins.folder.parent / "secret.py")
    (plugins.folder / "links").symlink_to("/etc")
    with pytest.raises(PluginError) as raised:
        plugins.read(filename)
    assert str(raised.value) == (
        f"Path traversal detected: plugin filename '{filename}' attempts to access files outside "
        "the plugin directory"
    )


def test_a_symlink_inside_is_followed(plugins: Plugins) -> None:
    plugins.put("real.py", "x = 1\n")
    (plugins.folder / "other.py").symlink_to("real.py")
    assert plugins.read("other.py").code == "x = 1\n"


def test_an_absolute_name_may_lead_into_the_folder(plugins: Plugins) -> None:
    plugins.put("many/plugin.py", "x = 1\n")
    other = plugins.folder.parent / "mounted"
    other.symlink_to(plugins.folder)
    for folder in (plugins.folder, other):
        assert plugins.read(f"{folder}/many/plugin.py").code == "x = 1\n"
        with pytest.raises(PluginError, match="Path traversal detected"):
            plugins.read(str(folder))
        with pytest.raises(PluginMissing):
            plugins.read(f"{folder}/absent.py")


def test_names_that_no_file_can_have_are_refused(plugins: Plugins) -> None:
    for filename in ("a\0b.py", "x" * 5000):
        with pytest.raises(PluginError):
            plugins.read(filename)


def test_a_symlink_to_itself_is_refused(plugins: Plugins) -> None:
    (plugins.folder / "loop.py").symlink_to("loop.py")
    with pytest.raises(PluginError):
        plugins.read("loop.py")


def test_text_that_is_not_utf8_is_refused(plugins: Plugins) -> None:
    (plugins.folder / "bytes.py").write_bytes(b"\xff\xfe")
    with pytest.raises(PluginError, match="no UTF-8 text in"):
        plugins.read("bytes.py")


def test_a_file_that_is_too_large_is_refused(plugins: Plugins) -> None:
    path = plugins.put("large.py", "")
    os.truncate(path, PLUGIN_BYTES_MAX + 1)
    with pytest.raises(PluginError, match=f"its limit is {PLUGIN_BYTES_MAX} bytes"):
        plugins.read("large.py")


def test_an_unchanged_file_is_not_read_twice(plugins: Plugins) -> None:
    plugins.put("same.py", "x = 1\n")
    assert plugins.read("same.py") is plugins.read("same.py")


def test_a_file_with_an_older_date_is_noticed(plugins: Plugins) -> None:
    path = plugins.put("restored.py", "x = 1\n")
    plugins.read("restored.py")
    path.write_text("x = 2\n")
    os.utime(path, ns=(10**18, 10**18))
    assert plugins.read("restored.py").code == "x = 2\n"


def test_a_replaced_file_of_the_same_size_and_date_is_noticed(plugins: Plugins) -> None:
    path = plugins.put("swapped.py", "x = 1\n")
    plugins.read("swapped.py")
    date_ns = path.stat().st_mtime_ns
    other = plugins.put("other.py", "x = 2\n")
    os.utime(other, ns=(date_ns, date_ns))
    other.replace(path)
    assert plugins.read("swapped.py").code == "x = 2\n"


def test_a_deleted_file_is_missing_again(plugins: Plugins) -> None:
    path = plugins.put("gone.py", "x = 1\n")
    plugins.read("gone.py")
    path.unlink()
    with pytest.raises(PluginMissing):
        plugins.read("gone.py")


def test_what_is_kept_in_memory_is_bounded(plugins: Plugins) -> None:
    for number in range(KEPT_MAX + 1):
        plugins.put(f"{number}.py", f"x = {number}\n")
        assert plugins.read(f"{number}.py").code == f"x = {number}\n"


def test_without_a_folder_there_are_no_files() -> None:
    with pytest.raises(PluginError, match=r"^Node not configured with plugin directory$"):
        asyncio.run(PluginSources(None, "").read("hello.py"))
