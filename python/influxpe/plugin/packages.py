"""Installs packages for plugins, one installation at a time, each whole or not at all.

pip has no transactions: what fails in the middle leaves half of it behind, and a run that imports
meanwhile sees a mixture. So it works on a copy of the environment (`staging`), which takes the
place of the original when pip has ended well and has listed what is there. The list, `pip freeze`,
lies beside the environment as `.venv.lock` or `.venvs/NAME.lock`; `install package -r` takes it.
Whoever uses the environment is told of the exchange before anything else may go wrong.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from influxpe.errors import InstallFailed, InvalidError, PackagesDisabled
from influxpe.plugin import staging
from influxpe.plugin.environments import (
    environment_python,
    find_environment,
    named_environment,
    prepare_environment,
    python_of,
)
from influxpe.plugin.installer import FAILED, LINES_REPORTED_MAX, Installer, OnLine
from influxpe.to_its_end import to_its_end

__all__ = [
    "LINES_REPORTED_MAX",
    "Packages",
    "find_environment",
    "prepare_environment",
    "python_of",
]

logger = logging.getLogger(__name__)

# pip of a fresh environment is set up while the server works already: it has to give way.
NICENESS = 15

DISABLED = (
    "Package installation has been disabled. Contact your administrator for more information."
)

Value = TypeVar("Value")
# Told which environment has other packages now; `None` is that of the server.
OnChange = Callable[[str | None], Awaitable[None]]


async def _no_change(_environment: str | None) -> None:
    """Nobody uses the environment."""


class Packages:
    """The packages of one server's plugins."""

    def __init__(
        self,
        plugin_dir: Path | None,
        virtual_env: Path | None,
        package_manager: str,
        wheels_dir: Path | None = None,
        on_change: OnChange = _no_change,
    ) -> None:
        """With `wheels_dir` packages come from that folder alone.

        `on_change` is called after each exchange, even where the installation is cancelled.
        """
        self._on_change = on_change
        self._plugin_dir = plugin_dir
        self._virtual_env = virtual_env
        self._disabled = package_manager == "disabled"
        self._manager = package_manager
        self._wheels_dir = wheels_dir
        self._one_at_a_time = asyncio.Lock()

    def environment_python(self, name: str | None) -> Path:
        """Give the interpreter of an environment, as the function of this name does."""
        return environment_python(self._plugin_dir, self._virtual_env, name)

    async def install(
        self,
        packages: Sequence[str],
        *,
        environment: str | None = None,
        on_line: OnLine | None = None,
    ) -> None:
        """Install packages by name, into a named environment that is made where it is missing.

        `on_line` gets what the installer says, as it says it. Raises `InstallFailed` with its last
        lines; nothing has changed then.
        """
        if not packages:
            raise InvalidError("no package to install is named")
        for name in packages:
            _check_text(name)
            if name.lstrip().startswith("-"):
                raise InvalidError(f"'{name}' is an option of pip, not the name of a package")
        await self._install(["--", *packages], environment, on_line)

    async def install_requirements(
        self,
        location: str,
        *,
        environment: str | None = None,
        on_line: OnLine | None = None,
    ) -> None:
        """Install what a file of the server's machine lists. Raises `InstallFailed`."""
        _check_text(location)
        await self._install(["-r", location], environment, on_line)

    async def ensure_pip(self) -> None:
        """Set pip up where it is missing, and tidy up. Raises `InstallFailed`."""
        root = find_environment(self._plugin_dir, self._virtual_env)
        if root is None or self._disabled:
            return
        async with self._one_at_a_time:
            await _in_thread(lambda: staging.clean(root))
            await self._installer().ensure_pip(root, NICENESS)

    async def _install(
        self, arguments: Sequence[str], environment: str | None, on_line: OnLine | None
    ) -> None:
        if self._disabled:
            raise PackagesDisabled(DISABLED)
        root, installer = self._root(environment), self._installer()
        async with self._one_at_a_time:
            staged = await _in_thread(lambda: staging.begin(root))
            try:
                await installer.install(staged.root, arguments, on_line)
                installed = await installer.freeze(staged.root)
                await to_its_end(self._finish(staged, installed, environment))
            except BaseException:
                await to_its_end(self._discard(staged, environment))
                raise
        logger.info("installed %s", " ".join(arguments).removeprefix("-- "))

    async def _finish(
        self, staged: staging.Staged, installed: str, environment: str | None
    ) -> None:
        await asyncio.to_thread(staging.finish, staged, installed)
        await self._on_change(environment)

    async def _discard(self, staged: staging.Staged, environment: str | None) -> None:
        await asyncio.to_thread(staging.discard, staged)
        if staged.is_in_place:  # what failed has left something behind
            await self._on_change(environment)

    def _installer(self) -> Installer:
        lender = find_environment(self._plugin_dir, self._virtual_env)
        return Installer(self._manager, self._wheels_dir, lender)

    def _root(self, environment: str | None) -> Path:
        if environment is not None:
            return named_environment(self._plugin_dir, environment)
        root = find_environment(self._plugin_dir, self._virtual_env)
        if root is None:
            raise InstallFailed(f"{FAILED}: Plugin environment management is disabled")
        return root


def _check_text(name: str) -> None:
    """Refuse what no command line has, and no line of a log. Raises `InvalidError`."""
    if not name.isprintable():
        raise InvalidError(f"the package {name!r} has characters that cannot be printed")


async def _in_thread(work: Callable[[], Value]) -> Value:
    """Work in a thread; whoever is cancelled goes on only when that has ended."""
    return await to_its_end(asyncio.to_thread(work))
