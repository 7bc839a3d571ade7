"""The log of triggers, as it comes; everything is passed on to the log table."""

from dataclasses import dataclass, field

from influxpe._engine import Engine
from influxpe.clock import Clock
from influxpe.commits import Commits
from influxpe.plugin.engine_calls import EngineCalls, Level
from influxpe.testing.report import LogLine

# What the engine says of every run; it is in the log table, and noise in a test.
_FRAMES = ("starting execution ", "finished execution in ")


@dataclass
class Captured:
    """Lines of the log since the capture began: of plugins, and of the engine about their runs."""

    logs: list[LogLine] = field(default_factory=list)
    by_trigger: dict[str, list[LogLine]] = field(default_factory=dict)

    def of(self, trigger: str) -> list[LogLine]:
        """The lines of one trigger."""
        return self.by_trigger.get(trigger, [])

    def add(self, trigger: str, line: LogLine) -> None:
        """Take a line."""
        self.logs.append(line)
        self.by_trigger.setdefault(trigger, []).append(line)


class CapturingCalls(EngineCalls):
    """The engine, whose log lines are also handed to whoever captures."""

    def __init__(self, engine: Engine, clock: Clock, commits: Commits) -> None:
        super().__init__(engine, clock, commits)
        self.captures: list[Captured] = []

    def log(self, trigger_name: str, level: Level, text: str) -> None:
        """Add a line to the log table, and to what is being captured."""
        super().log(trigger_name, level, text)
        if not (level == "INFO" and text.startswith(_FRAMES)):
            for captured in self.captures:
                captured.add(trigger_name, LogLine(level, text))
