"""Every error that one part of the server may raise and another must understand.

The engine's errors come from `_engine`; what only the Python side knows is defined here. The HTTP
status and body of each is decided in one table, `influxpe.http.errors`.
"""

from collections.abc import Sequence

from influxpe._engine import (
    BusyError,
    CancelledError,
    ClosedError,
    ConflictError,
    CorruptError,
    EngineError,
    InternalError,
    InvalidError,
    NotFoundError,
    TimedOutError,
    TooLargeError,
    UnsupportedError,
)

__all__ = [
    "BackupError",
    "BusyError",
    "CancelledError",
    "ClosedError",
    "ConflictError",
    "CorruptError",
    "EngineError",
    "InstallFailed",
    "InternalError",
    "InvalidError",
    "NoSuchPath",
    "NotFoundError",
    "PackagesDisabled",
    "PluginError",
    "RestrictedTrigger",
    "RunningTrigger",
    "StartFailed",
    "TimedOutError",
    "TooLargeError",
    "TriggerError",
    "UnsupportedError",
]


class StartFailed(Exception):
    """The server cannot start; its text is one sentence for the operator."""


class BackupError(Exception):
    """A copy cannot be made or brought back; `hint` says what helps."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        self.hint = hint
        super().__init__(message)


class TriggerError(Exception):
    """Base of what the processing engine refuses; its text is the message for the user."""


class PluginError(TriggerError):
    """The file of a plugin cannot be read, or is not what its trigger needs."""


class RestrictedTrigger(TriggerError):
    """This kind of trigger is switched off by `--restrict-plugin-triggers-to`."""


class RunningTrigger(TriggerError):
    """A trigger that is enabled is to be deleted, and nobody has said that it may be."""


class PackagesDisabled(TriggerError):
    """Installing packages is switched off by `--package-manager disabled`."""


class InstallFailed(TriggerError):
    """The installer of packages ended with an error."""


class NoSuchPath(TriggerError):
    """No request trigger serves `path`; `known` are the paths that are served."""

    def __init__(self, path: str, known: Sequence[str]) -> None:
        self.path = path
        self.known = tuple(sorted(known))
        super().__init__(f"no request trigger serves '{path}'; {_describe(self.known)}")


def _describe(known: Sequence[str]) -> str:
    if not known:
        return "there are no request triggers yet"
    return "request triggers exist for: " + ", ".join(f"'{path}'" for path in known)
