"""A time-series database whose processing engine runs Python plugins next to the data.

It speaks InfluxDB 3: HTTP, command line, plugin API. `influxpe.cli` is the way in for people,
`influxpe.server` for a program that wants to run one.
"""

__version__ = "0.1.0"
