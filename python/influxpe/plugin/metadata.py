"""What a plugin says about itself: the JSON object in the first string literal of its file.

Nothing here is an error: a plugin without such an object, or with one that is broken, has no
metadata. Which members there are is the author's business; published plugins have `plugin_type` and
lists such as `scheduled_args_config`.
"""

import ast
import json
import re
import warnings
from typing import Any

# Behind comments and blank lines; a quote behind a backslash ends no literal.
_FIRST_LITERAL = re.compile(
    r"""
    (?: [ \t\f]* (?: \#[^\n]* )? \r?\n )*
    [rRuU]? (?P<quotes> \"\"\"|''' ) (?P<text> (?: \\. | (?!(?P=quotes)). )* ) (?P=quotes)
    """,
    re.DOTALL | re.VERBOSE,
)


def read_metadata(text: str) -> dict[str, Any] | None:
    """Give the metadata of a plugin's text, or `None` where it has none.

    The literal is read as it stands in the file, since authors write JSON there, with
    backslashes before quotes; only where that is no JSON, as Python evaluates it.
    """
    literal = _FIRST_LITERAL.match(text.removeprefix("\ufeff"))
    if literal is None:
        return None
    found = _object(literal["text"])
    return _object(_docstring(text)) if found is None else found


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _docstring(text: str) -> str:
    """Give the docstring as Python reads it; an empty text where that fails."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that are none
            return ast.get_docstring(ast.parse(text), clean=False) or ""
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
