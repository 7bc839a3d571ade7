"""`LineBuilder`: one line of line protocol, built call by call."""

from typing import Final, Self, SupportsFloat

from influxdb3.errors import InvalidKeyError, InvalidLineError, InvalidMeasurementError

_TAG_ESCAPES: Final = str.maketrans({"\\": "\\\\", ",": "\\,", "=": "\\=", " ": "\\ "})

# Keys that have passed the checks. Plugins build many lines from few names, and a lookup costs a
# third of the checks. Emptied at this many keys, so that keys made from data cannot fill memory.
_CHECKED_KEYS_MAX: Final = 10_000
_checked_tag_keys: set[str] = set()
_checked_field_keys: set[str] = set()


class LineBuilder:
    """Builds one line: `LineBuilder("cpu").tag("host", "a").float64_field("load", 0.5)`.

    Tags and fields stand in the order of their first setting; setting one again replaces its value.
    All methods but `build` return the builder itself. Fields are kept as the text of the line.
    """

    def __init__(self, measurement: str) -> None:
        """Raises `InvalidMeasurementError` for a name with a space."""
        if " " in measurement:
            raise InvalidMeasurementError("Measurement name cannot contain spaces")
        self.measurement = measurement
        self.tags: dict[str, str] = {}
        self.fields: dict[str, str] = {}
        self._timestamp_ns: int | None = None

    def tag(self, key: str, value: object) -> Self:
        """Set a tag; the value is written as `str(value)`, escaped. Raises `InvalidKeyError`."""
        if key not in _checked_tag_keys:
            _check_key(key, "tag", _checked_tag_keys)
        self.tags[key] = str(value)
        return self

    def int64_field(self, key: str, value: int) -> Self:
        """Set a signed integer field. Raises `InvalidKeyError`."""
        if key not in _checked_field_keys:
            _check_key(key, "field", _checked_field_keys)
        self.fields[key] = f"{value}i"
        return self

    def uint64_field(self, key: str, value: int) -> Self:
        """Set an unsigned integer field. Raises `InvalidKeyError`, `ValueError` below zero."""
        if key not in _checked_field_keys:
            _check_key(key, "field", _checked_field_keys)
        if value < 0:
            raise ValueError(f"uint64 field '{key}' cannot be negative")
        self.fields[key] = f"{value}u"
        return self

    def float64_field(self, key: str, value: SupportsFloat) -> Self:
        """Set a float field; whole numbers are written with `.0`. Raises `InvalidKeyError`."""
        if key not in _checked_field_keys:
            _check_key(key, "field", _checked_field_keys)
        # Through `%`, not `is_integer`: Decimal, Fraction and int are welcome, str is a TypeError.
        if value % 1 == 0:  # type: ignore[operator] # a TypeError is the answer for what has no `%`
            self.fields[key] = f"{int(value)}.0"  # type: ignore[call-overload] # as above
        else:
            self.fields[key] = str(value)
        return self

    def string_field(self, key: str, value: str) -> Self:
        """Set a string field, quoted and escaped. Raises `InvalidKeyError`."""
        if key not in _checked_field_keys:
            _check_key(key, "field", _checked_field_keys)
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        self.fields[key] = f'"{escaped}"'
        return self

    def bool_field(self, key: str, value: object) -> Self:
        """Set a boolean field from the truth of `value`. Raises `InvalidKeyError`."""
        if key not in _checked_field_keys:
            _check_key(key, "field", _checked_field_keys)
        self.fields[key] = "t" if value else "f"
        return self

    def time_ns(self, timestamp_ns: int | None) -> Self:
        """Set the time in nanoseconds since the Unix epoch; `None` takes it away again."""
        self._timestamp_ns = timestamp_ns
        return self

    def build(self) -> str:
        """The line, without a newline. Raises `InvalidLineError` if no field was set."""
        series = self.measurement.replace(",", "\\,")
        for key, value in self.tags.items():
            series = f"{series},{key}={value if value.isalnum() else value.translate(_TAG_ESCAPES)}"
        if not self.fields:
            raise InvalidLineError(f"At least one field is required: {series}")
        fields = ",".join([f"{key}={value}" for key, value in self.fields.items()])
        if "\\" in fields:  # in a name, or only in a string
            fields = ",".join([f"{_field_key(k)}={value}" for k, value in self.fields.items()])
        if self._timestamp_ns is None:
            return f"{series} {fields}"
        return f"{series} {fields} {self._timestamp_ns}"


def _field_key(key: str) -> str:
    """Double the backslashes of a field's name: the parser halves them."""
    return key.replace("\\", "\\\\")


def _check_key(key: str, kind: str, checked: set[str]) -> None:
    """Refuse what cannot be a key, and remember what can."""
    if not key:
        raise InvalidKeyError(f"{kind} key cannot be empty")
    for character, name in ((" ", "spaces"), (",", "commas"), ("=", "equals signs")):
        if character in key:
            raise InvalidKeyError(f"{kind} key '{key}' cannot contain {name}")
    if len(checked) >= _CHECKED_KEYS_MAX:
        checked.clear()
    checked.add(key)
