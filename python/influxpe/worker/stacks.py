"""Where a thread of a worker is, asked from outside: a signal to it, an answer in a pipe.

The thread itself writes its calls, in C and whatever it does: an endless loop, a wait, code in C
that keeps the interpreter's lock. No other thread may look: its calls change while it runs, and the
process dies of looking. Waits of Python go on after the signal, those of C that give up when they
are interrupted do so.
"""

import contextlib
import ctypes
import faulthandler
import os
import platform
import signal
from pathlib import Path
from typing import Final

from influxpe.worker.wire import STACK_SIGNAL

_libc: Final = ctypes.PyDLL(None)  # calls that take no time and need not let go of the lock
_PR_SET_NAME: Final = 15
# A thread's name has 15 bytes; runs that go on at once are no billion apart.
_RUNS_NAMED: Final = 10**9
# C libraries before 2019 have no function for this system call.
_SYSTEM_CALLS: Final = {"x86_64": 234, "aarch64": 131}


def show_stacks_in(pipe: int) -> None:
    """Have each thread of this process that gets `STACK_SIGNAL` write its calls to a pipe."""
    os.set_inheritable(pipe, False)
    signal.signal(STACK_SIGNAL, signal.SIG_IGN)  # for a plugin that switches this off
    faulthandler.register(STACK_SIGNAL, file=pipe, all_threads=False)


def name_thread(run: int) -> None:
    """Let the kernel call this thread by the run that goes in it; 0: all that do not overlap."""
    _libc.prctl(_PR_SET_NAME, _name(run))


def ask_run(process_id: int, run: int) -> None:
    """Send `STACK_SIGNAL` to the thread of a run; where there is none, do nothing."""
    with contextlib.suppress(OSError):  # the process ends
        threads = sorted(map(int, os.listdir(f"/proc/{process_id}/task")))
        # Threads that a plugin starts have the name too, and larger numbers.
        found = (thread for thread in threads if _name_of(process_id, thread) == _name(run))
        thread_id = next(found, None)
        if thread_id is not None:
            _signal(process_id, thread_id)


def _name_of(process_id: int, thread_id: int) -> bytes:
    """The name of a thread; empty for one that has ended."""
    try:
        return Path(f"/proc/{process_id}/task/{thread_id}/comm").read_bytes().rstrip()
    except OSError:
        return b""


def _name(run: int) -> bytes:
    return b"run %d" % (run % _RUNS_NAMED)


def _signal(process_id: int, thread_id: int) -> None:
    if hasattr(_libc, "tgkill"):
        _libc.tgkill(process_id, thread_id, STACK_SIGNAL)
    elif (number := _SYSTEM_CALLS.get(platform.machine())) is not None:
        _libc.syscall(number, process_id, thread_id, STACK_SIGNAL)
