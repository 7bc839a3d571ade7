"""Installations with the real pip and wheels of these tests: whole or not at all."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from influxpe.errors import InstallFailed, InvalidError, NotFoundError
from influxpe.plugin import staging, swap
from influxpe.plugin.environments import NAME_CHARACTERS_MAX, create, named_environment
from influxpe.plugin.installer import Installer
from influxpe.plugin.packages import Packages, python_of
from tests.unit.plugin.wheels import copy_environment, put_broken_wheel, put_wheel


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = create(tmp_path_factory.mktemp("made") / "environment")
    asyncio.run(Installer("pip", None).ensure_pip(root))
    return root


class Place:
    """A plugin folder with an environment, and a folder of wheels."""

    def __init__(self, folder: Path, made: Path) -> None:
        self.plugins = folder / "plugins"
        self.wheels = folder / "wheels"
        self.plugins.mkdir()
        self.root = copy_environment(made, self.plugins / ".venv")
        self.lines: list[str] = []
        put_wheel(self.wheels, "first")

    def install(self, *packages: str, environment: str | None = None) -> None:
        """Install from the wheels."""
        coming = self.packages.install(packages, environment=environment, on_line=self.lines.append)
        asyncio.run(coming)

    @property
    def packages(self) -> Packages:
        """What a server would have; nothing is remembered from one use to the next."""
        return Packages(self.plugins, None, "pip", self.wheels)

    def version(self, module: str, environment: str | None = None) -> str:
        """Import a module as a plugin would; gives its version, or the name of the error."""
        code = f"""
try:
    import {module}
    print({module}.VERSION)
except ImportError as error:
    print(type(error).__name__)
