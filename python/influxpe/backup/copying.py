"""What of an offer is copied into a place that may hold some of it. Decides, touches nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from influxpe.backup.entry import Entry, Item, Segment
from influxpe.backup.offer import LOG, Offer, Offered
from influxpe.errors import BackupError

OTHER_HISTORY = (
    "the destination holds another history of this database, as after a restore of an earlier "
    "state: {why}"
)
NEW_DESTINATION = "back up to a folder or prefix of its own"


class Action(Enum):
    """What happens to one object."""

    KEEP = "a backup has it"
    CHECK = "something is there that no backup names: kept if it is right"
    COPY = "it is not there"


@dataclass
class Held:
    """What a place holds: lengths by name, and what the backups in it say of them."""

    sizes: Mapping[str, int]
    items: dict[str, Item] = field(default_factory=dict)
    segments: dict[str, Segment] = field(default_factory=dict)


def held(entries: Iterable[Entry], sizes: Mapping[str, int]) -> Held:
    """Put together what backups name; of a segment the longest part."""
    found = Held(sizes)
    for entry in entries:
        found.items |= {item.kept_as: item for item in entry.items()}
        for segment in entry.segments:
            known = found.segments.get(segment.item.name)
            if known is None or known.item.bytes <= segment.item.bytes:
                found.segments[segment.item.name] = segment
    return found


def check_destination(entries: Sequence[Entry], offer: Offer, where: str) -> None:
    """Refuse a place with another database, or with a later state. Raises `BackupError`."""
    if not entries:
        return
    newest = entries[-1]
    if newest.cluster_uuid != offer.cluster_uuid:
        raise BackupError(
            f"{where} holds backups of another database (uuid {newest.cluster_uuid}, this server "
            f"has {offer.cluster_uuid})",
            NEW_DESTINATION,
        )
    if newest.node_id != offer.node_id:
        raise BackupError(
            f"{where} holds backups of the node '{newest.node_id}', this one is '{offer.node_id}'",
            NEW_DESTINATION,
        )
    if newest.position > offer.position:
        why = f"its newest backup is at position {newest.position}, the server at {offer.position}"
        raise other_history(why)


def file_action(item: Item, there: Held) -> Action:
    """Decide about a file, whose content is known by its checksum. Raises `BackupError`."""
    known, size = there.items.get(item.kept_as), there.sizes.get(item.kept_as)
    if known is not None and known != item:
        raise other_history(f"'{item.name}' is not the file of that name there")
    if size != item.bytes:
        return Action.COPY
    return Action.KEEP if known is not None else Action.CHECK


def segment_action(offered: Offered, there: Held, *, is_newest_known: bool) -> Action:
    """Decide about a segment of the log, which can only have grown. Raises `BackupError`.

    The newest one that a backup has is read again, so that another history shows.
    """
    known, size = there.segments.get(offered.name), there.sizes.get(offered.name)
    if known is not None and known.item.bytes > offered.bytes:
        raise other_history(f"'{offered.name}' is longer there")
    if known is None or known.item.bytes != offered.bytes or is_newest_known:
        return Action.COPY
    return Action.KEEP if size is not None and size >= offered.bytes else Action.COPY


def newest_known(offer: Offer, there: Held) -> str | None:
    """Name the newest segment that both the offer and a backup have."""
    names = [o.name for o in offer.objects if o.name.startswith(LOG) and o.name in there.segments]
    return max(names, default=None)


def other_history(why: str) -> BackupError:
    """Refuse to mix two histories in one place."""
    return BackupError(OTHER_HISTORY.format(why=why), NEW_DESTINATION)
