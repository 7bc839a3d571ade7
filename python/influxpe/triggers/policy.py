"""What to do after a failed run: pure, the randomness is handed in."""

from dataclasses import dataclass
from typing import Literal

ErrorBehavior = Literal["log", "retry", "disable"]
ERROR_BEHAVIORS: tuple[ErrorBehavior, ...] = ("log", "retry", "disable")

RETRY_FIRST_S = 1.0
RETRY_MAX_S = 60.0
# Doubling further changes nothing, and would leave the range of floats.
DOUBLINGS_MAX = 16


class UnknownErrorBehavior(ValueError):
    """The text is none of the behaviours; the message lists them."""


@dataclass(frozen=True)
class GoOn:
    """Leave these rows, or this tick, behind."""


@dataclass(frozen=True)
class Retry:
    """Run the same again after a pause."""

    after_s: float


@dataclass(frozen=True)
class GiveUp:
    """Keep these rows, or this tick, as a dead letter, and leave them behind."""


@dataclass(frozen=True)
class Disable:
    """Switch the trigger off, durably, and keep its rows unserved."""


Decision = GoOn | Retry | GiveUp | Disable


def after_failure(
    behavior: ErrorBehavior, failures: int, jitter: float, attempts_max: int
) -> Decision:
    """Decide after the n-th failure in a row (from 1); `jitter` is a random number in 0..1."""
    if behavior == "log":
        return GoOn()
    if behavior == "disable":
        return Disable()
    if failures >= attempts_max:
        return GiveUp()
    return Retry(retry_after_s(failures, jitter))


def retry_after_s(failures: int, jitter: float) -> float:
    """Give the pause before the next attempt: 1 s, doubled each time, at most 60 s.

    Up to half of it is taken off by the jitter, so that triggers which failed together part.
    """
    doublings = min(max(failures - 1, 0), DOUBLINGS_MAX)
    whole_s = min(RETRY_FIRST_S * (1 << doublings), RETRY_MAX_S)
    return whole_s * (1 - jitter / 2)


def parse_error_behavior(text: str) -> ErrorBehavior:
    """Read `log`, `retry` or `disable` in any case. Raises `UnknownErrorBehavior`."""
    for behavior in ERROR_BEHAVIORS:
        if text.lower() == behavior:
            return behavior
    known = ", ".join(f"`{behavior}`" for behavior in ERROR_BEHAVIORS)
    raise UnknownErrorBehavior(f"unknown variant `{text}`, expected one of {known}")
