"""Types of the engine's arguments, for its stub and for those who call it."""

from typing import Literal, TypeAlias

Precision: TypeAlias = Literal["auto", "second", "millisecond", "microsecond", "nanosecond"]
Scalar: TypeAlias = bool | int | float | str | None
Language: TypeAlias = Literal["sql", "influxql"]
Format: TypeAlias = Literal["json", "json_lines", "csv", "pretty", "parquet", "arrow"]
SeriesSpelling: TypeAlias = Literal["json", "pretty_json", "csv", "msgpack"]
Epoch: TypeAlias = Literal["ns", "u", "µ", "ms", "s", "m", "h", "d", "w"]
