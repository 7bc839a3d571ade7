"""Points in time as requests spell them, and back."""

import re
from datetime import UTC, datetime, timedelta

from influxpe.http.messages import Refusal
from influxpe.triggers.duration import parse_duration

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND_NS = 1_000_000_000
TIME_NS_MIN, TIME_NS_MAX = -(2**63), 2**63 - 1
# What the catalog can hold: about 292 years.
RETENTION_NS_MAX = 2**63 - 1
# The digits of a fraction of a second that Python does not read.
NANOSECONDS = re.compile(r"\.\d{6}(\d{1,3})")
HARD_DELETE_DEFAULT_NS = 72 * 3600 * 1_000_000_000


def timestamp_ns(text: str) -> int:
    """Give nanoseconds since the epoch for RFC 3339 text. Raises `Refusal` (400)."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(400, f"Cannot parse the timestamp: {error}") from error
    if moment.tzinfo is None:
        raise Refusal(400, f"Cannot parse the timestamp: '{text}' has no time zone, such as Z")
    finer = NANOSECONDS.search(text)
    finer_ns = int(finer[1].ljust(3, "0")) if finer else 0
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000 + finer_ns


def retention_ns(text: str | None) -> int | None:
    """Give a retention period in nanoseconds, whole seconds; `None` keeps rows for ever.

    Raises `Refusal` (400).
    """
    if text is None:
        return None
    try:
        period_ns = parse_duration(text)
    except ValueError as error:
        raise Refusal(400, f"Cannot parse the given human time: {error}") from error
    if period_ns > RETENTION_NS_MAX:
        raise Refusal(400, f"Cannot parse the given human time: '{text}' is over 292 years")
    return period_ns // SECOND_NS * SECOND_NS


def hard_delete_at_ns(text: str | None, now_ns: int) -> int | None:
    """Give the time of `never`, `now`, `default` (also `None`) or RFC 3339; past means now.

    Raises `Refusal` (400).
    """
    if text == "never":
        return None
    if text is None or text == "default":
        return now_ns + HARD_DELETE_DEFAULT_NS
    if text == "now":
        return now_ns
    return now_ns if timestamp_ns(text) <= now_ns else time_ns(text)


def time_ns(given: int | str) -> int:
    """Give nanoseconds since the epoch as the engine takes them. Raises `Refusal` (400)."""
    found_ns = given if isinstance(given, int) else timestamp_ns(given)
    if TIME_NS_MIN < found_ns <= TIME_NS_MAX:
        return found_ns
    raise Refusal(400, f"the time {given} lies outside of what 64 bits of nanoseconds can say")


def milliseconds_text(milliseconds: int | None) -> str | None:
    """Give RFC 3339 with three digits and a `Z`."""
    if milliseconds is None:
        return None
    moment = EPOCH + timedelta(milliseconds=milliseconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"
