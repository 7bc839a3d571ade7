"""Durations as people write them: `90s`, `1h 30m`, `1.5h`, `7days`.

The grammar and the rendering are those of the humantime library that InfluxDB 3 uses, so that a
specification means the same here. All values are whole nanoseconds.
"""

import re

NS_PER_US = 1_000
NS_PER_MS = 1_000_000
NS_PER_SECOND = 1_000_000_000
NS_PER_DAY = 86_400 * NS_PER_SECOND
# A month is 30.44 days, a year 365.25 days.
NS_PER_MONTH = 2_630_016 * NS_PER_SECOND
NS_PER_YEAR = 31_557_600 * NS_PER_SECOND

_NAMES = {
    1: "ns nsec nanos",
    NS_PER_US: "us µs usec",
    NS_PER_MS: "ms msec millis",
    NS_PER_SECOND: "s sec secs second seconds",
    60 * NS_PER_SECOND: "m min mins minute minutes",
    3600 * NS_PER_SECOND: "h hr hrs hour hours",
    NS_PER_DAY: "d day days",
    7 * NS_PER_DAY: "w wk wks week weeks",
    NS_PER_MONTH: "M month months",
    NS_PER_YEAR: "y yr yrs year years",
}
UNITS_NS = {name: size for size, names in _NAMES.items() for name in names.split()}
TEXT_CHARACTERS_MAX = 1000
NUMBER_MAX = 2**64 - 1  # what humantime keeps a number, and a total of seconds, in

# Blanks may stand between all digits, but not inside a unit.
_GROUP = re.compile(r"\s*([0-9][0-9\s]*)(\.[0-9\s]*)?([A-Za-zµ]*)\s*")
_PLURAL = ((NS_PER_YEAR, "year"), (NS_PER_MONTH, "month"), (NS_PER_DAY, "day"))
_PLAIN = (
    (3600 * NS_PER_SECOND, "h"),
    (60 * NS_PER_SECOND, "m"),
    (NS_PER_SECOND, "s"),
    (NS_PER_MS, "ms"),
    (NS_PER_US, "us"),
    (1, "ns"),
)


class DurationError(ValueError):
    """The text is no duration; the message says what is wrong with it."""


def parse_duration(text: str) -> int:
    """Give the nanoseconds of a duration such as `1h 30m`. Raises `DurationError`."""
    if text == "0":
        return 0
    if not text.strip():
        raise DurationError("value was empty")
    if len(text) > TEXT_CHARACTERS_MAX:
        raise DurationError(f"longer than {TEXT_CHARACTERS_MAX} characters")
    total_ns = 0
    position = 0
    while position < len(text):
        group = _GROUP.match(text, position)
        if group is None:
            raise DurationError(f"expected number at {position}")
        total_ns += _group_ns(*group.groups())
        position = group.end()
    if total_ns // NS_PER_SECOND > NUMBER_MAX:
        raise DurationError("number is too large")
    return total_ns


def _group_ns(whole: str, fraction: str | None, unit: str) -> int:
    size = UNITS_NS.get(unit)
    if size is None:
        raise DurationError(f"unknown time unit '{unit}'" if unit else "time unit needed")
    number = int(_digits(whole))
    if number > NUMBER_MAX:
        raise DurationError("number is too large")
    return number * size + (0 if fraction is None else _fraction_ns(fraction, size))


def _fraction_ns(fraction: str, unit_ns: int) -> int:
    digits = _digits(fraction[1:])
    if not digits:
        raise DurationError("expected digits after the decimal point")
    fraction_ns, left = divmod(int(digits) * unit_ns, int("1" + "0" * len(digits)))
    # Hours and longer units are cut at whole seconds, so that a fraction that is not is refused.
    if left or unit_ns == 1 or (unit_ns >= 3600 * NS_PER_SECOND and fraction_ns % NS_PER_SECOND):
        raise DurationError("number cannot be represented without a lack of precision")
    return fraction_ns


def _digits(text: str) -> str:
    return "".join(text.split())


def format_duration(duration_ns: int) -> str:
    """Write nanoseconds as humantime does: `1m`, `7days`, `11months 30days 3h 50m 24s`, `0s`."""
    parts: list[str] = []
    for size, name in _PLURAL:
        count, duration_ns = divmod(duration_ns, size)
        if count:
            parts.append(f"{count}{name}{'s' if count > 1 else ''}")
    for size, name in _PLAIN:
        count, duration_ns = divmod(duration_ns, size)
        if count:
            parts.append(f"{count}{name}")
    return " ".join(parts) or "0s"
