"""`plugin run` and `plugin watch` as processes: what they print, and how they end."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

PYTHON = Path(__file__).parents[3] / "python"
SECONDS_MAX = 60

PLUGIN = """
def process_writes(influxdb3_local, table_batches, args=None):
    for batch in table_batches:
        influxdb3_local.info(batch["table_name"], len(batch["rows"]), args)
        influxdb3_local.write_to_db("other", "seen n=1i 1")

def process_scheduled_call(influxdb3_local, call_time, args=None):
    influxdb3_local.info(call_time, influxdb3_local.query("SELECT temp FROM home"))

def process_request(influxdb3_local, query_parameters, headers, body, args=None):
    return {"query": query_parameters, "x": headers.get("x"), "body": body.decode()}, 201
"""


def command(*words: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "influxpe", "plugin", *words]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a plugin and lines for it."""
    (tmp_path / "p.py").write_text(PLUGIN)
    (tmp_path / "home.lp").write_text("home,room=hall temp=21.5 1000\n")
    return tmp_path


def run(folder: Path, words: Sequence[str], stdin: str = "") -> tuple[int, list[str], str]:
    """Give exit code, lines and errors of `plugin run` in a folder."""
    done = subprocess.run(
        command("run", *words),
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(PYTHON)},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    return done.returncode, done.stdout.splitlines(), done.stderr


def test_a_run_on_writes_prints_log_and_lines(folder: Path) -> None:
    words = ["--lp", "-", "--arguments", "a=1,b=x=y", "-d", "mine", "p.py"]
    status, lines, errors = run(folder, words, "home temp=1 1\nhome temp=2 2\n")
    assert (status, errors) == (0, "")
    assert lines == [
        "INFO: home 2 {'a': '1', 'b': 'x=y'}",
        "written to other:",
        "seen n=1i 1",
    ]


def test_a_scheduled_run_sees_its_time_and_the_data(folder: Path) -> None:
    words = ["--data", "home.lp", "--call-time", "2026-01-01T08:00:00+01:00", "p.py"]
    status, lines, errors = run(folder, words)
    assert (status, errors) == (0, "")
    assert lines == ["INFO: 2026-01-01 07:00:00 [{'temp': 21.5}]"]


def test_a_request_prints_its_answer(folder: Path) -> None:
    words = ["--request-body", "@home.lp", "--request-query", "a=1", "--request-header", "X=y,z"]
    status, lines, errors = run(folder, [*words, "p.py"])
    assert (status, errors) == (0, "")
    assert lines[:3] == ["answered 201", "content-type: application/json", ""]
    assert '"query": {"a": "1"}, "x": "y,z", "body": "home,room=hall temp=21.5' in lines[3]


@pytest.mark.parametrize(
    ("words", "code", "words_of_error"),
    [
        (["p.py"], None, "choose one with --kind: writes, schedule, request"),
        (["--kind", "writes", "p.py"], None, "give it lines with --lp FILE or --lp -"),
        (["--lp", "absent.lp", "p.py"], None, "cannot read absent.lp: No such file or directory"),
        (["absent.py"], None, "there is no plugin absent.py"),
        (["--lp", "p.py", "p.py"], None, "line 2: "),
        (["p.py"], "def process_writes(\n", "SyntaxError: '(' was never closed (p.py, line 1)"),
        (["p.py"], "x = 1\n", "the process_scheduled_call function is not present"),
        (
            ["--lp", "home.lp", "p.py"],
            "def process_writes(local, batches, args=None):\n    1 / 0\n",
            "ZeroDivisionError: division by zero",
        ),
    ],
)
def test_what_goes_wrong_is_said_with_exit_code_1(
    folder: Path, words: list[str], code: str | None, words_of_error: str
) -> None:
    if code is not None:
        (folder / "p.py").write_text(code)
    status, _, errors = run(folder, words)
    assert status == 1
    assert errors.splitlines()[-1].startswith("Run command failed: ")
    assert words_of_error in errors.splitlines()[-1]


def test_the_traceback_of_the_plugin_is_shown(folder: Path) -> None:
    (folder / "p.py").write_text("def process_writes(local, batches, args=None):\n    1 / 0\n")
    _, _, errors = run(folder, ["--lp", "home.lp", "p.py"])
    assert 'p.py", line 2, in process_writes\n    1 / 0' in errors


def test_watching_ends_well_with_ctrl_c(folder: Path) -> None:
    with subprocess.Popen(
        command("watch", "--lp", "home.lp", "p.py"),
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(PYTHON)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # As a terminal starts it: tests in the background have the signal ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as watching:
        assert watching.stdout is not None
        assert watching.stderr is not None
        assert watching.stderr.readline() == "waiting for a change, Ctrl-C ends it\n"
        (folder / "p.py").write_text(PLUGIN + "# more\n")
        assert watching.stderr.readline() == "--- p.py has changed\n"
        assert watching.stderr.readline() == "waiting for a change, Ctrl-C ends it\n"
        watching.send_signal(signal.SIGINT)
        output, errors = watching.communicate(timeout=SECONDS_MAX)
    assert (watching.returncode, errors) == (0, "")
    assert output.count("INFO: home 1 None\n") == 2
