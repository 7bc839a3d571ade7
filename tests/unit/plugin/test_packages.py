"""The environment of plugins: which one is used, how one is made, what pip says when it fails."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from influxpe.errors import InstallFailed, InvalidError, PackagesDisabled
from influxpe.plugin import staging
from influxpe.plugin.packages import (
    LINES_REPORTED_MAX,
    Packages,
    find_environment,
    prepare_environment,
    python_of,
)


def make(root: Path) -> Path:
    """Make what looks like an environment, without pip."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(root)], check=True)
    return root


def put_module(root: Path, name: str, code: str) -> None:
    """Put a module where the interpreter of an environment finds it."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    folder = root / "lib" / version / "site-packages" / name
    folder.mkdir()
    (folder / "__main__.py").write_text(code)


@pytest.fixture
def with_pip(tmp_path: Path) -> Path:
    """An environment whose pip prints what it was asked for and fails for `bad`."""
    root = make(tmp_path / ".venv")
    code = """
import os, sys
print("\\n".join(f"line {n}" for n in range(40)))
print(" ".join(sys.argv[1:]))
print(os.environ["VIRTUAL_ENV"], "PYTHONPATH" in os.environ)
sys.exit(3 if "bad" in sys.argv else 0)
"""
    put_module(root, "pip", code)
    (root / "bin" / "pip").touch()
    return root


def test_a_new_environment_has_both_names(tmp_path: Path) -> None:
    python = prepare_environment(tmp_path, None)
    assert python == tmp_path / ".venv" / "bin" / "python"
    assert (tmp_path / "venv").resolve() == tmp_path / ".venv"
    code = "import sys; print(sys.prefix)"
    shown = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == str(tmp_path / ".venv")


def test_an_environment_that_exists_is_used(tmp_path: Path) -> None:
    root = make(tmp_path / "venv")
    assert find_environment(tmp_path, None) == root
    assert prepare_environment(tmp_path, None) == python_of(root)
    assert not (tmp_path / ".venv").exists()


def test_the_hidden_name_comes_first(tmp_path: Path) -> None:
    make(tmp_path / "venv")
    root = make(tmp_path / ".venv")
    assert find_environment(tmp_path, None) == root


def test_what_is_no_environment_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    root = make(tmp_path / "venv")
    (tmp_path / ".venv" / "pyvenv.cfg").touch()
    assert find_environment(tmp_path, None) == root


def test_an_environment_is_kept_where_the_server_was_told_to(tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    assert prepare_environment(tmp_path, place) == python_of(place)
    assert find_environment(tmp_path, place) == place
    assert not (tmp_path / ".venv").exists()
    assert not (tmp_path / "venv").exists()


def test_without_a_folder_the_own_interpreter_is_used() -> None:
    assert prepare_environment(None, None) == Path(sys.executable)
    assert find_environment(None, None) is None


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InstallFailed, match=r"cannot make .*file/below"):
        prepare_environment(None, tmp_path / "file" / "below")


def test_pip_is_set_up_and_answers(tmp_path: Path) -> None:
    python = prepare_environment(tmp_path, None)
    asyncio.run(Packages(tmp_path, None, "discover").ensure_pip())
    shown = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=True)
    assert str(tmp_path / ".venv").encode() in shown.stdout
    assert (tmp_path / ".venv" / "bin" / "pip").exists()


def test_a_successful_installation_returns(tmp_path: Path, with_pip: Path) -> None:
    asyncio.run(Packages(tmp_path, None, "pip").install(["good"]))


def test_a_failed_installation_tells_status_and_last_lines(
    tmp_path: Path, with_pip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "somewhere")
    with pytest.raises(InstallFailed) as raised:
        asyncio.run(Packages(tmp_path, None, "discover").install(["good", "bad"]))
    head, *lines = str(raised.value).splitlines()
    assert head.endswith("error installing python packages: pip ended with status 3:")
    assert len(lines) == LINES_REPORTED_MAX
    assert lines[-2].startswith("install ")
    assert lines[-2].endswith(" -- good bad")
    place, has_python_path = lines[-1].split()
    assert Path(place).parent == with_pip.parent
    assert has_python_path == "False"


def test_a_requirements_file_is_handed_on(tmp_path: Path, with_pip: Path) -> None:
    with pytest.raises(InstallFailed, match="-r bad"):
        asyncio.run(Packages(tmp_path, None, "discover").install_requirements("bad"))


@pytest.mark.parametrize("name", ["--upgrade", "-r"])
def test_an_option_is_no_package(tmp_path: Path, with_pip: Path, name: str) -> None:
    with pytest.raises(InvalidError, match="is an option of pip"):
        asyncio.run(Packages(tmp_path, None, "discover").install([name]))


def test_no_package_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="no package"):
        asyncio.run(Packages(tmp_path, None, "discover").install([]))


def test_installing_can_be_switched_off(tmp_path: Path, with_pip: Path) -> None:
    packages = Packages(tmp_path, None, "disabled")
    with pytest.raises(PackagesDisabled, match=r"^Package installation has been disabled"):
        asyncio.run(packages.install(["good"]))
    with pytest.raises(PackagesDisabled):
        asyncio.run(packages.install_requirements("file"))


def test_without_an_environment_nothing_is_installed() -> None:
    with pytest.raises(InstallFailed, match=r"Plugin environment management is disabled$"):
        asyncio.run(Packages(None, None, "discover").install(["good"]))


def test_a_cancelled_installation_ends_pip(tmp_path: Path) -> None:
    root = make(tmp_path / ".venv")
    code = """
