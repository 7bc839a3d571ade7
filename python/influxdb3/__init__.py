"""For authors of influxpe plugins: `LineBuilder`, the exceptions, and types to check against.

`LineBuilder` is the class that plugins also find among their builtins.
"""

from influxdb3.api import (
    ArrowData,
    Buildable,
    Cache,
    InfluxDB3Local,
    Lines,
    Rows,
    Scalar,
    State,
    StateValue,
    TableBatch,
)
from influxdb3.errors import (
    InfluxDBError,
    InvalidKeyError,
    InvalidLineError,
    InvalidMeasurementError,
    QueryError,
)
from influxdb3.line_builder import LineBuilder

__all__ = [
    "ArrowData",
    "Buildable",
    "Cache",
    "InfluxDB3Local",
    "InfluxDBError",
    "InvalidKeyError",
    "InvalidLineError",
    "InvalidMeasurementError",
    "LineBuilder",
    "Lines",
    "QueryError",
    "Rows",
    "Scalar",
    "State",
    "StateValue",
    "TableBatch",
]
