"""The Python environment of the plugins: the server makes it and installs what is asked for."""

import subprocess
from pathlib import Path

from tests.server_process import SCRIPTS, ServerProcess, environment_for, serve_command

INSTALL_SECONDS_MAX = 900.0

UTILITIES = "influxdata-plugin-utils==0.3.1"
PINT = "pint==0.25.3"
SCIPY = "scipy==1.17.1"
PSUTIL = "psutil==7.2.2"
CLIENT = "influxdb3-python==0.21.0"
PANDAS_BELOW_3 = "pandas<3"
NETWORKING = ("httpx", "twilio", "requests")
# What the suites of the vendor import, besides the above.
EVERY = (
    *(UTILITIES, PINT, SCIPY, PSUTIL, CLIENT, PANDAS_BELOW_3, *NETWORKING),
    *("adtk==0.6.2", "asyncua==2.1.0", "river==0.26.1", "Faker==40.54", "pytest"),
)


class Environment:
    """A folder with a Python environment, which lives as long as the session of tests."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "venv"
        self._folder = folder
        self._installed: set[str] = set()

    def install(self, *packages: str) -> None:
        """Install packages with the command of the product, those that are not there already."""
        wanted = [name for name in packages if name not in self._installed]
        if not wanted:
            return
        command = serve_command(None, "--plugin-dir", str(self._folder), *self.option)
        with ServerProcess(self._folder, command) as server:
            done = subprocess.run(
                [str(SCRIPTS / "influxpe"), "install", "package", "--host", server.url, *wanted],
                env=environment_for(self._folder / "home"),
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS_MAX,
                check=False,
            )
        assert done.returncode == 0, done.stdout + done.stderr
        self._installed.update(wanted)

    def run(self, code: str) -> str:
        """Run Python code in it, and give what that prints."""
        done = subprocess.run([self.python, "-c", code], capture_output=True, text=True, check=True)
        return done.stdout

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.root / "bin" / "python")

    @property
    def option(self) -> tuple[str, str]:
        """What tells a server to use it."""
        return ("--virtual-env-location", str(self.root))
