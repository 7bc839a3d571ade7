"""The template: a warm process, single-threaded, that forks a worker when the server asks.

It has imported what every worker needs, so that a fork takes milliseconds. It sees each worker end,
ends what that worker had started, and tells the server how it went. When the server goes, it ends
all of them and itself.
"""

import builtins
import contextlib
import gc
import os
import select
import signal
import socket
import sys
from pathlib import Path
from typing import NoReturn

import pyarrow.compute  # imported for the workers, which would each wait for it
import pyarrow.ipc  # noqa: F401 # as above

from influxdb3.line_builder import LineBuilder
from influxpe.worker import json_rows, wire
from influxpe.worker.confine import confine, die_with_parent
from influxpe.worker.process import run_worker
from influxpe.worker.stacks import ask_run, show_stacks_in


class Template:
    """Forks workers for the sockets that come over the control socket."""

    def __init__(self, control: socket.socket, memory_bytes_max: int) -> None:
        self._control = control
        self._memory_bytes_max = memory_bytes_max
        self._workers: dict[int, int] = {}  # process id -> worker number
        self._woken, self._waker = socket.socketpair()

    def serve(self) -> NoReturn:
        """Fork until the server goes."""
        self._prepare()
        poller = select.poll()
        poller.register(self._control, select.POLLIN)
        poller.register(self._woken, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poller.poll()}
            if self._woken.fileno() in ready:
                self._woken.recv(4096)
                self._reap()
            if self._control.fileno() in ready:
                self._obey()

    def _prepare(self) -> None:
        """Set up what the workers inherit, and be woken by the end of each."""
        self._waker.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self._end())
        # SIGTERM, not SIGKILL: the template ends its workers' processes before itself.
        die_with_parent(signal.SIGTERM)
        builtins.LineBuilder = LineBuilder  # type: ignore[attr-defined] # plugins find it there
        json_rows.install()
        # Objects of the template are never collected in a worker, so their pages stay shared.
        gc.collect()
        gc.freeze()

    def _obey(self) -> None:
        """Do one order of the server."""
        packet, descriptors = self._receive()
        if not packet:
            self._end()
        order = wire.to_template_decoder.decode(packet)
        if isinstance(order, wire.Fork):
            self._fork(order, descriptors)
            return
        for process_id in [p for p, w in self._workers.items() if w == order.worker]:
            # Its end has not been read, so that it still is the one that is meant.
            if isinstance(order, wire.Kill):
                _kill_group(process_id)
            else:
                ask_run(process_id, order.run)

    def _receive(self) -> tuple[bytes, list[int]]:
        """One packet and its descriptors; an empty one when the server has gone."""
        try:
            return socket.recv_fds(self._control, wire.CONTROL_BYTES_MAX, 2)[:2]
        except OSError:
            return b"", []

    def _fork(self, order: wire.Fork, descriptors: list[int]) -> None:
        """Fork a worker, or say why not."""
        template_id, worker = os.getpid(), order.worker
        try:
            process_id = os.fork()
        except OSError as error:
            self._tell(wire.ForkFailed(worker, str(error)))
            return
        if process_id == 0:
            self._be_worker(order.memory_bytes_max, descriptors, template_id)
        for descriptor in descriptors:
            os.close(descriptor)
        _own_group(process_id)
        self._workers[process_id] = worker
        self._tell(wire.Forked(worker, process_id))

    def _be_worker(
        self, memory_bytes_max: int | None, descriptors: list[int], template_id: int
    ) -> NoReturn:
        """In the child: let go of what is the template's, and become a worker."""
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            for inherited in (self._control, self._woken, self._waker):
                inherited.close()
            _own_group(0)
            confine(memory_bytes_max or self._memory_bytes_max, template_id)
            connection, stacks = descriptors
            show_stacks_in(stacks)
        except BaseException:  # a half prepared fork must not go on as a second template
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        run_worker(socket.socket(fileno=connection))

    def _reap(self) -> None:
        """Take in every child that has ended: workers, and orphans of what they started."""
        while (process_id := _ended_child()) is not None:
            worker = self._workers.pop(process_id, None)
            if worker is not None:
                _kill_group(process_id)
            _, status = os.waitpid(process_id, 0)
            if worker is not None:
                self._tell(wire.Exited(worker, os.waitstatus_to_exitcode(status)))
        self._kill_orphans()

    def _kill_orphans(self) -> None:
        """End what dead workers have left: whatever else is a child of this process.

        It may have left the group of its worker. What live workers have started stays with them.
        """
        for process_id in _children():
            if process_id not in self._workers:
                _kill(process_id)

    def _tell(self, message: wire.FromTemplate) -> None:
        """Tell the server; without one, end."""
        try:
            self._control.send(wire.encode_packet(message))
        except OSError:
            self._end()

    def _end(self) -> NoReturn:
        """End all workers and what they started, and this process."""
        for process_id in self._workers:
            _kill_group(process_id)
        self._workers.clear()
        with contextlib.suppress(ChildProcessError):  # none is left
            while True:
                self._kill_orphans()
                os.waitpid(-1, 0)
        os._exit(0)


def _ended_child() -> int | None:
    """A child that has ended and is still unread, so that its number is not given away yet."""
    try:
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return ended.si_pid if ended is not None else None


def _own_group(process_id: int) -> None:
    """Make a worker the leader of a group; done on both sides of the fork, whichever is first."""
    try:
        os.setpgid(process_id, 0)
    except (PermissionError, ProcessLookupError):
        return  # the other side was first, or it has ended


def _children() -> list[int]:
    """All children of this process; none where the kernel does not list them."""
    found: list[int] = []
    for listed in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, listed.read_text().split())
    return found


def _kill_group(process_id: int) -> None:
    """End a worker, and everything that it started and that has not left its group."""
    _kill(process_id)
    with contextlib.suppress(ProcessLookupError, PermissionError):  # nothing of it is left
        os.killpg(process_id, signal.SIGKILL)


def _kill(process_id: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended
        os.kill(process_id, signal.SIGKILL)
