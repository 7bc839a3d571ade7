"""How far a trigger has been served when its runs may overlap: pure.

Each run covers a range of the log. The cursor may only move past ranges that are all complete, so
it stands at the end of the last range before the first open one: the low-water mark.
"""


class OpenRanges:
    """Ranges in the order in which they were read, each open until its run is settled."""

    def __init__(self) -> None:
        self._ends: dict[int, int] = {}
        self._done: set[int] = set()
        self._next = 0

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def done(self) -> int:
        """How many are complete behind the first that is open."""
        return len(self._done)

    def open(self, end: int) -> int:
        """Add the range that ends at a position; gives its number."""
        number = self._next
        self._next += 1
        self._ends[number] = end
        return number

    def mark_with(self, number: int) -> int | None:
        """Give the cursor that holds once this range is complete; `None` where it cannot move."""
        mark = None
        for other, end in self._ends.items():
            if other != number and other not in self._done:
                break
            mark = end
        return mark

    def close(self, number: int) -> None:
        """Note that a range is complete."""
        self._done.add(number)
        for other in list(self._ends):
            if other not in self._done:
                break
            del self._ends[other]
            self._done.discard(other)
