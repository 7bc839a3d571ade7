"""`plugin watch`: a change of any file runs the plugin again, Ctrl-C ends it well."""

from collections.abc import Callable
from pathlib import Path

import pytest

from influxpe.cli import plugin_watch
from influxpe.cli.command import CommandError
from influxpe.cli.plugin_watch import changed, look, watch
from tests.unit.cli.conftest import CommandLine


def pauses(*steps: Callable[[], object]) -> Callable[[float], None]:
    """Give a pause that does one step each time, and then is interrupted."""
    left = iter(steps)

    def pause(_: float) -> None:
        step = next(left, None)
        if step is None:
            raise KeyboardInterrupt
        step()

    return pause


def test_each_change_of_a_file_runs_the_plugin_again(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    part = tmp_path / "sub" / "part.py"
    runs: list[bool] = []

    def run_plugin() -> int:
        runs.append(part.exists())
        return 0

    steps = pauses(lambda: None, lambda: part.write_text("x = 1\n"), part.unlink)
    with pytest.raises(KeyboardInterrupt):
        watch([tmp_path], run_plugin, steps)
    assert runs == [False, True, False]


def test_a_run_that_fails_is_followed_by_the_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin = tmp_path / "p.py"
    plugin.write_text("")
    runs: list[int] = []

    def run_plugin() -> int:
        runs.append(1)
        raise CommandError("no")

    with pytest.raises(KeyboardInterrupt):
        watch([plugin], run_plugin, pauses(lambda: plugin.write_text("changed")))
    assert len(runs) == 2
    assert f"run failed: no\nwaiting for a change, Ctrl-C ends it\n--- {plugin} has changed\n" in (
        capsys.readouterr().err
    )


def test_a_change_during_a_run_counts(tmp_path: Path) -> None:
    plugin = tmp_path / "p.py"
    plugin.write_text("")
    runs: list[int] = []

    def run_plugin() -> int:
        runs.append(1)
        if len(runs) == 1:
            plugin.write_text("changed meanwhile")
        return 0

    with pytest.raises(KeyboardInterrupt):
        watch([plugin], run_plugin, pauses())
    assert len(runs) == 2


def test_what_python_leaves_behind_is_no_change(tmp_path: Path) -> None:
    before = look([tmp_path])
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "p.pyc").write_text("")
    (tmp_path / ".hidden").write_text("")
    assert look([tmp_path]) == before
    (tmp_path / "data.csv").write_text("")
    assert changed(before, look([tmp_path])) == tmp_path / "data.csv"


def test_a_folder_with_too_many_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin_watch, "FILES_MAX", 2)
    for name in "abc":
        (tmp_path / name).write_text("")
    with pytest.raises(CommandError, match="the limit is 2"):
        look([tmp_path])


def test_what_cannot_be_watched_is_named(run: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("")
    done = run("plugin", "watch", "p.py", "--lp", "-")
    assert (done.status, done.output) == (1, "")
    assert done.errors == ("Watch command failed: --lp - can be read only once: give --lp a file\n")
