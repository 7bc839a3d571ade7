"""How often a test kills what it tests: as often as `KILLS` in the environment says."""

import os

SECONDS_PER_KILL_MAX = 10


def kills(usual: int) -> int:
    """Give the number that is asked for, or the usual one."""
    return int(os.environ.get("KILLS", usual))


def kills_seconds_max(usual: int) -> int:
    """Give the time within which a test with so many kills must end."""
    return 60 + SECONDS_PER_KILL_MAX * kills(usual)
