"""What holds a worker: its parent's end is its own, its memory is limited, it is killed first.

The last is for when the machine runs out of memory: the kernel then takes a worker, not the server.
Where processors are scarce, the server goes first as well.
"""

import contextlib
import ctypes
import faulthandler
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36
_OOM_SCORE_FIRST: Final = "1000"
# To the kernel's scheduler a tenth of the server's event loop and a third of its parsers, which
# have 5: a plugin that runs in a circle takes what they leave, not an equal share. On an idle
# machine it makes no difference. At 19 ingest beside such a plugin is no faster, and plugins would
# hardly run while clients write.
NICENESS: Final = 10
_libc: Final = ctypes.CDLL(None, use_errno=True)


def die_with_parent(number: signal.Signals) -> None:
    """Ask the kernel for a signal when the parent dies, and to get orphans of our descendants.

    The kernel means the parent's *thread*: whoever starts this process does so from one that lasts.
    """
    _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def confine(memory_bytes_max: int, template_id: int) -> None:
    """Confine this process, a fresh fork of the template."""
    _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != template_id:
        os._exit(0)  # it died before we asked
    # So that the template can tell orphans of dead workers from those of live ones.
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # RLIMIT_DATA counts memory that is the process's own and writable; RLIMIT_AS would count what
    # libraries reserve and never touch.
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes_max, memory_bytes_max))
    os.nice(NICENESS)
    with contextlib.suppress(OSError):  # not all containers have it
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE_FIRST)
    _prepare_output()


def _prepare_output() -> None:
    """`print` goes to the server's output line by line; a crash shows where in Python it was."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError, OSError):  # closed or not a text file
            stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr] # a TextIOWrapper unless embedded
    with contextlib.suppress(ValueError, RuntimeError, OSError):  # no descriptor behind stderr
        faulthandler.enable()
