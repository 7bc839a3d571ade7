"""The processes that stand under another one, as the kernel lists them."""

from contextlib import suppress
from pathlib import Path


def descendants(process_id: int) -> list[int]:
    """Give the children of a process, their children and so on; those that ended are left out."""
    found: list[int] = []
    for child in _children(process_id):
        found += [child, *descendants(child)]
    return found


def _children(process_id: int) -> list[int]:
    children: list[int] = []
    for listed in Path(f"/proc/{process_id}/task").glob("*/children"):
        with suppress(OSError):  # it has ended meanwhile
            children += map(int, listed.read_text().split())
    return children
