"""The backups that are open: what they have, which go, and when.

Each keeps files and log of the engine, so there are few, and one that nobody reads is let go. All
functions may block; they may be called from any thread.
"""

import logging
import secrets
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from influxpe import errors
from influxpe._engine import Backup, Engine
from influxpe.backup.offer import FORMAT, Offer, Offered
from influxpe.clock import Clock
from influxpe.config import BACKUP_IDLE_SECONDS_MAX, BACKUPS_OPEN_MAX
from influxpe.http.plugin_files import PluginFile, plugin_files

logger = logging.getLogger(__name__)

ID_BYTES = 16
NS_PER_SECOND = 1_000_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class _Open:
    backup: Backup
    objects: dict[str, Offered]
    plugins: dict[str, PluginFile] = field(default_factory=dict)
    used_ns: int = 0


class OpenBackups:
    """The open backups of one server."""

    def __init__(
        self, engine: Engine, clock: Clock, *, node_id: str, plugin_dir: Path | None
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._node_id = node_id
        self._plugin_dir = plugin_dir
        self._lock = threading.Lock()
        self._open: dict[str, _Open] = {}
        self._opening = 0
        self._closed = False

    def begin(self) -> Offer:
        """Open one. Raises `BusyError` where there are as many as there may be."""
        self.expire()
        self._reserve()
        try:
            return self._begin()
        finally:
            with self._lock:
                self._opening -= 1

    def _reserve(self) -> None:
        with self._lock:
            if self._closed:
                raise errors.ClosedError("the server is being stopped")
            if len(self._open) + self._opening >= BACKUPS_OPEN_MAX:
                raise errors.BusyError(
                    f"{BACKUPS_OPEN_MAX} backups are open, which is the most at a time: wait until "
                    f"one ends; one that nobody reads ends after {BACKUP_IDLE_SECONDS_MAX} s"
                )
            self._opening += 1

    def _begin(self) -> Offer:
        plugins = {file.offered.name: file for file in plugin_files(self._plugin_dir)}
        taken_ns = self._clock.now_ns()
        backup = self._engine.begin_backup()
        try:
            found = [Offered(o.name, o.bytes, o.crc32) for o in backup.objects()]
        except BaseException:
            backup.close()
            raise
        objects = {o.name: o for o in (*found, *(file.offered for file in plugins.values()))}
        backup_id = secrets.token_hex(ID_BYTES)
        self._keep(backup_id, _Open(backup, objects, plugins, self._clock.now_ns()))
        return self._offer(backup_id, backup, objects, taken_ns)

    def _keep(self, backup_id: str, opened: _Open) -> None:
        with self._lock:
            if not self._closed:
                self._open[backup_id] = opened
                return
        opened.backup.close()
        raise errors.ClosedError("the server is being stopped")

    def _offer(
        self, backup_id: str, backup: Backup, objects: dict[str, Offered], taken_ns: int
    ) -> Offer:
        taken_at = EPOCH + timedelta(microseconds=taken_ns // 1000)
        return Offer(
            id=backup_id,
            format=FORMAT,
            node_id=self._node_id,
            cluster_uuid=self._engine.cluster_uuid(),
            position=backup.position,
            manifest=backup.manifest,
            taken_at=taken_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            objects=tuple(objects.values()),
        )

    def size(self, backup_id: str, name: str) -> int:
        """Give the length of an object. Raises `NotFoundError`."""
        return self._object(self._used(backup_id), name).bytes

    def read(self, backup_id: str, name: str, offset: int, length: int) -> bytes:
        """Read a part of an object. Raises `NotFoundError`, `ConflictError`, `InternalError`."""
        opened = self._used(backup_id)
        self._object(opened, name)
        plugin = opened.plugins.get(name)
        if plugin is not None:
            return plugin.read(offset, length)
        return opened.backup.read(name, offset, length)

    def _object(self, opened: _Open, name: str) -> Offered:
        try:
            return opened.objects[name]
        except KeyError:
            raise errors.NotFoundError(f"the backup has no object '{name}'") from None

    def _used(self, backup_id: str) -> _Open:
        with self._lock:
            opened = self._open.get(backup_id)
            if opened is None:
                raise _not_open(backup_id)
            opened.used_ns = self._clock.now_ns()
            return opened

    def end(self, backup_id: str) -> None:
        """Let one go. Raises `NotFoundError`."""
        with self._lock:
            opened = self._open.pop(backup_id, None)
        if opened is None:
            raise _not_open(backup_id)
        opened.backup.close()

    def expire(self) -> None:
        """Let those go that nobody has read for a while."""
        oldest_ns = self._clock.now_ns() - BACKUP_IDLE_SECONDS_MAX * NS_PER_SECOND
        with self._lock:
            idle = [key for key, opened in self._open.items() if opened.used_ns < oldest_ns]
            gone = [self._open.pop(key) for key in idle]
        for opened in gone:
            logger.warning("a backup that nobody read for %s s is let go", BACKUP_IDLE_SECONDS_MAX)
            opened.backup.close()

    def close(self) -> None:
        """Let all go, and open none any more."""
        with self._lock:
            self._closed = True
            gone = list(self._open.values())
            self._open.clear()
        for opened in gone:
            opened.backup.close()


def _not_open(backup_id: str) -> errors.NotFoundError:
    return errors.NotFoundError(
        f"no backup '{backup_id}' is open: it has ended, or nobody read it for "
        f"{BACKUP_IDLE_SECONDS_MAX} s"
    )
