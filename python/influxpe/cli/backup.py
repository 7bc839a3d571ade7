"""`backup`: a consistent copy of a running server, in a folder or in a bucket."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from influxpe.cli import client, s3_options
from influxpe.cli.backup_place import QUIET, failures_told, is_bucket, open_place
from influxpe.cli.command import Command, CommandError, Values
from influxpe.cli.copy_progress import CopyProgress
from influxpe.cli.parameter import flag, positional
from influxpe.cli.terminal import say
from influxpe.cli.write_progress import NS_PER_SECOND, size
from influxpe.config import BACKUP_IDLE_SECONDS_MAX

if TYPE_CHECKING:
    from influxpe.backup.entry import Entry
    from influxpe.backup.offer import Offer, Offered
    from influxpe.backup.save import Saving

PATH = "/api/v3/backup"
OBJECT_PATH = f"{PATH}/object"
NO_BACKUPS = "There are no backups in {where}"
# Well before the server lets a backup go that nobody reads.
KEEP_OPEN_AFTER_NS = BACKUP_IDLE_SECONDS_MAX * NS_PER_SECOND // 10
GOES_ON = "what was copied stays; the same command goes on there"
HEADINGS = ("TAKEN AT", "POSITION", "FILES", "SIZE", "ANY TIME SINCE THE ONE BEFORE")

DESTINATION = positional("DESTINATION", "A folder, made if missing, or s3://bucket/prefix")
LIST = flag("list", "Show which backups are there, without asking the server")


def run(values: Values) -> int:
    """Copy what the destination lacks, and say what was copied."""
    where = values[DESTINATION]
    with failures_told():
        if values[LIST]:
            return _list(values, where)
        return _backup(values, where)


def _backup(values: Values, where: str) -> int:
    from influxpe.backup.save import Saving

    progress = CopyProgress(quiet=values[QUIET])
    with (
        open_place(where, values, for_writing=True) as place,
        _offer(client.client_from(values)) as (offer, source),
    ):
        saving = Saving(offer, source, place, progress)
        entry = _saved(saving, progress)
    copied = saving.copied
    say(
        f"Backup of node '{entry.node_id}' at position {entry.position} saved in {where}: "
        f"{copied.objects} objects copied ({size(copied.bytes)}), {copied.kept} were there"
    )
    return 0


def _saved(saving: Saving, progress: CopyProgress) -> Entry:
    """Copy; where that fails amid it, say that it can go on."""
    from influxpe.errors import BackupError

    try:
        return saving.run()
    except (BackupError, CommandError) as error:
        hint = error.hint or (GOES_ON if saving.copied.objects else None)
        raise CommandError(str(error), hint=hint) from error
    finally:
        progress.end()


@contextmanager
def _offer(server: client.Client) -> Iterator[tuple[Offer, _Server]]:
    """Open a backup on the server, and let it go at the end."""
    from influxpe.backup.offer import read_offer

    offer = read_offer(server.call("POST", PATH))
    try:
        yield offer, _Server(server, offer.id)
    finally:
        with suppress(CommandError):  # a server that is gone has let it go
            server.call("DELETE", PATH, query={"id": offer.id})


class _Server:
    """Hands out the objects of one backup that the server has open."""

    def __init__(
        self,
        server: client.Client,
        backup_id: str,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._server = server
        self._id = backup_id
        self._now_ns = now_ns
        self._asked_ns = now_ns()

    def pieces(self, offered: Offered) -> Iterator[bytes]:
        """Ask for an object; where the connection breaks amid it, ask for the rest."""
        offset = 0
        while True:
            began = offset
            try:
                for piece in self._from(offered.name, offset):
                    offset += len(piece)
                    yield piece
            except client.ServerError:
                raise
            except CommandError:
                if offset == began:
                    raise
                continue
            return

    def keep_open(self, offered: Offered) -> None:
        """Ask for nothing, after a while without any request, so that the backup is not let go."""
        if self._now_ns() - self._asked_ns >= KEEP_OPEN_AFTER_NS:
            for _ in self._from(offered.name, offered.bytes):
                pass

    def _from(self, name: str, offset: int) -> Iterator[bytes]:
        self._asked_ns = self._now_ns()
        query = {"id": self._id, "name": name, "offset": str(offset)}
        with self._server.send("GET", OBJECT_PATH, query=query) as reply:
            yield from reply.pieces()


def _list(values: Values, where: str) -> int:
    from influxpe.backup.read_back import read_entries

    if not is_bucket(where) and not Path(where).expanduser().exists():
        raise CommandError(f"there is no folder {where}")
    with open_place(where, values) as place:
        entries = read_entries(place)
    if not entries:
        say(NO_BACKUPS.format(where=where))
        return 0
    rows = [HEADINGS, *(_row(entries, index) for index in range(len(entries)))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say("  ".join(cells).rstrip())
    return 0


def _row(entries: list[Entry], index: int) -> tuple[str, ...]:
    from influxpe.backup.history import continues

    entry = entries[index]
    continued = index > 0 and continues(entries[index - 1], entry)
    return (
        entry.taken_at,
        str(entry.position),
        str(len(entry.files)),
        size(entry.bytes),
        "yes" if continued else "no",
    )


COMMAND = Command(
    name="backup",
    about="Copy a running server into a folder or a bucket",
    verb="Backup",
    heading="System Management",
    run=run,
    parameters=(
        DESTINATION,
        LIST,
        QUIET,
        *client.CONNECTION,
        *s3_options.CREDENTIALS,
    ),
    details=(
        "The copy is of one moment, whatever is written meanwhile: rows, databases, tables, "
        "tokens, triggers with their state, and the files of the plugin folder. Into the same "
        "destination only what is new is copied; a copy that was cut off goes on where it was. "
        "'restore' brings it back."
    ),
    examples=(
        "backup /mnt/backups/sensors",
        "backup s3://backups/sensors --aws-default-region eu-central-1",
        "backup --list /mnt/backups/sensors",
    ),
)
