"""The processes that stand under another one, as the kernel lists them."""

from contextlib import suppress
from pathlib import Path


def descendants(process_id: int) -> list[int]:
    """Give the children of a process, their children and so on; those that ended are left out."""
    found: list[int] = []
    for child in children(process_id):
        found += [child, *descendants(child)]
    return found


def children(process_id: int) -> list[int]:
    """Give the children of a process; none where it has ended."""
    found: list[int] = []
    for listed in Path(f"/proc/{process_id}/task").glob("*/children"):
        with suppress(OSError):  # it has ended meanwhile
            found += map(int, listed.read_text().split())
    return found
