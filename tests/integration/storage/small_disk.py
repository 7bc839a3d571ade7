"""A file system that is soon full, and can be made larger."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

Resize = Callable[[str], None]


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Resize]:
    """Mount one, which only an administrator can; gives what changes its size, such as `9m`."""
    folder.mkdir()
    mounted = _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")

    def resize(size: str) -> None:
        assert _run("mount", "-o", f"remount,size={size}", str(folder)).returncode == 0

    try:
        yield resize
    finally:
        assert _run("umount", "--lazy", str(folder)).returncode == 0


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except FileNotFoundError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))
