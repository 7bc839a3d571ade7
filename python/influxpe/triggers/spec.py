"""What sets a trigger off: `table:home`, `all_tables`, `every:1m`, `cron:0 0 8 * * *`, `request:x`.

Reads the text that users give, and writes it back in two forms: canonical text, which reads the
same again, and the JSON that system tables show. Pure; the command line uses it too.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from influxpe.triggers.cron import Cron, CronError, parse_cron
from influxpe.triggers.duration import (
    NS_PER_MS,
    NS_PER_SECOND,
    NS_PER_YEAR,
    DurationError,
    format_duration,
    parse_duration,
)

Kind = Literal["wal", "schedule", "request"]

EVERY_NS_MAX = NS_PER_YEAR
# Shorter schedules would spend the machine on starting runs.
EVERY_NS_MIN = 100 * NS_PER_MS

# What each kind is called in messages and in `--restrict-plugin-triggers-to`.
LABELS: dict[Kind, str] = {"wal": "WalRows", "schedule": "Schedule", "request": "Request"}
RESTRICTION_NAMES: dict[str, Kind] = {
    "wal": "wal",
    "wal_flush": "wal",
    "schedule": "schedule",
    "request": "request",
}

_FORMS = (
    "'table:<TABLE_NAME>', 'all_tables', 'cron:<CRON_EXPRESSION>', 'every:<DURATION>', "
    "or 'request:<PATH>'"
)


class SpecError(ValueError):
    """The text is no trigger specification; the message is for the user."""


@dataclass(frozen=True)
class TableSpec:
    """Runs on rows written to one table of the trigger's database."""

    table_name: str
    kind: Kind = field(default="wal", init=False)

    @property
    def canonical(self) -> str:
        """The text that reads the same again."""
        return f"table:{self.table_name}"

    @property
    def json(self) -> str:
        """The form that system tables show."""
        return _compact({"single_table_wal_write": {"table_name": self.table_name}})


@dataclass(frozen=True)
class AllTablesSpec:
    """Runs on rows written to any table of the trigger's database."""

    kind: Kind = field(default="wal", init=False)

    @property
    def canonical(self) -> str:
        """The text that reads the same again."""
        return "all_tables"

    @property
    def json(self) -> str:
        """The form that system tables show."""
        return _compact("all_tables_wal_write")


@dataclass(frozen=True)
class EverySpec:
    """Runs at the multiples of a duration since the Unix epoch."""

    duration_ns: int
    kind: Kind = field(default="schedule", init=False)

    @property
    def canonical(self) -> str:
        """The text that reads the same again."""
        return f"every:{format_duration(self.duration_ns)}"

    @property
    def json(self) -> str:
        """The form that system tables show."""
        seconds, nanos = divmod(self.duration_ns, NS_PER_SECOND)
        return _compact({"every": {"duration": {"secs": seconds, "nanos": nanos}}})


@dataclass(frozen=True)
class CronSpec:
    """Runs when a cron expression matches; `expression` is as the user wrote it."""

    expression: str
    kind: Kind = field(default="schedule", init=False)

    @property
    def cron(self) -> Cron:
        """The values that the expression stands for."""
        return parse_cron(self.expression)

    @property
    def canonical(self) -> str:
        """The text that reads the same again."""
        return f"cron:{self.expression}"

    @property
    def json(self) -> str:
        """The form that system tables show."""
        return _compact({"schedule": {"schedule": self.expression}})


@dataclass(frozen=True)
class RequestSpec:
    """Runs on requests to `/api/v3/engine/<path>`; `path` has no leading slash."""

    path: str
    kind: Kind = field(default="request", init=False)

    @property
    def canonical(self) -> str:
        """The text that reads the same again."""
        return f"request:{self.path}"

    @property
    def json(self) -> str:
        """The form that system tables show."""
        return _compact({"request_path": {"path": self.path}})


Spec = TableSpec | AllTablesSpec | EverySpec | CronSpec | RequestSpec


def parse(text: str) -> Spec:
    """Read a trigger specification. Raises `SpecError` in the words of InfluxDB 3."""
    text = text.strip()
    if text == "all_tables":
        return AllTablesSpec()
    for prefix, read in _READERS.items():
        if text.startswith(prefix):
            return read(_without(text, prefix))
    raise SpecError(
        f"failed to parse trigger from {text}: expect one of the following forms: {_FORMS}"
    )


def normalise_path(path: str) -> str:
    """Take leading slashes off a request path, so that `/hello` and `hello` are one."""
    return path.lstrip("/")


def _without(text: str, prefix: str) -> str:
    # InfluxDB 3 strips repeated prefixes: `table:table:x` is table `x`.
    while text.startswith(prefix):
        text = text.removeprefix(prefix)
    return text.strip()


def _read_table(name: str) -> TableSpec:
    if not name:
        raise SpecError("failed to parse trigger from table:: table name is empty")
    return TableSpec(name)


def _read_cron(expression: str) -> CronSpec:
    try:
        parse_cron(expression)
    except CronError as error:
        raise SpecError(f"failed to parse trigger from cron:{expression}: {error}") from None
    return CronSpec(expression)


def _read_every(text: str) -> EverySpec:
    failed = f"failed to parse trigger from every:{text}"
    try:
        duration_ns = parse_duration(text)
    except DurationError as error:
        raise SpecError(f"{failed}: couldn't parse to duration: {error}") from None
    if duration_ns > EVERY_NS_MAX:
        raise SpecError(f"{failed}: don't support every schedules of over 1 year")
    if duration_ns < EVERY_NS_MIN:
        shortest = format_duration(EVERY_NS_MIN)
        raise SpecError(f"{failed}: don't support every schedules of under {shortest}")
    return EverySpec(duration_ns)


def _read_request(path: str) -> RequestSpec:
    path = normalise_path(path)
    if not path:
        raise SpecError("failed to parse trigger from request:")
    return RequestSpec(path)


_READERS: dict[str, Callable[[str], Spec]] = {
    "table:": _read_table,
    "cron:": _read_cron,
    "every:": _read_every,
    "request:": _read_request,
}


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
