"""One line of line protocol from `--table`, `--tag`, `--field` and `--time`. Pure."""

import re
from collections.abc import Iterable

LITERAL = re.compile(
    r"""[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?   # a float
      | [+-]?\d+i | \d+u                            # an integer, an unsigned integer
      | t | T | true | True | TRUE | f | F | false | False | FALSE
      | "(?:[^"\\]|\\.)*"                           # a string that is quoted already
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)


def build(
    table: str,
    tags: Iterable[tuple[str, str]],
    fields: Iterable[tuple[str, str]],
    time: int | None,
) -> str:
    """Compose the line; names and tag values are escaped. Raises `ValueError`.

    A field value that is a literal of line protocol stays as it is: `1` is a float, `1i` an
    integer, `true` a boolean. Anything else becomes a string.
    """
    head = [_escape(table, ", ", "the table name")]
    for key, value in tags:
        name = _escape(key, ",= ", "a tag name")
        head.append(f"{name}={_escape(value, ',= ', f'the value of tag {key!r}')}")
    body = [f"{_escape(key, ',= ', 'a field name')}={field_value(value)}" for key, value in fields]
    line = f"{','.join(head)} {','.join(body)}"
    return line if time is None else f"{line} {time}"


def field_value(text: str) -> str:
    """Write a field value as line protocol."""
    if LITERAL.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _escape(text: str, special: str, what: str) -> str:
    if not text:
        raise ValueError(f"{what} is empty")
    if "\n" in text or text.endswith("\\"):
        raise ValueError(f"{what} may not hold a line break or end with a backslash")
    return "".join(f"\\{letter}" if letter in special else letter for letter in text)
