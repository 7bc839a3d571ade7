"""`restore`: a backup, or a moment between two of them, into an empty data directory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from influxpe.cli import s3_options
from influxpe.cli import serve_options as options
from influxpe.cli.backup_place import QUIET, failures_told, open_place
from influxpe.cli.command import Command, CommandError, Values
from influxpe.cli.copy_progress import CopyProgress
from influxpe.cli.parameter import defaulted, option, positional, required
from influxpe.cli.terminal import note, say
from influxpe.cli.value_types import path, positive_number, time_ns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from influxpe.backup.entry import Entry
    from influxpe.backup.history import Restoration
    from influxpe.backup.place import Place
    from influxpe.backup.target import Target

NS_PER_SECOND = 1_000_000_000
STORES = ("file", "s3")
NO_BACKUPS = "{where} holds no backup"
MADE_BY_BACKUP = "'backup' makes one, and 'backup --list' shows what is there"
OTHER_NODE = "the backup is of the node '{node}', and can be restored for that one only"
PLUGINS_LEFT = "{count} files of the plugin folder are in the backup: --plugin-dir brings them back"

SOURCE = positional("SOURCE", "What 'backup' wrote: a folder or s3://bucket/prefix")
DATA_DIR = required(
    "data-dir",
    "DIR",
    "Data folder to restore into: empty, or made if missing",
    path,
    environment=options.DATA_DIR.environment,
)
NODE_ID = option(
    "node-id",
    "NODE_ID",
    "Name of the server; only that of the backup is taken, which is the default",
    str,
    aliases=options.NODE_ID.aliases,
    environment=options.NODE_ID.environment,
)
OBJECT_STORE = defaulted(
    "object-store",
    "OBJECT_STORE",
    "Where the files of rows go: file (the data folder), or s3 (--bucket)",
    str,
    "file",
    choices=STORES,
    loose_case=True,
)
PLUGIN_DIR = option(
    "plugin-dir",
    "DIR",
    "Folder to bring the plugins back to, made if missing; without it they stay in the backup",
    path,
)
UNTIL = option(
    "until",
    "TIME",
    "Leave out what was written after this time: RFC 3339, or nanoseconds since 1970; the whole "
    "second counts",
    time_ns,
    conflicts=("position",),
)
POSITION = option(
    "position",
    "N",
    "Leave out what the log has behind this position",
    positive_number,
    conflicts=("until",),
)


@dataclass(frozen=True)
class _Opened:
    """What the restored database turned out to have."""

    position: int
    databases: list[str]


def run(values: Values) -> int:
    """Restore, see that it starts, and say what it is."""
    where = values[SOURCE]
    with failures_told(), open_place(where, values) as place:
        entries = _entries(place, where, values[NODE_ID])
        return _restore(values, place, entries)


def _entries(place: Place, where: str, node_id: str | None) -> list[Entry]:
    from influxpe.backup.read_back import read_entries

    entries = read_entries(place)
    if not entries:
        raise CommandError(NO_BACKUPS.format(where=where), hint=MADE_BY_BACKUP)
    node = entries[-1].node_id
    if node_id is not None and node_id != node:
        raise CommandError(OTHER_NODE.format(node=node), hint="leave --node-id out")
    return entries


def _restore(values: Values, place: Place, entries: Sequence[Entry]) -> int:
    from influxpe.backup.bring_back import Restoring, plan
    from influxpe.backup.history import Goal

    until_ns = values[UNTIL]
    time_s = None if until_ns is None else until_ns // NS_PER_SECOND
    restoration = plan(place, entries, Goal(values[POSITION], time_s))
    opened: list[_Opened] = []
    progress = CopyProgress(quiet=values[QUIET])
    target = _target(values)
    restoring = Restoring(place, restoration, target, progress)
    try:
        restoring.run(_prover(values, restoration, opened))
    finally:
        progress.end()
    if restoration.newest.plugins and target.plugins is None:
        note(PLUGINS_LEFT.format(count=len(restoration.newest.plugins)))
    _tell(restoration, target, opened[0])
    return 0


def _target(values: Values) -> Target:
    from influxpe.backup.bucket import Bucket
    from influxpe.backup.place import Folder
    from influxpe.backup.target import Target

    data_dir, plugin_dir = values[DATA_DIR], values[PLUGIN_DIR]
    data = Folder(data_dir)
    plugins = Folder(plugin_dir) if plugin_dir is not None else None
    if values[OBJECT_STORE] == "file":
        return Target(data_dir, data, data, "file", plugins)
    store = s3_options.s3_store(values)
    return Target(data_dir, data, Bucket(store), store.bucket, plugins)


def _prover(values: Values, restoration: Restoration, opened: list[_Opened]) -> Callable[[], None]:
    """Make what opens the restored database once, and closes it."""
    store = s3_options.s3_store(values).options() if values[OBJECT_STORE] == "s3" else None

    def prove() -> None:
        found = _open(values[DATA_DIR], restoration.base.node_id, store)
        if found.position < restoration.position:
            raise CommandError(
                f"the restored database ends at position {found.position} and must reach "
                f"{restoration.position}"
            )
        opened.append(found)

    return prove


def _open(data_dir: Path, node_id: str, store: dict[str, str] | None) -> _Opened:
    from influxpe import errors
    from influxpe._engine import Engine
    from influxpe.config import ServerConfig

    base = ServerConfig()
    try:
        engine = Engine.open(
            str(data_dir),
            buffer_bytes_max=base.buffer_bytes_max,
            query_bytes_max=base.exec_mem_pool_bytes,
            query_threads=1,
            node_id=node_id,
            s3=store,
        )
        try:
            names = [info.name for info in engine.databases() if not info.deleted]
            position = engine.stats().position
        finally:
            engine.close()
    except errors.EngineError as error:
        raise CommandError(f"the restored database does not start: {error}") from error
    return _Opened(position, sorted(name for name in names if name != "_internal"))


def _tell(restoration: Restoration, target: Target, opened: _Opened) -> None:
    newest = restoration.newest
    is_whole = restoration.position == newest.position
    state = "as of" if is_whole else "from the log of the backup of"
    databases = ", ".join(opened.databases) or "none"
    say(f"Restored position {restoration.position}, {state} {newest.taken_at}")
    say(f"Databases: {databases}")
    store = "file" if target.store_name == "file" else f"s3 --bucket {target.store_name}"
    say(
        f"Start it with: influxpe serve --node-id {newest.node_id} --data-dir {target.data_dir} "
        f"--object-store {store}"
    )


COMMAND = Command(
    name="restore",
    about="Bring a backup back, or a moment between two of them",
    verb="Restore",
    heading="System Management",
    run=run,
    parameters=(
        SOURCE,
        DATA_DIR,
        UNTIL,
        POSITION,
        NODE_ID,
        OBJECT_STORE,
        PLUGIN_DIR,
        QUIET,
        *s3_options.OPTIONS,
    ),
    details=(
        "No server may run on that folder. Without --until and --position the newest backup comes "
        "back. A restore that was cut off goes on when it is repeated. Source and target in S3 "
        "share the --aws options."
    ),
    examples=(
        "restore /mnt/backups/sensors --data-dir ~/.influxdb --plugin-dir ~/.influxdb3/plugins",
        "restore s3://backups/sensors --data-dir data --until 2026-01-31T12:00:00Z",
    ),
)
