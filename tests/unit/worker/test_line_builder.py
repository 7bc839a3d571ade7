"""`LineBuilder`, case by case as the reference has it."""

from decimal import Decimal
from fractions import Fraction

import pytest

from influxdb3 import (
    InfluxDBError,
    InvalidKeyError,
    InvalidLineError,
    InvalidMeasurementError,
    LineBuilder,
)


def built(builder: LineBuilder) -> str:
    return builder.build()


def field_text(method: str, value: object) -> str:
    builder = LineBuilder("m")
    getattr(builder, method)("f", value)
    return builder.fields["f"]


def test_a_full_line_is_escaped_as_in_the_reference() -> None:
    line = (
        LineBuilder("complex,measurement")
        .tag("location", "New York, USA")
        .tag("details", "floor=5, room=3")
        .tag("path", "C:\\Users\\Admin\\Documents")
        .string_field("message", 'Error in line: "x = y + z"')
        .float64_field("value", 123.456)
        .time_ns(1609459200000000000)
        .build()
    )
    assert line == (
        "complex\\,measurement,location=New\\ York\\,\\ USA,details=floor\\=5\\,\\ room\\=3,"
        'path=C:\\\\Users\\\\Admin\\\\Documents message="Error in line: \\"x = y + z\\"",'
        "value=123.456 1609459200000000000"
    )


@pytest.mark.parametrize(
    ("method", "value", "text"),
    [
        ("int64_field", 7, "7i"),
        ("int64_field", True, "Truei"),
        ("int64_field", 3.7, "3.7i"),
        ("int64_field", "7", "7i"),
        ("int64_field", 2**70, f"{2**70}i"),
        ("uint64_field", 7, "7u"),
        ("float64_field", 1e22, "10000000000000000000000.0"),
        ("float64_field", -0.0, "0.0"),
        ("float64_field", 3, "3.0"),
        ("float64_field", True, "1.0"),
        ("float64_field", 1e-07, "1e-07"),
        ("float64_field", float("nan"), "nan"),
        ("float64_field", float("inf"), "inf"),
        ("float64_field", Decimal("1.10"), "1.10"),
        ("float64_field", Fraction(1, 3), "1/3"),
        ("string_field", 'a\\b"c\n', '"a\\\\b\\"c\n"'),
        ("bool_field", 1, "t"),
        ("bool_field", "false", "t"),
        ("bool_field", None, "f"),
    ],
)
def test_a_field_is_kept_as_its_text(method: str, value: object, text: str) -> None:
    assert field_text(method, value) == text


@pytest.mark.parametrize(
    ("method", "value", "error", "message"),
    [
        ("uint64_field", -1, ValueError, "uint64 field 'f' cannot be negative"),
        ("uint64_field", "1", TypeError, "'<' not supported"),
        ("uint64_field", None, TypeError, "'<' not supported"),
        ("float64_field", "1.5", TypeError, "not all arguments converted during string formatting"),
        ("float64_field", None, TypeError, "unsupported operand"),
        ("string_field", 5, AttributeError, "'int' object has no attribute 'replace'"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(
    method: str, value: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        field_text(method, value)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("", "cannot be empty"),
        (None, "cannot be empty"),
        ("a b,c", "'a b,c' cannot contain spaces"),
        ("a,b=c", "'a,b=c' cannot contain commas"),
        ("a=b", "'a=b' cannot contain equals signs"),
    ],
)
def test_a_bad_key_is_named(key: str, message: str) -> None:
    for _ in range(2):
        with pytest.raises(InvalidKeyError, match=rf"^tag key {message}$"):
            LineBuilder("m").tag(key, "v")
        with pytest.raises(InvalidKeyError, match=rf"^field key {message}$"):
            LineBuilder("m").int64_field(key, 1)


def test_a_key_that_is_no_text_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="argument of type 'int' is not iterable"):
        LineBuilder("m").tag(5, "v")  # type: ignore[arg-type] # the mistake under test
    with pytest.raises(TypeError, match="argument of type 'int' is not iterable"):
        LineBuilder(5)  # type: ignore[arg-type] # as above


def test_a_measurement_with_a_space_is_refused() -> None:
    with pytest.raises(InvalidMeasurementError, match=r"^Measurement name cannot contain spaces$"):
        LineBuilder("a b")
    assert built(LineBuilder("a,b=c").int64_field("f", 1)) == "a\\,b=c f=1i"


def test_a_line_needs_a_field() -> None:
    with pytest.raises(InvalidLineError, match=r"^At least one field is required: m,t=v$"):
        LineBuilder("m").tag("t", "v").build()
    assert issubclass(InvalidLineError, InfluxDBError)


@pytest.mark.parametrize(
    ("value", "text"),
    [("", ""), (None, "None"), (5, "5"), ("a\nb", "a\nb"), ("é ü", "é\\ ü"), ("a\\", "a\\\\")],
)
def test_a_tag_value_is_its_text(value: object, text: str) -> None:
    assert built(LineBuilder("m").tag("t", value).int64_field("f", 1)) == f"m,t={text} f=1i"


def test_keys_keep_their_first_place_and_take_the_last_value() -> None:
    line = LineBuilder("m").tag("b", 1).tag("a", 2).tag("b", 3)
    line.int64_field("y", 1).int64_field("x", 2).bool_field("y", True).tag("y", 4)
    assert line.build() == "m,b=3,a=2,y=4 y=t,x=2i"
    assert list(line.tags) == ["b", "a", "y"]
    assert line.fields == {"y": "t", "x": "2i"}


def test_backslashes_are_doubled_in_field_keys_and_raw_in_tag_keys() -> None:
    assert built(LineBuilder("m").tag("a\\b", 1).int64_field("c\\d", 1)) == "m,a\\b=1 c\\\\d=1i"


@pytest.mark.parametrize(
    ("time", "text"), [(1.5, " 1.5"), (1e18, " 1e+18"), ("abc", " abc"), (None, ""), (0, " 0")]
)
def test_the_last_time_counts_unchecked(time: int | None, text: str) -> None:
    line = LineBuilder("m").int64_field("f", 1).time_ns(5).time_ns(time)
    assert line.build() == line.build() == f"m f=1i{text}"
