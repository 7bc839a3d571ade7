"""Runs commands where `/host` and `/plugins` are a plugin folder, as in the vendor's container.

A command gets a mount namespace of its own, whose root has all that the machine's has and these two
besides: nothing of the machine is changed, and no rights are needed but to make a user namespace.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

MOUNTED = ("/host", "/plugins")

_SCRIPT = """
set -e
mount -t tmpfs none "$ROOT"
for entry in /*; do
    if [ -L "$entry" ]; then cp -d "$entry" "$ROOT$entry"
    elif [ -d "$entry" ]; then mkdir "$ROOT$entry"; mount --rbind "$entry" "$ROOT$entry"
    fi
done
for name in host plugins; do mkdir "$ROOT/$name"; mount --bind "$PLUGINS" "$ROOT/$name"; done
exec chroot "$ROOT" sh -c 'cd "$0" && exec "$@"' "$PWD" "$@"
"""


def rooted(command: Sequence[str], *, root: Path, plugins: Path) -> list[str]:
    """Compose the command that runs another one there; `root` is an empty folder for it."""
    variables = [f"ROOT={root}", f"PLUGINS={plugins}"]
    return ["unshare", "-rm", "env", *variables, "sh", "-c", _SCRIPT, "sh", *command]


def refusal(root: Path, plugins: Path) -> str | None:
    """Say why no command can be run so on this machine; `None` if it can."""
    listing = rooted(["ls", *MOUNTED], root=root, plugins=plugins)
    try:
        done = subprocess.run(listing, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "there is no unshare"
    return None if done.returncode == 0 else done.stderr.strip()
