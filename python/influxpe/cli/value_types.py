"""Readers of single values: each takes the text of the user and raises `ValueError` with a reason.

Durations are integers in nanoseconds, sizes integers in bytes.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from influxpe.triggers.duration import format_duration, parse_duration

PORT_MAX = 65_535
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SIZE_UNITS = {"b": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3}
SIZE = re.compile(r"(?P<number>\d+)\s*(?P<unit>b|kb|mb|gb|%)?", re.IGNORECASE)
# `mo` is a month in the documents of InfluxDB 3, but not in its duration grammar.
MONTHS = re.compile(r"(?<=\d)(\s*)mo(?![a-z])")

PRECISIONS = {
    "auto": "auto",
    **dict.fromkeys(("s", "second"), "second"),
    **dict.fromkeys(("ms", "millisecond"), "millisecond"),
    **dict.fromkeys(("us", "u", "microsecond"), "microsecond"),
    **dict.fromkeys(("ns", "n", "nanosecond"), "nanosecond"),
}


def precision(text: str) -> str:
    """Read a precision as the word that the server takes."""
    if text not in PRECISIONS:
        raise ValueError(f"unrecognized precision unit: {text}")
    return PRECISIONS[text]


def duration_ns(text: str) -> int:
    """Read a duration such as `1h 30m`."""
    return parse_duration(MONTHS.sub(r"\1M", text))


def retention(text: str) -> str | None:
    """Read a retention period as the server takes it; `none` keeps rows for ever."""
    if text.strip().lower() == "none":
        return None
    return format_duration(duration_ns(text))


def whole_number(text: str) -> int:
    """Read a number from 0."""
    if not re.fullmatch(r"[0-9]+", text):
        raise ValueError("invalid digit found in string, a whole number from 0 is needed")
    return int(text)


def positive_number(text: str) -> int:
    """Read a number from 1."""
    number = whole_number(text)
    if number < 1:
        raise ValueError("value must be at least 1")
    return number


def signed_number(text: str) -> int:
    """Read a number with or without a sign."""
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise ValueError("invalid digit found in string, a whole number is needed")
    return int(text)


def time_ns(text: str) -> int:
    """Read nanoseconds since the epoch, or an RFC 3339 time, as such nanoseconds."""
    if re.fullmatch(r"[+-]?[0-9]+", text):
        return int(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("the time has no time zone, such as Z")
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


def fraction(text: str) -> float:
    """Read a number above 0 and below 1."""
    number = float(text)
    if not 0 < number < 1:
        raise ValueError("value must be greater than 0 and less than 1")
    return number


def byte_size(
    bare_unit: str = "b", whole_bytes: Callable[[], int] | None = None
) -> Callable[[str], int]:
    """Make a reader of sizes: `10mb`, a bare number in `bare_unit`, `20%` of `whole_bytes`."""

    def read(text: str) -> int:
        match = SIZE.fullmatch(text.strip())
        if match is None:
            raise ValueError("expected a size such as 10mb, 512kb or 1gb")
        number, unit = int(match["number"]), (match["unit"] or bare_unit).lower()
        if unit != "%":
            return number * SIZE_UNITS[unit]
        if whole_bytes is None or number > 100:
            raise ValueError("a percentage is a whole number from 0 to 100 of the memory")
        return whole_bytes() * number // 100

    return read


def key_value(text: str) -> tuple[str, str]:
    """Read `key=value`, split at the first `=`."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ValueError('must be formatted as "key=value"')
    return key, value


def path(text: str) -> Path:
    """Read a path; a leading `~` is the home directory."""
    if not text:
        raise ValueError("value was empty")
    return Path(text).expanduser()


def socket_address(text: str) -> tuple[str, int]:
    """Read `host:port`, looking the host up where it is a name."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > PORT_MAX:
        raise ValueError(
            f"Cannot parse socket address '{text}': expected host:port, such as "
            f"0.0.0.0:8181, with a port of 0 to {PORT_MAX}"
        )
    return _resolve(host.removeprefix("[").removesuffix("]"), int(port), text), int(port)


def _resolve(host: str, port: int, text: str) -> str:
    import socket

    try:
        found = socket.getaddrinfo(host or "0.0.0.0", port, type=socket.SOCK_STREAM)  # noqa: S104
    except (OSError, UnicodeError) as error:
        raise ValueError(f"Cannot parse socket address '{text}': {error}") from error
    return str(found[0][4][0])
