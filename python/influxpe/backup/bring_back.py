"""Brings a backup back: files, then the log from its end to its beginning, the manifest last.

A server that is started on the half of it is refused: the log that is there does not begin where
the manifest, which is not there, ends. Only where the log goes back to its first frame does it
start, and then the log has everything.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from influxpe import errors
from influxpe._engine import read_manifest, read_segment
from influxpe.backup.entry import Entry, Item, Segment
from influxpe.backup.history import Goal, Restoration, choose
from influxpe.backup.place import Place
from influxpe.backup.read_back import DamagedObject, Progress, checked, counted, is_sound
from influxpe.backup.target import (
    MARKER,
    Target,
    check_target,
    has_manifest,
    marker_of,
    plugin_name,
    put_marker,
)
from influxpe.errors import BackupError


def plan(place: Place, entries: Sequence[Entry], goal: Goal) -> Restoration:
    """Choose what to restore; reads the one segment in which a time lies. Raises `BackupError`."""

    def find_last(segment: Segment, time_s: int) -> int:
        if time_s < 0:
            return segment.first - 1
        data = b"".join(_sound(place, segment.item))
        return read_segment(data, time_s_max=time_s).last

    return choose(entries, goal, find_last)


class Restoring:
    """One restore into one target."""

    def __init__(
        self, place: Place, restoration: Restoration, target: Target, progress: Progress
    ) -> None:
        self._place = place
        self._restoration = restoration
        self._target = target
        self._progress = progress
        self.copied = 0
        self.kept = 0

    def run(self, prove: Callable[[], None]) -> None:
        """Copy everything, let `prove` open it, and end the restore. Raises `BackupError`."""
        base = self._restoration.base
        marker = marker_of(self._restoration, self._target)
        began = check_target(self._target, marker, base.node_id)
        # Behind the last object nothing is written again: a server may have run since.
        if began is None or not (began.copied or has_manifest(self._target, base.node_id)):
            self._check_plugins()
            put_marker(self._target, marker)
            self._copy(goes_on=began is not None)
            put_marker(self._target, msgspec.structs.replace(marker, copied=True))
        prove()
        self._target.data.remove(MARKER)

    def _copy(self, *, goes_on: bool) -> None:
        base, segments = self._restoration.base, self._restoration.segments
        plugins = self._restoration.newest.plugins if self._target.plugins else ()
        there = self._names() if goes_on else {}
        files = [item for item in base.files if not self._is_there(item, there)]
        items = [*files, *plugins, *(segment.item for segment in segments)]
        self._progress.expect(sum(item.bytes for item in items))
        for item in files:
            self._file(item)
        self._plugins(plugins)
        for segment in reversed(segments):
            self._segment(segment)
        if base.manifest is not None:
            self._manifest(base.manifest)

    def _names(self) -> dict[str, int]:
        node = self._restoration.base.node_id
        folder = f"store/{node}" if self._target.store_name == "file" else node
        return self._target.store.names(folder)

    def _is_there(self, item: Item, there: dict[str, int]) -> bool:
        name = self._target.store_item(item)
        if there.get(name) != item.bytes or not is_sound(self._target.store, name, item):
            return False
        self.kept += 1
        return True

    def _file(self, item: Item) -> None:
        pieces = counted(_sound(self._place, item), self._progress)
        self._target.store.put(self._target.store_item(item), pieces)
        self.copied += 1

    def _check_plugins(self) -> None:
        """Refuse to replace other plugins."""
        folder = self._target.plugins
        if folder is None:
            return
        there = folder.names("")
        for item in self._restoration.newest.plugins:
            name = plugin_name(item)
            if name in there and not is_sound(folder, name, item):
                raise BackupError(
                    f"{folder.where(name)} is there already, and differs from the backup's",
                    "move it away, or give another --plugin-dir",
                )

    def _plugins(self, items: Iterable[Item]) -> None:
        folder = self._target.plugins
        if folder is None:
            return
        for item in items:
            folder.put(plugin_name(item), counted(_sound(self._place, item), self._progress))
            self.copied += 1

    def _segment(self, segment: Segment) -> None:
        """Copy a segment up to the position that is restored."""
        data = b"".join(_sound(self._place, segment.item))
        self._check_beginning(segment.item, data)
        end = _end_of(segment, data, self._restoration.position)
        self._target.data.put(segment.item.name, [data[:end]])
        self._progress.add(len(data))
        self.copied += 1

    def _check_beginning(self, item: Item, data: bytes) -> None:
        """See that a segment goes on from what the base's backup had of it."""
        where = self._place.where(item.name)
        for known in self._restoration.base.segments:
            if known.item.name == item.name and known.item != item:
                _drain(checked([data[: known.item.bytes]], known.item, where))

    def _manifest(self, item: Item) -> None:
        data = b"".join(_sound(self._place, item))
        try:
            read_manifest(data)
        except errors.EngineError as error:
            raise DamagedObject(f"{self._place.where(item.kept_as)}: {error}") from error
        self._target.store.put(self._target.store_item(item), [data])
        self.copied += 1


def _end_of(segment: Segment, data: bytes, position: int) -> int:
    """Give the bytes of a segment up to behind a position. Raises `BackupError`."""
    wanted = min(segment.last, position)
    try:
        found = read_segment(data, position_max=position)
    except errors.EngineError as error:
        raise DamagedObject(f"'{segment.item.name}' is damaged: {error}") from error
    if found.last != wanted:
        raise DamagedObject(
            f"'{segment.item.name}' is damaged: its frames end at position {found.last} and must "
            f"reach {wanted}"
        )
    return found.end


def _sound(place: Place, item: Item) -> Iterator[bytes]:
    """Read an object of a backup, and see that it is what it was."""
    where = place.where(item.kept_as)
    return checked(place.read(item.kept_as, item.bytes), item, where)


def _drain(pieces: Iterable[bytes]) -> None:
    for _ in pieces:
        pass
