"""A guide, cut into what its reader types: shell blocks, Python blocks, inline commands."""

import re
from dataclasses import dataclass

FENCE = re.compile(
    r"^[ \t]*```(?P<language>\w+)[^\n]*\n(?P<text>.*?)^[ \t]*```[ \t]*$", re.M | re.S
)
INLINE = re.compile(r"`(influxdb3 [^`\n]+)`")
SHELLS = {"shell", "bash"}


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    language: str
    text: str


class Document:
    """Hands out the blocks of a guide by words that they contain, and knows which nobody took."""

    def __init__(self, text: str) -> None:
        self.blocks = [Block(m["language"], m["text"]) for m in FENCE.finditer(text)]
        self._inline: list[str] = INLINE.findall(text)
        self._taken: set[Block] = set()

    def shell(self, *words: str) -> str:
        """Give the one shell block that has all the words."""
        return self._take([b for b in self.blocks if b.language in SHELLS], words)

    def python(self, *words: str) -> str:
        """Give the one Python block that has all the words."""
        return self._take([b for b in self.blocks if b.language == "python"], words)

    def inline(self, *words: str) -> str:
        """Give the first command in running text that has all the words."""
        return next(command for command in self._inline if all(word in command for word in words))

    def untaken(self) -> list[Block]:
        """Give the blocks that were never handed out."""
        return [block for block in self.blocks if block not in self._taken]

    def _take(self, blocks: list[Block], words: tuple[str, ...]) -> str:
        found = [block for block in blocks if all(word in block.text for word in words)]
        assert len(found) == 1, f"{len(found)} blocks have the words {words}"
        self._taken.add(found[0])
        return found[0].text
