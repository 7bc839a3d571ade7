"""Gets the programs of the peers into a cache; nothing is installed.

They are Debian packages, which are unpacked, and archives of Java classes. The mirrors are those
that the machine is set up with.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

DOWNLOAD_SECONDS_MAX = 120.0
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "influxpe" / "peers"


class NotInstalledError(Exception):
    """Why a peer cannot be had on this machine, in one line."""


def program(package: str, path: str, cache: Path = CACHE) -> Path:
    """Give the program at `path` of a Debian package, which is downloaded where it is missing."""
    found = cache / package / path
    if not found.exists():
        unpack(download(package, cache), cache / package)
    if not found.exists():
        raise NotInstalledError(f"the package {package} has no {path}")
    return found


def java_archive(group: str, artifact: str, of: str, cache: Path = CACHE) -> Path:
    """Give an archive of Java classes that holds all it needs, downloaded where it is missing."""
    if shutil.which("java") is None:
        raise NotInstalledError("there is no java")
    found = cache / artifact / f"{artifact}-{of}.jar"
    if not found.exists():
        cache.mkdir(parents=True, exist_ok=True)
        copy = ["mvn", "--batch-mode", "--quiet", "dependency:copy"]
        named = [f"-Dartifact={group}:{artifact}:{of}", f"-DoutputDirectory={found.parent}"]
        run([*copy, *named], cache)
    if not found.exists():
        raise NotInstalledError(f"mvn dependency:copy left no {found.name} behind")
    return found


def download(package: str, cache: Path) -> Path:
    """Ask the mirror that the machine is set up with."""
    cache.mkdir(parents=True, exist_ok=True)
    run(["apt-get", "download", package], cache)
    packages = sorted(cache.glob(f"{package}_*.deb"))
    if not packages:
        raise NotInstalledError(f"apt-get download {package} left no package behind")
    return packages[-1]


def unpack(package: Path, folder: Path) -> None:
    """Unpack beside the folder first: a folder that is there is whole."""
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    run(["dpkg-deb", "-x", str(package), str(unfinished)], package.parent)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


def version(package: str, cache: Path = CACHE) -> str:
    """Give the version of a package that was downloaded, without what Debian adds."""
    packages = sorted(cache.glob(f"{package}_*.deb"))
    if not packages:
        return "unknown version"
    return re.split("[+-]", packages[-1].name.split("_")[1])[0]


def run(command: list[str], folder: Path) -> None:
    """Run a program to its end, and say in one line why it failed."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DOWNLOAD_SECONDS_MAX,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as failure:
        raise NotInstalledError(f"{' '.join(command)}: {failure}") from failure
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise NotInstalledError(f"{' '.join(command)}: {last}")
