"""The rules for names of databases, in the words of InfluxDB 3."""

import re

from influxpe.http.messages import json_refusal

DATABASE_NAME_BYTES_MAX = 511
# What the older write routes take, retention policy included.
NAMESPACE_NAME_BYTES_MAX = 64
INTERNAL_DATABASE = "_internal"

_ALLOWED = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]*)?")
_NO_RETENTION_POLICY = {"", "''", "autogen", "default"}


def name_error(name: str) -> str | None:
    """Say what is wrong with the name of a database, or `None`."""
    if not name:
        return "db name cannot be empty"
    if len(name.encode()) > DATABASE_NAME_BYTES_MAX:
        return f"db name too long: max {DATABASE_NAME_BYTES_MAX}"
    if name[0].isascii() and not name[0].isalnum():
        return "db name did not start with a number or letter"
    if name.count("/") > 1 or name.endswith("/"):
        return (
            "db name with invalid retention policy, if providing a retention policy name, "
            "must be of form '<db_name>/<rp_name>'"
        )
    if _ALLOWED.fullmatch(name) is None:
        return (
            "invalid character in database or rp name: must be ASCII, containing only letters, "
            "numbers, underscores, or hyphens"
        )
    return None


def check_database_name(name: str) -> None:
    """Raise `Refusal` (400, JSON) where a database may not have this name."""
    message = name_error(name)
    if message is not None:
        raise json_refusal(400, message)


def namespace_error(name: str) -> str | None:
    """Say what the older write routes have against a name, or `None`."""
    if not 1 <= len(name.encode()) <= NAMESPACE_NAME_BYTES_MAX:
        return (
            f"namespace name {name} length must be between 1 and "
            f"{NAMESPACE_NAME_BYTES_MAX} characters"
        )
    for number, character in enumerate(name):
        if not character.isprintable():
            shown = name.encode("unicode_escape").decode()
            return (
                f"namespace name '{shown}' contains invalid character, "
                f"character number {number} is not allowed"
            )
    return None


def with_retention_policy(database: str, policy: str | None) -> str:
    """Give the name under which version 1 clients mean a database and a retention policy."""
    lowered = (policy or "").lower()
    return database if lowered in _NO_RETENTION_POLICY else f"{database}/{lowered}"
