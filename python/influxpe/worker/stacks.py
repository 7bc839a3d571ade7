"""Where a thread of a worker is, asked from outside: a signal to it, an answer in a pipe.

The thread itself writes its calls, in C and whatever it does: an endless loop, a wait, code in C
that keeps the interpreter's lock. No other thread may look: its calls change while it runs, and the
process dies of looking. Waits of Python go on after the signal, those of C that give up when they
are interrupted do so.
"""

import ctypes
import faulthandler
import os
import platform
import signal
from typing import Final

from influxpe.worker.wire import STACK_SIGNAL

_libc: Final = ctypes.CDLL(None, use_errno=True)
# C libraries before 2019 have no function for this system call.
_SYSTEM_CALLS: Final = {"x86_64": 234, "aarch64": 131}


def show_stacks_in(pipe: int) -> None:
    """Have each thread of this process that gets `STACK_SIGNAL` write its calls to a pipe."""
    os.set_inheritable(pipe, False)
    signal.signal(STACK_SIGNAL, signal.SIG_IGN)  # for a plugin that switches this off
    faulthandler.register(STACK_SIGNAL, file=pipe, all_threads=False)


def ask_thread(process_id: int, thread_id: int) -> None:
    """Send `STACK_SIGNAL` to a thread of a process; where that is not possible, do nothing."""
    if hasattr(_libc, "tgkill"):
        _libc.tgkill(process_id, thread_id, STACK_SIGNAL)
    elif (number := _SYSTEM_CALLS.get(platform.machine())) is not None:
        _libc.syscall(number, process_id, thread_id, STACK_SIGNAL)
