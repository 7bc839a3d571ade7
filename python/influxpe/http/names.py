"""The rules for names of databases, which are the engine's, as answers of the HTTP interface."""

from influxpe import _engine, errors
from influxpe.http.messages import json_refusal

INTERNAL_DATABASE = "_internal"

_NO_RETENTION_POLICY = {"", "''", "autogen", "default"}


def check_database_name(name: str) -> None:
    """Raise `Refusal` (400, JSON) where a database may not have this name."""
    try:
        _engine.check_database_name(name)
    except errors.InvalidError as error:
        raise json_refusal(400, str(error)) from error


def check_namespace(name: str) -> None:
    """Do the same for the older write routes, which take shorter names."""
    try:
        _engine.check_namespace(name)
    except errors.InvalidError as error:
        raise json_refusal(400, str(error)) from error


def with_retention_policy(database: str, policy: str | None) -> str:
    """Give the name under which version 1 clients mean a database and a retention policy."""
    lowered = (policy or "").lower()
    return database if lowered in _NO_RETENTION_POLICY else f"{database}/{lowered}"
