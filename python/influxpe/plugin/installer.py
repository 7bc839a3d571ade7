"""Runs pip or uv in an environment: line by line, within a time, ended with all that it started."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from influxpe.errors import InstallFailed
from influxpe.plugin.environments import python_of

INSTALL_SECONDS_MAX = 1800.0
LINES_REPORTED_MAX = 15
LINE_BYTES_MAX = 64 * 1024
FAILED = "Processing engine error: error installing python packages"

_PIP_INSTALL = ("install", "--no-input", "--disable-pip-version-check", "--progress-bar=off")
_PIP_FREEZE = ("freeze", "--disable-pip-version-check")
_ENSURE_PIP = ("-m", "ensurepip", "--upgrade", "--default-pip")
# What would lead an installer out of the environment, or past the folder of wheels.
_MISLEADING = {"PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_USER"}
_SOURCES = {"PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_EXTRA_INDEX_URL"}

OnLine = Callable[[str], None]


class Installer:
    """Installs into environments: with uv where it was asked for and is there, else with pip."""

    def __init__(
        self, package_manager: str, wheels_dir: Path | None, lender: Path | None = None
    ) -> None:
        """`lender` is an environment whose pip installs into those without, if it has one."""
        self._lender = lender
        self._uv = shutil.which("uv") if package_manager == "uv" else None
        self._wheels_dir = wheels_dir

    async def install(
        self, root: Path, arguments: Sequence[str], on_line: OnLine | None = None
    ) -> None:
        """Install; `arguments` are names behind `--`, or `-r FILE`. Raises `InstallFailed`."""
        options = self._offline()
        if self._uv is not None:
            target = (*self._python(root), "--no-progress")
            command = [self._uv, "pip", "install", *target, *options, *arguments]
            await self._run(root, command, "uv", on_line=on_line)
            return
        command = [*await self._pip(root), *_PIP_INSTALL, *options, *arguments]
        await self._run(root, command, "pip", on_line=on_line)

    async def freeze(self, root: Path) -> str:
        """List what is installed, with versions. Raises `InstallFailed`."""
        lines: list[str] = []
        if self._uv is not None:
            command = [self._uv, "pip", "freeze", *self._python(root)]
        else:
            command = [*await self._pip(root), *_PIP_FREEZE]
        await self._run(root, command, "the list of packages", on_line=lines.append, errors=False)
        return "".join(f"{line}\n" for line in lines)

    async def _pip(self, root: Path) -> list[str]:
        """Give the pip of an environment, or else the one of the lender, or set one up."""
        if self._lender is not None and not _has_pip(root) and _has_pip(self._lender):
            return [str(python_of(self._lender)), "-m", "pip", *self._python(root)]
        await self.ensure_pip(root)
        return [str(python_of(root)), "-m", "pip"]

    async def ensure_pip(self, root: Path, niceness: int = 0) -> None:
        """Set pip up in an environment that was made without. Raises `InstallFailed`."""
        if self._uv is None and not _has_pip(root):
            command = ["nice", "-n", str(niceness)] if niceness else []
            await self._run(root, [*command, str(python_of(root)), *_ENSURE_PIP], "ensurepip")

    def _offline(self) -> list[str]:
        if self._wheels_dir is None:
            return []
        if not self._wheels_dir.is_dir():
            raise InstallFailed(f"{FAILED}: there is no folder of wheels {self._wheels_dir}")
        return ["--no-index", "-f", str(self._wheels_dir.absolute())]

    @staticmethod
    def _python(root: Path) -> tuple[str, str]:
        return "--python", str(python_of(root))

    async def _run(
        self,
        root: Path,
        command: Sequence[str],
        name: str,
        *,
        on_line: OnLine | None = None,
        errors: bool = True,
    ) -> None:
        """Run a command to its end; raises `InstallFailed` with what it said last."""
        lines: deque[str] = deque(maxlen=LINES_REPORTED_MAX)

        def take(line: str) -> None:
            lines.append(line)
            if on_line is not None:
                on_line(line)

        started = _started(command, self._variables(root), errors=errors)
        try:
            async with asyncio.timeout(INSTALL_SECONDS_MAX), started as process:
                status = await _follow(process, take)
        except TimeoutError:
            raise InstallFailed(f"{FAILED}: {name} took over {INSTALL_SECONDS_MAX:g} s") from None
        except OSError as error:
            raise InstallFailed(f"{FAILED}: {name} cannot be started: {error}") from error
        if status != 0:
            said = "\n".join(lines)
            raise InstallFailed(f"{FAILED}: {name} ended with status {status}:\n{said}")

    def _variables(self, root: Path) -> dict[str, str]:
        left_out = _MISLEADING if self._wheels_dir is None else _MISLEADING | _SOURCES
        kept = {name: value for name, value in os.environ.items() if name not in left_out}
        return kept | {"VIRTUAL_ENV": str(root.absolute())}


def _has_pip(root: Path) -> bool:
    return (root / "bin" / "pip").exists()


@contextlib.asynccontextmanager
async def _started(
    command: Sequence[str], variables: dict[str, str], *, errors: bool
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if errors else subprocess.DEVNULL,
        env=variables,
        start_new_session=True,
        limit=LINE_BYTES_MAX,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _follow(process: asyncio.subprocess.Process, take: OnLine) -> int:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    rest = b""
    while chunk := await process.stdout.read(LINE_BYTES_MAX):
        *whole, rest = (rest + chunk).split(b"\n")
        rest = rest[-LINE_BYTES_MAX:]
        for line in whole:
            _pass_on(line, take)
    _pass_on(rest, take)
    return await process.wait()


def _pass_on(line: bytes, take: OnLine) -> None:
    if text := line.decode(errors="replace").strip():
        take(text)
