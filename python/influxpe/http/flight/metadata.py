"""What a call says beside its messages: who asks, in which database, for how long."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from influxpe.http.auth import Tokens, token_from_header
from influxpe.http.flight.status import CallFailed, Code, invalid
from influxpe.http.messages import Refusal, header

if TYPE_CHECKING:
    from starlette.types import Scope

# All of them name the database; the last is what it was called first.
DATABASE_HEADERS = ("database", "bucket", "bucket-name", "iox-namespace-name")
TIMEOUT = re.compile(rb"(\d{1,8})([HMSmun])")
SECONDS = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}


def text_header(scope: Scope, name: str) -> str | None:
    """Give the first value of a header. Raises `CallFailed` where it is not text."""
    value = header(scope, name.encode())
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError as error:
        raise invalid(f"the header '{name}' is not UTF-8") from error


def database_header(scope: Scope) -> str | None:
    """Give the database that the headers name. Raises `CallFailed` where they name several."""
    named = {name: text_header(scope, name) for name in DATABASE_HEADERS}
    given = {name: value for name, value in named.items() if value}
    if len(set(given.values())) > 1:
        listed = ", ".join(f"'{name}' is '{value}'" for name, value in given.items())
        raise invalid(f"the headers name more than one database: {listed}")
    return next(iter(given.values()), None)


def required_database(scope: Scope) -> str:
    """Do the same where there must be one."""
    database = database_header(scope)
    if database is None:
        raise invalid("no 'database' header in request")
    return database


def timeout_s(scope: Scope) -> float | None:
    """Give what `grpc-timeout` allows. Raises `CallFailed` where it is not understood."""
    value = header(scope, b"grpc-timeout")
    if value is None:
        return None
    found = TIMEOUT.fullmatch(value)
    if found is None:
        raise invalid(f"bad grpc-timeout: {value.decode('latin-1')}")
    return int(found[1]) * SECONDS[found[2]]


def check_token(scope: Scope, tokens: Tokens, *, without_auth: bool) -> None:
    """Raise `CallFailed` where the caller may not ask."""
    if without_auth:
        return
    value = header(scope, b"authorization")
    try:
        if value is not None and tokens.accepts_header(value):
            return
        expired = value is not None and tokens.knows(token_from_header(value))
    except Refusal as error:
        raise CallFailed(Code.UNAUTHENTICATED, "Unauthenticated") from error
    if expired:
        raise CallFailed(Code.PERMISSION_DENIED, "Permission denied")
    raise CallFailed(Code.UNAUTHENTICATED, "Unauthenticated")


def bearer(scope: Scope) -> bytes | None:
    """Give the header that a client is to send from now on, where it has shown a token."""
    value = header(scope, b"authorization")
    if value is None:
        return None
    try:
        return b"Bearer " + token_from_header(value).encode()
    except Refusal as error:
        raise CallFailed(Code.UNAUTHENTICATED, "Unauthenticated") from error
