"""One run as the worker has it: what it was asked, and what it leaves behind if it ends well."""

import threading
from typing import Final

from influxpe.worker import wire
from influxpe.worker.connection import Connection

_ENDED: Final = (
    "this influxdb3_local belongs to a run that has ended: nothing can be written with it"
)


class Run:
    """The lines, the state and the Arrow rows of one run; all may come from several threads."""

    def __init__(self, start: wire.Start, connection: Connection) -> None:
        self.start = start
        self.connection = connection
        self._state: dict[str, bytes | None] = {}
        self._state_changing = threading.Lock()  # what a thread reads, another may change
        self.tables: list[tuple[wire.TableWrite, bytes]] = []
        self._queued: dict[str, list[str]] = {}
        self._collected: dict[str, list[str]] = {}
        self._ended = False

    def queue(self, database: str, text: str) -> None:
        """Keep lines until the end. Raises `RuntimeError` after it."""
        self._keep(self._queued, database, text)

    def collect(self, database: str, text: str) -> None:
        """Keep lines that a dry run does not write. Raises `RuntimeError` after its end."""
        self._keep(self._collected, database, text)

    def queue_table(self, database: str, table: str, tags: list[str] | None, ipc: bytes) -> None:
        """Keep Arrow rows until the end. Raises `RuntimeError` after it, `FrameTooLargeError`."""
        self._check_runs()
        held_bytes = sum(len(other) for _, other in self.tables)
        if held_bytes + len(ipc) > wire.FRAME_BYTES_MAX:
            raise wire.FrameTooLargeError(
                f"Arrow data of {held_bytes + len(ipc)} bytes passes the maximum of "
                f"{wire.FRAME_BYTES_MAX} bytes of one run"
            )
        self.tables.append((wire.TableWrite(database, table, tags, len(ipc)), ipc))

    def keep_state(self, key: str, packed: bytes | None) -> None:
        """Keep a change of the state, `None` for a key that goes. Raises `RuntimeError`."""
        self._check_runs()
        with self._state_changing:
            self._state.pop(key, None)  # the order is that of the last changes
            self._state[key] = packed

    @property
    def state(self) -> dict[str, bytes | None]:
        """A copy of the changes of the state until now."""
        with self._state_changing:
            return self._state.copy()

    def end(self) -> list[tuple[str, list[str]]]:
        """Take no more, and give all lines: by database, those written at once first."""
        self._ended = True
        databases = dict.fromkeys([*self._collected, *self._queued])
        return [(d, self._collected.get(d, []) + self._queued.get(d, [])) for d in databases]

    def _keep(self, kept: dict[str, list[str]], database: str, text: str) -> None:
        self._check_runs()
        if text:
            kept.setdefault(database, []).append(text)

    def _check_runs(self) -> None:
        if self._ended:
            raise RuntimeError(_ENDED)
