"""The Python environments of plugins: where they are, and how one is made.

That of the server is `<plugin-dir>/.venv`, also reachable as `venv`, or wherever the server was
told to keep it. Named ones, which triggers may ask for, are `<plugin-dir>/.venvs/NAME`. A new one
starts without pip, which costs seconds, and gets it with the first installation.
"""

import contextlib
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

from influxpe.errors import InstallFailed, InvalidError, NotFoundError

logger = logging.getLogger(__name__)

NAME, OTHER_NAME = ".venv", "venv"
NAMED = ".venvs"
LOCK_SUFFIX = ".lock"
CREATE_SECONDS_MAX = 60.0
NAME_CHARACTERS_MAX = 64

_ENVIRONMENT_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def find_environment(plugin_dir: Path | None, virtual_env: Path | None) -> Path | None:
    """Give the root of the environment that plugins run in, or `None` where there is none yet."""
    candidates = [virtual_env] if virtual_env is not None else []
    if virtual_env is None and plugin_dir is not None:
        candidates = [plugin_dir / NAME, plugin_dir / OTHER_NAME]
    return next((path for path in candidates if is_valid(path)), None)


def named_environment(plugin_dir: Path | None, name: str) -> Path:
    """Give the root of a named environment, which need not exist.

    Raises `InvalidError` for what is no name, and without a plugin folder.
    """
    if _ENVIRONMENT_NAME.fullmatch(name) is None or name.endswith(LOCK_SUFFIX):
        raise InvalidError(
            f"'{name}' is no name of an environment: letters, digits, '_', '-' and '.' make one"
        )
    if len(name) > NAME_CHARACTERS_MAX:
        raise InvalidError(
            f"the name of an environment has {len(name)} characters, the limit is "
            f"{NAME_CHARACTERS_MAX}"
        )
    if plugin_dir is None:
        raise InvalidError("Node not configured with plugin directory")
    return plugin_dir / NAMED / name


def prepare_environment(plugin_dir: Path | None, virtual_env: Path | None) -> Path:
    """Give the interpreter for plugins, and make its environment where it does not exist.

    Without a plugin folder and a place for the environment it is the server's own interpreter.
    Blocks for as long as that takes. Raises `InstallFailed`.
    """
    root = find_environment(plugin_dir, virtual_env)
    if root is None and virtual_env is not None:
        root = create(virtual_env)
    elif root is None and plugin_dir is not None:
        root = create(plugin_dir / NAME)
    if root is None:
        return Path(sys.executable)
    if virtual_env is None and plugin_dir is not None:
        _link(plugin_dir)
    return python_of(root)


def environment_python(plugin_dir: Path | None, virtual_env: Path | None, name: str | None) -> Path:
    """Give the interpreter of a named environment; without a name, of the server's plugins.

    Raises `NotFoundError` where there is no such environment, `InvalidError` for what is no name.
    """
    if name is not None:
        root = named_environment(plugin_dir, name)
        if not is_valid(root):
            hint = f"install package --environment {name} makes it"
            raise NotFoundError(f"there is no environment '{name}': {hint}")
        return python_of(root)
    found = find_environment(plugin_dir, virtual_env)
    return Path(sys.executable) if found is None else python_of(found)


def python_of(root: Path) -> Path:
    """Give the interpreter of an environment."""
    return root.absolute() / "bin" / "python"


def lock_of(root: Path) -> Path:
    """Give the file that lists what is installed in an environment."""
    return root.with_name(root.name + LOCK_SUFFIX)


def is_valid(root: Path) -> bool:
    """Whether there is an environment."""
    return (root / "pyvenv.cfg").is_file() and os.access(root / "bin" / "python", os.X_OK)


def create(root: Path) -> Path:
    """Make an environment without pip. Raises `InstallFailed`."""
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
    if not link.exists() and not link.is_symlink() and is_valid(plugin_dir / NAME):
        with contextlib.suppress(OSError):
            link.symlink_to(NAME)
