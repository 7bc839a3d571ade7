"""Whether processes of a pool are there."""

from pathlib import Path


def is_alive(process_id: int) -> bool:
    """Whether a process runs; one that has ended and was not read yet does not."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
