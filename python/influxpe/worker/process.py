"""A worker: the process that runs the plugin of one trigger.

Its main thread reads the socket; runs go to a second thread, one after another, or each to a thread
of its own where they may overlap. It ends when the server does, or when the server says so by
closing the socket; nothing that a plugin does to it reaches further than this process.
"""

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from queue import SimpleQueue
from typing import Final, NoReturn

from influxpe.worker import wire
from influxpe.worker.beside import ThreadsBeside, Work
from influxpe.worker.cache import Stores
from influxpe.worker.connection import Connection
from influxpe.worker.invoke import failure, invoke
from influxpe.worker.local import InfluxDB3Local
from influxpe.worker.memory import PeakMemory
from influxpe.worker.run import Run
from influxpe.worker.source import Sources
from influxpe.worker.stacks import name_thread

_EXIT_FAULT: Final = 71


class Worker:
    """Runs plugins that the server asks for, until it goes."""

    def __init__(self, sock: socket.socket) -> None:
        self._connection = Connection(sock)
        self._sources = Sources()
        self._stores = Stores()
        self._memory = PeakMemory()
        self._runs: SimpleQueue[Work] = SimpleQueue()
        self._beside = ThreadsBeside(self._run_beside)

    def serve(self) -> None:
        """Read and do until the socket is closed."""
        threading.Thread(target=self._run_in_turn, daemon=True).start()
        # A signal that a plugin sends to its own process must hit the thread that runs it, not this
        # one: that one would go on, and might tell of a good end before the process dies.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while self._serve_one():
            pass  # each frame is let go of before the next is waited for: it may be large

    def _serve_one(self) -> bool:
        """Take one frame; false when the server has gone."""
        received = self._connection.receive()
        if received is None:
            return False
        message, payload = received
        if isinstance(message, wire.Reply):
            self._connection.answer(message, payload)
        elif isinstance(message, wire.Start):
            self._start(message, payload)
        else:
            _prepare(message)
        return True

    def _start(self, start: wire.Start, payload: bytes) -> None:
        """Hand a run to its thread."""
        if start.source is not None:
            self._sources.add(start.source)
        if start.overlap:
            self._start_beside(start, [payload])
        else:
            self._runs.put((start, [payload]))

    def _start_beside(self, start: wire.Start, payload: list[bytes]) -> None:
        """Run beside the others; without a thread to be had, the run fails and they go on."""
        try:
            self._beside.start((start, payload))
        except RuntimeError as error:
            self._end(Run(start, self._connection), None, failure(error, ""))

    def _run_beside(self, start: wire.Start, payload: list[bytes]) -> None:
        """Run in a thread that it has to itself."""
        name_thread(start.run)
        self._run(start, payload)

    def _run_in_turn(self) -> NoReturn:
        """Run one after another, for ever."""
        name_thread(0)
        while True:
            self._run(*self._runs.get())

    def _run(self, start: wire.Start, payload: list[bytes]) -> None:
        """Run a plugin; if its end cannot be told, end the process: the server waits for it."""
        try:
            self._run_to_end(start, payload)
        except BaseException:  # out of memory, most likely
            os._exit(_EXIT_FAULT)

    def _run_to_end(self, start: wire.Start, payload: list[bytes]) -> None:
        """Run a plugin, and tell the server the end of it.

        The payload is taken out of its list, and let go of before the end is told: the server may
        answer with the next one, which then has the same memory, and no fresh pages to fault in.
        """
        run = Run(start, self._connection)
        local = InfluxDB3Local(run, self._stores.of(start))
        response, error = None, None
        self._memory.begin()
        try:
            response = invoke(self._sources, start, payload.pop(), local)
        except BaseException as raised:  # `SystemExit` and the like are errors of the run as well
            error = failure(raised, self._sources.path(start.digest))
        with contextlib.suppress(Exception):  # the plugin may have closed it
            sys.stdout.flush()
        self._end(run, response, error, self._memory.end())

    def _end(
        self,
        run: Run,
        response: wire.HttpResponse | None,
        error: wire.Failure | None,
        peak_memory_bytes: int = 0,
    ) -> None:
        """Send the end of a run; where that is not possible, end the process."""
        if self._connection.is_forked:
            os._exit(0)  # a child that the plugin forked has come here: the run is its parent's
        try:
            done = _done(run, response, error)
            done.peak_memory_bytes = peak_memory_bytes
            try:
                self._connection.send(done, [ipc for _, ipc in run.tables] if done.tables else [])
            except (wire.FrameTooLargeError, UnicodeEncodeError) as refused:
                done = _done(run, None, failure(refused, ""))
                done.peak_memory_bytes = peak_memory_bytes
                self._connection.send(done)
        except OSError:
            os._exit(wire.EXIT_CONNECTION_LOST)


def _prepare(message: wire.Prepare) -> None:
    """Take variables over, also for the C library's idea of the time zone."""
    os.environ.update(message.variables)
    time.tzset()


def _done(run: Run, response: wire.HttpResponse | None, error: wire.Failure | None) -> wire.Done:
    """The end of a run; of a failed one nothing is kept."""
    lines = run.end()
    if error is not None:
        return wire.Done(run.start.run, [], [], error, response)
    return wire.Done(
        run=run.start.run,
        writes=[(database, "\n".join(texts)) for database, texts in lines],
        collected=lines if run.start.collect_sync_writes else [],
        error=None,
        response=response,
        state=list(run.state.items()),
        tables=[table for table, _ in run.tables],
    )


def run_worker(sock: socket.socket) -> NoReturn:
    """Be a worker until the socket is closed. Does not return: what was forked must not go on."""
    try:
        Worker(sock).serve()
    except OSError:  # the plugin has closed it
        os._exit(wire.EXIT_CONNECTION_LOST)
    except BaseException:  # whatever it is, this process is a fork and must not unwind further
        sys.excepthook(*sys.exc_info())
        os._exit(_EXIT_FAULT)
    os._exit(0)
