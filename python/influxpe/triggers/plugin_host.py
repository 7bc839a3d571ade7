"""What a running plugin of a trigger may ask of the server."""

from collections.abc import Mapping

from influxpe.engine_types import Scalar
from influxpe.plugin.engine_calls import EngineCalls, Level
from influxpe.triggers.registry import Trigger
from influxpe.triggers.trigger_log import TriggerLog


class PluginHost:
    """Answers one run; what it writes at once counts with `depth` triggers behind it."""

    def __init__(self, trigger: Trigger, calls: EngineCalls, log: TriggerLog, depth: int) -> None:
        self._trigger = trigger
        self._calls = calls
        self._log = log
        self._depth = depth

    async def query(self, database: str, sql: str, params: Mapping[str, Scalar]) -> bytes:
        """Answer a query as an Arrow IPC stream. Raises `QueryFailed`."""
        return await self._calls.query(database, sql, params)

    async def write_sync(self, database: str, lines: str, *, no_sync: bool) -> None:
        """Write at once; `no_sync` would allow to return earlier. Raises `WriteFailed`."""
        await self._calls.write_now(self._trigger.id, database, lines, self._depth)

    def state(self, key: str) -> bytes | None:
        """Give a value of the trigger's state, as the newest run that was committed left it."""
        return self._calls.engine.trigger_state(self._trigger.id, key)

    def state_keys(self) -> list[str]:
        """Give the keys of the trigger's state."""
        return self._calls.engine.trigger_state_keys(self._trigger.id)

    def log(self, level: Level, text: str) -> None:
        """Take a log line."""
        self._log.plugin(level, text)
