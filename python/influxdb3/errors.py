"""The exceptions of the plugin API."""


class InfluxDBError(Exception):
    """Base of what `LineBuilder` raises for itself."""


class InvalidMeasurementError(InfluxDBError):
    """The name of the measurement cannot be written as line protocol."""


class InvalidKeyError(InfluxDBError):
    """The name of a tag or a field cannot be written as line protocol."""


class InvalidLineError(InfluxDBError):
    """The line has no field."""


class QueryError(Exception):
    """A query failed: `error: <reason> executing query on <database>: <sql>`."""
