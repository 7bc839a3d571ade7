"""The command line of influxpe, in the shapes of the one of InfluxDB 3.

A line is read in one pass: `environment` fills in settings, `parse` finds the command in the tree
of `program` and reads the values of its `parameter`s, and the command runs. One file per command.
"""

from influxpe.cli.program import main

__all__ = ["main"]
