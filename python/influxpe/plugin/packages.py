"""The Python environment of plugins: made beside them, filled by pip.

It is `<plugin-dir>/.venv`, also reachable as `venv`, or wherever the server was told to keep it.
A new one starts without pip, which costs seconds, and gets it afterwards.
"""

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from influxpe.errors import InstallFailed, InvalidError, PackagesDisabled

logger = logging.getLogger(__name__)

NAME, OTHER_NAME = ".venv", "venv"
CREATE_SECONDS_MAX = 60.0
INSTALL_SECONDS_MAX = 1800.0
LINES_REPORTED_MAX = 15
LINE_BYTES_MAX = 64 * 1024
# pip of a fresh environment is set up while the server works already: it has to give way.
NICENESS = 15

DISABLED = (
    "Package installation has been disabled. Contact your administrator for more information."
)
_FAILED = "Processing engine error: error installing python packages"
_PIP = ("-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--progress-bar=off")
_ENSURE_PIP = ("-m", "ensurepip", "--upgrade", "--default-pip")


def find_environment(plugin_dir: Path | None, virtual_env: Path | None) -> Path | None:
    """Give the root of the environment that plugins run in, or `None` where there is none yet."""
    candidates = [virtual_env] if virtual_env is not None else []
    if virtual_env is None and plugin_dir is not None:
        candidates = [plugin_dir / NAME, plugin_dir / OTHER_NAME]
    return next((path for path in candidates if _is_valid(path)), None)


def prepare_environment(plugin_dir: Path | None, virtual_env: Path | None) -> Path:
    """Give the interpreter for plugins, and make its environment where it does not exist.

    Without a plugin folder and a place for the environment it is the server's own interpreter.
    Blocks for as long as that takes. Raises `InstallFailed`.
    """
    root = find_environment(plugin_dir, virtual_env)
    if root is None and virtual_env is not None:
        root = _create(virtual_env)
    elif root is None and plugin_dir is not None:
        root = _create(plugin_dir / NAME)
    if root is None:
        return Path(sys.executable)
    if virtual_env is None and plugin_dir is not None:
        _link(plugin_dir)
    return python_of(root)


def python_of(root: Path) -> Path:
    """Give the interpreter of an environment."""
    return root.absolute() / "bin" / "python"


class Packages:
    """Installs into the environment of plugins, one installation at a time."""

    def __init__(
        self, plugin_dir: Path | None, virtual_env: Path | None, package_manager: str
    ) -> None:
        self._plugin_dir = plugin_dir
        self._virtual_env = virtual_env
        self._disabled = package_manager == "disabled"
        self._one_at_a_time = asyncio.Lock()

    async def install(self, packages: Sequence[str]) -> None:
        """Install packages by name. Raises `InstallFailed` with pip's last lines."""
        if not packages:
            raise InvalidError("no package to install is named")
        for name in packages:
            if name.startswith("-"):
                raise InvalidError(f"'{name}' is an option of pip, not the name of a package")
        await self._install(packages)

    async def install_requirements(self, location: str) -> None:
        """Install what a file of the server's machine lists. Raises `InstallFailed`."""
        await self._install(["-r", location])

    async def ensure_pip(self) -> None:
        """Set pip up in an environment that was made without. Raises `InstallFailed`."""
        root = find_environment(self._plugin_dir, self._virtual_env)
        if root is None or self._disabled or (root / "bin" / "pip").exists():
            return
        async with self._one_at_a_time:
            await self._ensure_pip(root, NICENESS)

    async def _install(self, arguments: Sequence[str]) -> None:
        if self._disabled:
            raise PackagesDisabled(DISABLED)
        root = find_environment(self._plugin_dir, self._virtual_env)
        if root is None:
            raise InstallFailed(f"{_FAILED}: Plugin environment management is disabled")
        async with self._one_at_a_time:
            await self._ensure_pip(root)
            await _run(root, [*_PIP, *arguments], "pip")
        logger.info("installed %s", " ".join(arguments))

    async def _ensure_pip(self, root: Path, niceness: int = 0) -> None:
        if not (root / "bin" / "pip").exists():
            await _run(root, _ENSURE_PIP, "ensurepip", niceness)


async def _run(root: Path, arguments: Sequence[str], name: str, niceness: int = 0) -> None:
    """Run the environment's interpreter; raises `InstallFailed` with what it said last."""
    command = ["nice", "-n", str(niceness)] if niceness else []
    command += [str(python_of(root)), *arguments]
    lines: deque[str] = deque(maxlen=LINES_REPORTED_MAX)
    try:
        async with asyncio.timeout(INSTALL_SECONDS_MAX), _started(command, root) as process:
            status = await _follow(process, lines)
    except TimeoutError:
        raise InstallFailed(f"{_FAILED}: {name} took over {INSTALL_SECONDS_MAX:g} s") from None
    except OSError as error:
        raise InstallFailed(f"{_FAILED}: {name} cannot be started: {error}") from error
    if status != 0:
        said = "\n".join(lines)
        raise InstallFailed(f"{_FAILED}: {name} ended with status {status}:\n{said}")


@contextlib.asynccontextmanager
async def _started(command: Sequence[str], root: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_variables(root),
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


async def _follow(process: asyncio.subprocess.Process, lines: deque[str]) -> int:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    rest = b""
    while chunk := await process.stdout.read(LINE_BYTES_MAX):
        *whole, rest = (rest + chunk).split(b"\n")
        rest = rest[-LINE_BYTES_MAX:]
        lines.extend(text for line in whole if (text := _readable(line)))
    if text := _readable(rest):
        lines.append(text)
    return await process.wait()


def _readable(line: bytes) -> str:
    return line.decode(errors="replace").strip()


def _variables(root: Path) -> dict[str, str]:
    """Give this process's environment variables, without what would lead pip elsewhere."""
    misleading = {"PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_USER"}
    kept = {name: value for name, value in os.environ.items() if name not in misleading}
    return kept | {"VIRTUAL_ENV": str(root.absolute())}


def _is_valid(root: Path) -> bool:
    return (root / "pyvenv.cfg").is_file() and os.access(root / "bin" / "python", os.X_OK)


def _create(root: Path) -> Path:
    command = [sys.executable, "-m", "venv", "--without-pip", str(root)]
    try:
        subprocess.run(  # noqa: S603 - our own interpreter
            command, check=True, capture_output=True, text=True, timeout=CREATE_SECONDS_MAX
        )
    except subprocess.CalledProcessError as error:
        raise InstallFailed(f"cannot make {root}: {error.stderr or error.stdout}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InstallFailed(f"cannot make {root}: {error}") from error
    logger.info("made the environment of plugins", extra={"fields": {"path": str(root)}})
    return root


def _link(plugin_dir: Path) -> None:
    """Make the environment reachable under the name that some documents give it."""
    link = plugin_dir / OTHER_NAME
    if not link.exists() and not link.is_symlink() and _is_valid(plugin_dir / NAME):
        with contextlib.suppress(OSError):
            link.symlink_to(NAME)
