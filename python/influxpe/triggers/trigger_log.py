"""The log of one trigger: lines of its plugin and of its runs, to the server's log and the table.

A reason that stays the same (a file that is not there) is logged once, not with every attempt.
"""

import contextlib
import logging

from influxpe.errors import EngineError
from influxpe.plugin.engine_calls import EngineCalls, Level
from influxpe.plugin.secrets import Redactor
from influxpe.triggers.registry import Trigger

logger = logging.getLogger("influxpe.plugin")

TEXT_CHARACTERS_MAX = 32_768
_LEVELS = {"INFO": logging.INFO, "WARN": logging.WARNING, "ERROR": logging.ERROR}


class TriggerLog:
    """Where a trigger's lines go."""

    def __init__(self, trigger: Trigger, calls: EngineCalls) -> None:
        self._name = trigger.name
        self._calls = calls
        self._trouble: str | None = None
        self._secrets: set[str] = set()
        self._redactor = Redactor()

    def redact(self, secrets: set[str]) -> None:
        """From now on, show none of these."""
        if not secrets <= self._secrets:
            self._secrets |= secrets
            self._redactor = Redactor(self._secrets)

    def clean(self, text: str) -> str:
        """Give a text without the secrets in it."""
        return self._redactor.clean(text)

    def plugin(self, level: Level, text: str) -> None:
        """Take a line of the plugin; one that is too long is cut."""
        self._write(level, text, _LEVELS[level])

    def run(self, text: str) -> None:
        """Take a line about the start or the end of a run."""
        self._write("INFO", text, logging.DEBUG)

    def info(self, text: str) -> None:
        """Take a line about the trigger that is no fault."""
        self._write("INFO", text, logging.INFO)

    def warn(self, text: str) -> None:
        """Take a line about something that was left out."""
        self._write("WARN", text, logging.WARNING)

    def failure(self, text: str, traceback: str = "") -> None:
        """Take an error; the traceback goes to the server's log only."""
        self._write("ERROR", text, logging.ERROR, traceback)

    def trouble(self, reason: str | None) -> None:
        """Log what keeps the trigger from running when it changes; `None` is that nothing does."""
        if reason is not None and reason != self._trouble:
            self.failure(reason)
        self._trouble = reason

    def _write(self, level: Level, text: str, server_level: int, traceback: str = "") -> None:
        if self._secrets:
            text, traceback = self.clean(text), self.clean(traceback)
        if len(text) > TEXT_CHARACTERS_MAX:
            left_out = len(text) - TEXT_CHARACTERS_MAX
            text = f"{text[:TEXT_CHARACTERS_MAX]}... ({left_out} more characters)"
        if logger.isEnabledFor(server_level):
            shown = f"{text}\n{traceback.rstrip()}" if traceback else text
            logger.log(server_level, "processing engine: [%s] %s", self._name, shown)
        # A closed engine takes no lines any more; the server's log has it.
        with contextlib.suppress(EngineError):
            self._calls.log(self._name, level, text)
