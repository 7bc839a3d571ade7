"""The same random rows as line protocol in parts that overlap, and as rows after all of them."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

START = datetime(2024, 2, 28, 20, tzinfo=UTC)
PARTS = 6
ROWS_PER_PART = 200
HOSTS = ("alpha", "beta", "gamma", "delta", "")
REGIONS = ("eu", "us-east", "")
NOTES = ("ok", "Slow disk", "été", "a,b", "", "100%", "x_y")

Key: TypeAlias = tuple[str, str, datetime]
Value: TypeAlias = float | int | bool | str


@dataclass
class Rows:
    """Tags and a time are a key; a later write of the same key replaces the fields it names."""

    parts: list[str] = field(default_factory=list)
    rows: dict[Key, dict[str, Value]] = field(default_factory=dict)


def fields(generator: random.Random) -> dict[str, Value]:
    """Give some fields, one at least."""
    all_fields: dict[str, Value] = {
        "usage": round(generator.uniform(-50, 50), 3),
        "load": generator.randrange(-20, 20),
        "hits": generator.randrange(1000),
        "up": generator.random() < 0.7,
        "note": generator.choice(NOTES),
    }
    names = [name for name in all_fields if generator.random() < 0.8]
    return {name: all_fields[name] for name in names or ["load"]}


def shown(name: str, value: Value) -> str:
    """Give a field as line protocol has it."""
    if isinstance(value, str):
        return f'{name}="{value}"'
    suffix = {"load": "i", "hits": "u"}.get(name, "")
    return f"{name}={str(value).lower()}{suffix}"


def line(key: Key, values: dict[str, Value]) -> str:
    """Give a row as line protocol; an empty tag is none."""
    host, region, time = key
    tags = "".join(f",{name}={tag}" for name, tag in (("host", host), ("region", region)) if tag)
    text = ",".join(shown(name, value) for name, value in values.items())
    nanoseconds = (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1) * 1_000_000
    return f"cpu{tags} {text} {nanoseconds}"


def random_rows(seed: int) -> Rows:
    """Make parts whose times overlap with those of the parts before."""
    generator = random.Random(seed)  # noqa: S311 - rows to test with
    made = Rows()
    for part in range(PARTS):
        lines = []
        for _ in range(ROWS_PER_PART):
            seconds = 1800 * part + generator.randrange(0, 7200, 10)
            time = START + timedelta(seconds=seconds, milliseconds=generator.choice((0, 0, 1, 500)))
            key = (generator.choice(HOSTS), generator.choice(REGIONS), time)
            values = fields(generator)
            lines.append(line(key, values))
            made.rows.setdefault(key, {}).update(values)
        made.parts.append("\n".join(lines))
    return made
