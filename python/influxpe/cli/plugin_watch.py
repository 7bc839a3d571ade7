"""`plugin watch`: run a plugin again whenever one of its files changes."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from influxpe.cli.command import Command, CommandError, Values
from influxpe.cli.plugin_check import existing
from influxpe.cli.plugin_run import DATA, LINES, PARAMETERS, PLUGIN, STDIN, run_once
from influxpe.cli.terminal import note

# How often files are looked at: soon enough for a person, rare enough for a laptop.
LOOK_SECONDS = 0.3
# A folder with more was named by mistake.
FILES_MAX = 10_000
SKIPPED = "__pycache__"

Seen = dict[Path, tuple[int, int]]


def run(values: Values) -> int:
    """Run until Ctrl-C, which ends it well."""
    plugin = existing(values[PLUGIN])
    if values[LINES] == STDIN:
        raise CommandError("--lp - can be read only once: give --lp a file")
    paths = [plugin, *_inputs(values)]
    try:
        watch(paths, lambda: run_once(values, plugin), time.sleep)
    except KeyboardInterrupt:
        return 0
    return 0


def _inputs(values: Values) -> list[Path]:
    lines, data = values[LINES], values[DATA]
    given = [None if lines is None else Path(lines).expanduser(), data]
    return [file for file in given if file is not None]


def watch(
    paths: Sequence[Path], run_plugin: Callable[[], int], pause: Callable[[float], None]
) -> None:
    """Run now, and again after each change of a file, until `pause` raises.

    What changes while the plugin runs makes it run again.
    """
    while True:
        seen = look(paths)
        try:
            run_plugin()
        except CommandError as error:
            note(f"run failed: {error.message}")
        note("waiting for a change, Ctrl-C ends it")
        while (now := look(paths)) == seen:
            pause(LOOK_SECONDS)
        note(f"--- {changed(seen, now)} has changed")


def look(paths: Sequence[Path]) -> Seen:
    """Give the time of change and the length of all files, those in folders included.

    Raises `CommandError` where there are more than `FILES_MAX`.
    """
    seen: Seen = {}
    for path in paths:
        for file in _files(path):
            try:
                status = file.stat()
            except OSError:  # it is being replaced
                continue
            seen[file] = (status.st_mtime_ns, status.st_size)
            if len(seen) > FILES_MAX:
                raise CommandError(f"there are too many files to watch, the limit is {FILES_MAX}")
    return seen


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, names, files in os.walk(path):
        names[:] = [name for name in names if name != SKIPPED and not name.startswith(".")]
        yield from (Path(folder, name) for name in files if not name.startswith("."))


def changed(before: Seen, after: Seen) -> Path:
    """Give the first file that is new, gone or another."""
    return min(file for file in {*before, *after} if before.get(file) != after.get(file))


COMMAND = Command(
    name="watch",
    about="Run a plugin again whenever one of its files changes",
    verb="Watch",
    run=run,
    parameters=PARAMETERS,
    details="Each run starts from nothing, as 'plugin run' does. Ctrl-C ends it.",
    examples=("plugin watch --lp home.lp too_warm.py",),
)
