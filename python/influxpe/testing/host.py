"""What a plugin that is run by hand may ask of the engine; all that it says and writes is noted."""

from collections.abc import Mapping

from influxpe.engine_types import Scalar
from influxpe.plugin.engine_calls import EngineCalls, Level
from influxpe.testing.report import LogLine

# Rows that users write have no trigger behind them; those of a run have one.
DEPTH = 1


class Host:
    """Answers one run of a trigger."""

    def __init__(self, calls: EngineCalls, trigger_id: int, trigger_name: str) -> None:
        self.logs: list[LogLine] = []
        self.writes: list[tuple[str, str]] = []
        self._calls = calls
        self._trigger_id = trigger_id
        self._trigger_name = trigger_name

    async def query(self, database: str, sql: str, params: Mapping[str, Scalar]) -> bytes:
        """Answer a query as an Arrow IPC stream. Raises `QueryFailed`."""
        return await self._calls.query(database, sql, params)

    async def write_sync(self, database: str, lines: str, *, no_sync: bool) -> None:
        """Write at once. Raises `WriteFailed`."""
        await self._calls.write_now(self._trigger_id, database, lines, DEPTH)
        self.writes.append((database, lines))

    def state(self, key: str) -> bytes | None:
        """Give a value of the plugin's state, as the last run that ended well left it."""
        return self._calls.engine.trigger_state(self._trigger_id, key)

    def state_keys(self) -> list[str]:
        """Give the keys of the plugin's state."""
        return self._calls.engine.trigger_state_keys(self._trigger_id)

    def log(self, level: Level, text: str) -> None:
        """Take a log line."""
        self.logs.append(LogLine(level, text))
        self._calls.log(self._trigger_name, level, text)