"""
        python = self.packages.environment_python(environment)
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def names(self) -> list[str]:
        """What lies in the plugin folder."""
        return sorted(path.name for path in self.plugins.iterdir())

    def files(self) -> dict[str, int]:
        """The files of the environment with their inodes."""
        found = (path for path in self.root.rglob("*") if path.suffix != ".pyc")
        return {str(path): path.lstat().st_ino for path in found if not path.is_dir()}


@pytest.fixture
def place(tmp_path: Path, made: Path) -> Place:
    return Place(tmp_path, made)


def test_what_is_installed_can_be_imported_and_is_listed(place: Place) -> None:
    put_wheel(place.wheels, "second", requires=("first",))
    place.install("second")
    assert (place.version("first"), place.version("second")) == ("1.0", "1.0")
    assert (place.plugins / ".venv.lock").read_text() == "first==1.0\nsecond==1.0\n"
    assert place.lines[-1].startswith("Successfully installed first-1.0 second-1.0")
    assert place.names() == [".venv", ".venv.lock"]


def test_scripts_name_the_environment_that_they_are_in(place: Place) -> None:
    place.install("first")
    script = place.root / "bin" / "first"
    done = subprocess.run([script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(place.root)


def test_a_package_that_fails_takes_back_the_one_before_it(place: Place) -> None:
    place.install("first")
    place.lines.clear()
    before, listed = place.files(), (place.plugins / ".venv.lock").read_bytes()
    put_wheel(place.wheels, "early")
    put_wheel(place.wheels, "first", "2.0")
    put_broken_wheel(place.wheels, "late", requires=("early", "first>=2"))
    with pytest.raises(InstallFailed, match=r"pip ended with status 1:\n(.*\n)*.*outside"):
        place.install("late")
    order = next(line for line in place.lines if line.startswith("Installing collected"))
    assert order.endswith(("first, early, late", "early, first, late"))
    assert place.files() == before
    assert (place.version("early"), place.version("first")) == ("ModuleNotFoundError", "1.0")
    assert (place.plugins / ".venv.lock").read_bytes() == listed
    assert place.names() == [".venv", ".venv.lock"]


def test_pip_alone_would_have_left_half_of_it(place: Place) -> None:
    put_wheel(place.wheels, "early")
    put_broken_wheel(place.wheels, "late", requires=("early",))
    wheels = ["--no-index", "-f", str(place.wheels)]
    command = [str(python_of(place.root)), "-m", "pip", "install", *wheels, "late"]
    assert subprocess.run(command, capture_output=True).returncode == 1
    assert place.version("early") == "1.0"


def test_an_upgrade_leaves_the_files_of_the_old_version_alone(place: Place) -> None:
    place.install("first")
    module = next(place.root.rglob("first.py"))
    kept = place.plugins / "kept.py"
    os.link(module, kept)
    text = kept.read_text()
    put_wheel(place.wheels, "first", "2.0")
    place.install("first>=2")
    assert place.version("first") == "2.0"
    assert kept.read_text() == text


def test_a_named_environment_is_made_with_its_first_package(place: Place) -> None:
    with pytest.raises(NotFoundError, match="there is no environment 'ml': install package"):
        place.packages.environment_python("ml")
    place.install("first", environment="ml")
    root = place.plugins / ".venvs" / "ml"
    assert place.packages.environment_python("ml") == python_of(root)
    assert place.version("first", "ml") == "1.0"
    assert place.version("first") == "ModuleNotFoundError"
    assert (place.plugins / ".venvs" / "ml.lock").read_text() == "first==1.0\n"
    assert str(root) in (root / "bin" / "activate").read_text()


def test_a_named_environment_whose_first_package_fails_is_not_made(place: Place) -> None:
    with pytest.raises(InstallFailed, match="No matching distribution found for absent"):
        place.install("absent", environment="ml")
    assert list((place.plugins / ".venvs").iterdir()) == []


def test_a_list_of_one_environment_makes_another_like_it(place: Place) -> None:
    place.install("first")
    lock = place.plugins / ".venv.lock"
    put_wheel(place.wheels, "first", "2.0")
    asyncio.run(place.packages.install_requirements(str(lock), environment="copy"))
    assert place.version("first", "copy") == "1.0"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../out", "a/b", ".hidden", "-x", "ml.lock", "a b", "a\n"]
)
def test_what_is_no_name_of_an_environment_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidError, match="is no name of an environment"):
        named_environment(tmp_path, name)


def test_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    named_environment(tmp_path, "n" * NAME_CHARACTERS_MAX)
    with pytest.raises(InvalidError, match=f"the limit is {NAME_CHARACTERS_MAX}"):
        named_environment(tmp_path, "n" * (NAME_CHARACTERS_MAX + 1))


def test_without_a_plugin_folder_there_are_no_named_environments() -> None:
    with pytest.raises(InvalidError, match="not configured with plugin directory"):
        Packages(None, None, "pip").environment_python("ml")


def test_a_folder_of_wheels_that_is_missing_is_named(place: Place) -> None:
    packages = Packages(place.plugins, None, "pip", place.plugins / "absent")
    with pytest.raises(InstallFailed, match=r"there is no folder of wheels .*absent"):
        asyncio.run(packages.install(["first"]))


def test_an_environment_that_cannot_be_exchanged_is_installed_into(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.path.ismount", lambda path: Path(path) == place.root)
    place.install("first")
    assert place.version("first") == "1.0"


def test_lists_of_folders_are_copied_and_all_else_is_linked(place: Place) -> None:
    module = next(place.root.rglob("pip/__main__.py"))
    listed = module.parents[1] / "folders.pth"
    listed.write_text("")
    staged = staging.begin(place.root)
    for path, links in ((module, 2), (listed, 1)):
        copy = staged.root / path.relative_to(place.root)
        assert (copy.stat().st_nlink, copy.read_text()) == (links, path.read_text())
    staging.discard(staged)
    assert place.names() == [".venv"]


def test_a_copy_that_was_left_behind_goes_at_the_start(place: Place) -> None:
    staging.begin(place.root)
    (place.plugins / ".venv.staging-of-others").mkdir()
    asyncio.run(place.packages.ensure_pip())
    assert place.names() == [".venv", ".venv.staging-of-others"]


def test_uv_is_used_where_it_was_asked_for_and_is_there(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = place.plugins.parent / "tools"
    tools.mkdir()
    (tools / "uv").write_text('#!/bin/sh\necho "uv $@"\n')
    (tools / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    packages = Packages(place.plugins, None, "uv", place.wheels)
    asyncio.run(packages.install(["first"], on_line=place.lines.append))
    (line,) = place.lines
    assert line.startswith("uv pip install --python ")
    assert line.endswith(f"--no-progress --no-index -f {place.wheels} -- first")
    assert (place.plugins / ".venv.lock").read_text().startswith("uv pip freeze --python ")


@pytest.mark.parametrize("exchange", [True, False])
def test_a_folder_takes_the_place_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool
) -> None:
    if not exchange:
        monkeypatch.setattr("ctypes.CDLL", lambda *_, **__: None)
    for name in ("new", "old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    swap.put_in_place(tmp_path / "new", tmp_path / "old")
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == [
        "old",
        "old/new",
    ]


def test_the_old_folder_comes_back_where_the_new_one_cannot_be_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda *_, **__: None)
    (tmp_path / "old").mkdir()
    with pytest.raises(FileNotFoundError):
        swap.put_in_place(tmp_path / "absent", tmp_path / "old")
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
