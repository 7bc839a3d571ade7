"""Triggers as they run: parsed from the catalog, and found by number, name or request path."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from influxpe._engine import TriggerInfo
from influxpe.errors import ConflictError
from influxpe.triggers.options import TriggerOptions, options_of
from influxpe.triggers.policy import ErrorBehavior, parse_error_behavior
from influxpe.triggers.spec import RequestSpec, Spec, parse


@dataclass(frozen=True)
class Trigger:
    """One trigger of the catalog, its texts read."""

    id: int
    database: str
    name: str
    plugin_filename: str
    spec: Spec
    arguments: Mapping[str, str] | None
    run_async: bool
    error_behavior: ErrorBehavior
    options: TriggerOptions = field(default_factory=TriggerOptions)
    tick_ns: int | None = None

    @property
    def worker_key(self) -> str:
        """What its worker process is known by: never used again, as numbers are not."""
        return f"trigger-{self.id}"

    @property
    def request_path(self) -> str | None:
        """The path that it serves, for request triggers."""
        return self.spec.path if isinstance(self.spec, RequestSpec) else None


def trigger_of(info: TriggerInfo) -> Trigger:
    """Read a trigger of the catalog. Raises `SpecError` where its specification is none."""
    return Trigger(
        id=info.id,
        database=info.database,
        name=info.name,
        plugin_filename=info.plugin_filename,
        spec=parse(info.specification),
        arguments=info.arguments,
        run_async=info.run_async,
        error_behavior=parse_error_behavior(info.error_behavior),
        options=options_of(info.options),
        tick_ns=info.tick_ns,
    )


class HasTrigger(Protocol):
    """What can be registered."""

    @property
    def trigger(self) -> Trigger:
        """The trigger that it runs."""


Entry = TypeVar("Entry", bound=HasTrigger)


class Registry(Generic[Entry]):
    """The triggers that run. Request paths are one name space for the whole server."""

    def __init__(self) -> None:
        self._by_id: dict[int, Entry] = {}
        self._by_path: dict[str, Entry] = {}
        self._longest_path = 0

    def add(self, entry: Entry) -> None:
        """Register a trigger. Raises `ConflictError` where its request path is taken."""
        path = entry.trigger.request_path
        if path is not None:
            self.check_path(path, entry.trigger.id)
            self._by_path[path] = entry
            self._longest_path = max(self._longest_path, len(path))
        self._by_id[entry.trigger.id] = entry

    def check_path(self, path: str, trigger_id: int | None = None) -> None:
        """Raise `ConflictError` where another trigger than this one serves a path."""
        holder = self._by_path.get(path)
        if holder is not None and holder.trigger.id != trigger_id:
            trigger = holder.trigger
            owner = f"trigger '{trigger.name}' of database '{trigger.database}'"
            raise ConflictError(f"request path '{path}' is taken by {owner}")

    def remove(self, trigger_id: int) -> Entry | None:
        """Forget a trigger; gives what was registered."""
        entry = self._by_id.pop(trigger_id, None)
        path = None if entry is None else entry.trigger.request_path
        if path is not None:
            del self._by_path[path]
            self._longest_path = max(map(len, self._by_path), default=0)
        return entry

    def get(self, trigger_id: int) -> Entry | None:
        """Find by number."""
        return self._by_id.get(trigger_id)

    def serving(self, path: str) -> tuple[Entry, str] | None:
        """Find by request path, and give what follows the path of the trigger.

        It is the trigger of exactly this path, or else of the longest path that this one goes on
        from behind a slash: `hooks` serves `hooks/a/b` too, with `a/b` to follow.
        """
        entry = self._by_path.get(path)
        if entry is not None:
            return entry, ""
        # Not longer than any path there is: a request of nothing but slashes is no work.
        slash = path.rfind("/", 0, self._longest_path + 1)
        while slash >= 0:
            entry = self._by_path.get(path[: slash + 1]) or self._by_path.get(path[:slash])
            if entry is not None:
                return entry, path[slash + 1 :]
            slash = path.rfind("/", 0, slash)
        return None

    def paths(self) -> tuple[str, ...]:
        """Give all request paths that are served."""
        return tuple(self._by_path)

    def all(self) -> tuple[Entry, ...]:
        """Give everything that is registered."""
        return tuple(self._by_id.values())
