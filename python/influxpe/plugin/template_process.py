"""The server's hold on the template process: start it, have it fork, end it in bounded time."""

import asyncio
import contextlib
import importlib.util
import itertools
import json
import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from influxpe.plugin.protocol import WorkerDied
from influxpe.plugin.secrets import VARIABLE
from influxpe.worker import wire

# The interpreter starts and imports pyarrow; seconds on a busy machine with a cold disk.
FORK_SECONDS_MAX: Final = 60.0
# For the template to end all processes itself; then it is killed, and they with it.
END_SECONDS_MAX: Final = 1.0

_GONE: Final = "the process that starts plugins has ended; see the server's output"
_MAIN: Final = Path(__file__).parents[1] / "worker" / "main.py"


class TemplateProcess:
    """One template and the workers that were forked from it."""

    def __init__(self, python: Path, plugin_dir: Path | None, memory_bytes_max: int) -> None:
        self._python = python
        self._plugin_dir = plugin_dir
        self._memory_bytes_max = memory_bytes_max
        self._process: asyncio.subprocess.Process | None = None
        self._control: socket.socket | None = None
        self._numbers = itertools.count(1)
        self._is_retired = False
        self._forking = asyncio.Lock()
        self._forked: dict[int, asyncio.Future[int]] = {}
        self._watchers: dict[int, Callable[[int | None], None]] = {}

    @property
    def is_running(self) -> bool:
        """Whether it takes orders."""
        return self._control is not None

    @property
    def has_workers(self) -> bool:
        """Whether it is needed: by workers, or by one that is being forked."""
        return bool(self._watchers)

    async def start(self) -> None:
        """Start the process; it becomes ready while others go on. Raises `WorkerDied`."""
        mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        mine.setblocking(False)
        settings = {
            "control": its.fileno(),
            "paths": _own_paths(),
            "memory_bytes_max": self._memory_bytes_max,
        }
        try:
            # By the event loop's thread, which lasts: the kernel ties the template to it.
            self._process = await asyncio.create_subprocess_exec(
                *(str(self._python), "-P", str(_MAIN), json.dumps(settings)),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(its.fileno(),),
                env=self._environment(),
                start_new_session=True,
            )
        except OSError as error:
            mine.close()
            raise WorkerDied(
                f"cannot start plugin processes with {self._python}: {error}"
            ) from None
        finally:
            its.close()
        self._control = mine
        asyncio.get_running_loop().add_reader(mine, self._hear)

    async def fork(
        self,
        descriptors: Sequence[int],
        on_exit: Callable[[int | None], None],
        *,
        memory_bytes_max: int | None = None,
    ) -> int:
        """Fork a worker for a socket and a pipe for its stacks, and give its number.

        `on_exit` is called once, when it has ended: with its exit code (below 0: a signal), or with
        `None` when the template has gone. Raises `WorkerDied`.
        """
        number = next(self._numbers)
        # From here on the template is needed: one that is retired does not end before this worker.
        self._watchers[number] = on_exit
        try:
            async with self._forking, asyncio.timeout(FORK_SECONDS_MAX):
                await self._fork(wire.Fork(number, memory_bytes_max), descriptors)
        except BaseException as error:
            self._watchers.pop(number, None)
            self.kill(number)
            if isinstance(error, TimeoutError):
                text = f"no plugin process was forked within {FORK_SECONDS_MAX:g} s"
                raise WorkerDied(text) from None
            raise
        return number

    async def _fork(self, fork: wire.Fork, descriptors: Sequence[int]) -> None:
        """Order a fork, and wait until it is done. Raises `WorkerDied`."""
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._forked[fork.worker] = done
        try:
            self._order(fork, descriptors)
            await done
        finally:
            del self._forked[fork.worker]

    def kill(self, number: int) -> None:
        """End a worker and what it has started. Without a template there are no workers."""
        with contextlib.suppress(WorkerDied):
            self._order(wire.Kill(number), [])

    def show_stack(self, number: int, run: int) -> None:
        """Have the thread of a worker's run write where it is. Raises `WorkerDied`."""
        self._order(wire.ShowStack(number, run), [])

    def retire(self) -> None:
        """End the template when its last worker has ended: now, if it has none."""
        self._is_retired = True
        if not self.has_workers:
            self._lose_control()

    async def close(self) -> None:
        """End the template and all its workers, within `END_SECONDS_MAX` and the time to reap."""
        self._lose_control()
        if self._process is None:
            return
        try:
            async with asyncio.timeout(END_SECONDS_MAX):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _order(self, order: wire.ToTemplate, descriptors: Sequence[int]) -> None:
        """Send an order. Raises `WorkerDied` when it cannot be taken."""
        if self._control is None:
            raise WorkerDied(_GONE)
        try:
            socket.send_fds(self._control, [wire.encode_packet(order)], descriptors)
        except OSError:
            raise WorkerDied(_GONE) from None

    def _hear(self) -> None:
        """Read what the template says; its silence at the end is the end of its workers."""
        try:
            packet = self._control.recv(wire.CONTROL_BYTES_MAX) if self._control else b""
        except BlockingIOError:
            return
        except OSError:
            packet = b""
        if packet:
            self._take(wire.from_template_decoder.decode(packet))
        else:
            self._lose_control()

    def _take(self, message: wire.FromTemplate) -> None:
        """Pass on one message."""
        done = self._forked.get(message.worker)
        if isinstance(message, wire.Exited):
            watcher = self._watchers.pop(message.worker, None)
            if watcher is not None:
                watcher(message.status)
            if self._is_retired:
                self.retire()
        elif done is not None and not done.done():
            if isinstance(message, wire.Forked):
                done.set_result(message.pid)
            else:
                done.set_exception(WorkerDied(f"cannot fork a plugin process: {message.reason}"))

    def _lose_control(self) -> None:
        """Let go of the template: it and its workers end, and whoever waits is told."""
        if self._control is None:
            return
        asyncio.get_running_loop().remove_reader(self._control)
        self._control.close()
        self._control = None
        for done in self._forked.values():
            if not done.done():
                done.set_exception(WorkerDied(_GONE))
        watchers, self._watchers = list(self._watchers.values()), {}
        for watcher in watchers:
            watcher(None)

    def _environment(self) -> dict[str, str]:
        """The server's environment, for plugins: in UTC, inside their virtual environment.

        Secrets are left out: a plugin has those that its trigger names.
        """
        variables = os.environ.items()
        environment = {name: text for name, text in variables if not name.startswith(VARIABLE)}
        # A thread of the allocator would be lost in each fork.
        environment |= {"TZ": "UTC", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
        if self._plugin_dir is not None:
            environment.setdefault("PLUGIN_DIR", str(self._plugin_dir))
        folder = self._python.parent
        if (folder.parent / "pyvenv.cfg").exists():
            environment["VIRTUAL_ENV"] = str(folder.parent)
            environment["PATH"] = f"{folder}{os.pathsep}{environment.get('PATH', '')}"
        return environment


def _own_paths() -> list[str]:
    """The folders of what a worker imports, for an interpreter that has none of it installed."""
    paths: list[str] = []
    for name in ("influxpe", "influxdb3", "msgspec", "pyarrow"):
        spec = importlib.util.find_spec(name)
        locations = (spec.submodule_search_locations or []) if spec is not None else []
        paths.extend(str(Path(location).parent) for location in locations)
    return list(dict.fromkeys(paths))
