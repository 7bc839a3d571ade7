"""Makes wheels, which are zip files, and environments to install them into."""

import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

ENTRY_POINTS = "[console_scripts]\n{name} = {name}:main\n"


def put_wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    files: Mapping[str, str] | None = None,
    requires: tuple[str, ...] = (),
) -> Path:
    """Make a wheel of one module, which has its version and a script of its name."""
    info = f"{name}-{version}.dist-info"
    code = f"import sys\nVERSION = {version!r}\ndef main():\n    print(sys.prefix)\n"
    needed = "".join(f"Requires-Dist: {other}\n" for other in requires)
    texts = {
        f"{name}.py": code,
        **(files or {}),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": ENTRY_POINTS.format(name=name),
    }
    path = folder / f"{name}-{version}-py3-none-any.whl"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in texts.items():
            wheel.writestr(file, text)
        wheel.writestr(f"{info}/RECORD", "".join(f"{f},,\n" for f in (*texts, f"{info}/RECORD")))
    return path


def put_broken_wheel(folder: Path, name: str, requires: tuple[str, ...] = ()) -> Path:
    """Make a wheel that resolves well and fails amid its installation, behind what it requires."""
    return put_wheel(folder, name, files={"../../../../outside.py": ""}, requires=requires)


def copy_environment(made: Path, target: Path) -> Path:
    """Copy an environment that nothing refers to."""
    shutil.copytree(made, target, symlinks=True)
    return target
