"""Files of statements with their answers, as CONTRIBUTING.md describes them."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from influxpe.engine_types import Language, Scalar

CASES = Path(__file__).parent / "cases"

TITLE = re.compile(r"^## (.+)$", re.MULTILINE)
SETTING = re.compile(r"^-- (database|params): (.+)$", re.MULTILINE)
SEPARATOR = "\n----\n"


@dataclass(frozen=True)
class Case:
    """One statement, and what answers it."""

    title: str
    sql: str
    expected: str

    def setting(self, name: str) -> str | None:
        """Give what a comment above the statement sets."""
        return dict(SETTING.findall(self.sql)).get(name)

    def params(self) -> dict[str, Scalar] | None:
        """Give the values of the placeholders."""
        text = self.setting("params")
        return None if text is None else json.loads(text)


@dataclass
class Golden:
    """One file: what it says of itself, what is written, the caches, and its statements."""

    head: str
    parts: list[str] = field(default_factory=list)
    caches: list[str] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)

    def text(self) -> str:
        """Give the file again."""
        blocks = [self.head]
        blocks += [f"## data\n{part}\n" for part in self.parts]
        blocks += [f"## cache\n{cache}\n" for cache in self.caches]
        blocks += [
            f"## {case.title}\n{case.sql}{SEPARATOR}{case.expected}\n" for case in self.cases
        ]
        return "\n".join(blocks)


def read(path: Path) -> Golden:
    """Read a file: a head of comments, then blocks with titles.

    `data` is line protocol; `cache` is JSON: the name of a cache with its kind, and its settings.
    """
    head, *blocks = TITLE.split(path.read_text())
    golden = Golden(head.rstrip() + "\n")
    for title, block in zip(blocks[::2], blocks[1::2], strict=True):
        if title == "data":
            golden.parts.append(block.strip())
        elif title == "cache":
            golden.caches.append(block.strip())
        else:
            sql, _, expected = block.partition(SEPARATOR)
            golden.cases.append(Case(title, sql.strip(), expected.strip("\n")))
    return golden


def paths() -> list[Path]:
    """Give all files of statements."""
    return sorted([*CASES.glob("*.sql"), *CASES.glob("*.influxql")])


def language_of(path: Path) -> Language:
    """Tell by its name in which language the statements of a file are."""
    return "influxql" if path.suffix == ".influxql" else "sql"