import os, time
with open(os.environ["VIRTUAL_ENV"] + "/started", "w") as file:
    file.write(str(os.getpid()))
time.sleep(60)
"""
    put_module(root, "pip", code)
    (root / "bin" / "pip").touch()

    async def scenario() -> int:
        task = asyncio.create_task(Packages(tmp_path, None, "discover").install(["slow"]))
        async with asyncio.timeout(20):
            while not (numbers := started()):  # noqa: ASYNC110 - a file
                await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        return int(numbers[0])

    def started() -> list[str]:
        return [text for p in tmp_path.glob(".venv.*/started") if (text := p.read_text())]

    process = asyncio.run(scenario())
    assert not Path(f"/proc/{process}/cmdline").exists()
    assert [path.name for path in tmp_path.iterdir()] == [root.name]


@pytest.mark.parametrize("in_place", [False, True])
def test_an_installation_that_is_cancelled_late_is_told_of(
    tmp_path: Path, with_pip: Path, monkeypatch: pytest.MonkeyPatch, in_place: bool
) -> None:
    told: list[str | None] = []

    async def tell(environment: str | None) -> None:
        await asyncio.sleep(0)
        told.append(environment)

    async def cancelled() -> None:
        packages = Packages(tmp_path, None, "pip", on_change=tell)
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(packages.install(["good"]))
        finish = staging.finish

        def finish_and_cancel(staged: staging.Staged, installed: str) -> None:
            finish(staged, installed)
            loop.call_soon_threadsafe(task.cancel)

        monkeypatch.setattr(staging, "finish", finish_and_cancel)
        if in_place:
            there = staging.Staged(with_pip, with_pip)
            monkeypatch.setattr(staging, "begin", lambda _root: there)
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert told
    assert set(told) == {None}


def test_an_installation_in_place_that_fails_is_told_of(
    tmp_path: Path, with_pip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str | None] = []

    async def tell(environment: str | None) -> None:
        told.append(environment)

    packages = Packages(tmp_path, None, "pip", on_change=tell)
    with pytest.raises(InstallFailed):
        asyncio.run(packages.install(["bad"]))
    assert told == []
    monkeypatch.setattr(staging, "begin", lambda _root: staging.Staged(with_pip, with_pip))
    with pytest.raises(InstallFailed):
        asyncio.run(packages.install(["bad"]))
    assert told == [None]


@pytest.mark.parametrize("name", ["a\0b", "a\nb", "a\x1b[2J", "a\x7f", "a\ud800"])
def test_a_package_with_a_control_character_is_refused(tmp_path: Path, name: str) -> None:
    packages = Packages(tmp_path, None, "pip")
    for refused in (packages.install(["fine", name]), packages.install_requirements(name)):
        with pytest.raises(InvalidError, match="has characters that cannot be printed"):
            asyncio.run(refused)
