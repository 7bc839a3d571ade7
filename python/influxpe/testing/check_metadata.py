"""What is odd about the metadata of a plugin: the JSON object in the first literal of its file."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from influxpe.plugin.metadata import read_metadata
from influxpe.testing.findings import Finding, warning_at

# The word for each entry point in `plugin_type`, and the list that describes its arguments.
TYPES = {
    "process_writes": "onwrite",
    "process_scheduled_call": "scheduled",
    "process_request": "http",
}
ARGUMENT_MEMBERS = ("name", "example", "description", "required")


def findings(file: Path, text: str, entry_points: set[str]) -> Iterator[Finding]:
    """Say what tools that read the metadata would miss."""
    metadata = read_metadata(text)
    if metadata is None:
        yield warning_at(file, 1, _missing(text))
        return
    known = {TYPES[name] for name in entry_points}
    given = metadata.get("plugin_type")
    if not isinstance(given, list) or not given:
        words = json.dumps(sorted(known))
        yield warning_at(file, 1, f"metadata: plugin_type is missing, it would be {words}")
    else:
        for word in [word for word in given if word not in known]:
            yield warning_at(file, 1, f"metadata: plugin_type has '{word}' without its entry point")
        for word in sorted(known.difference(map(str, given))):
            yield warning_at(file, 1, f"metadata: plugin_type lacks '{word}'")
    for word in TYPES.values():
        yield from _argument_findings(file, metadata, f"{word}_args_config")


def _argument_findings(file: Path, metadata: dict[str, Any], member: str) -> Iterator[Finding]:
    described = metadata.get(member, [])
    if not isinstance(described, list) or not all(isinstance(one, dict) for one in described):
        yield warning_at(file, 1, f"metadata: {member} is no list of objects")
        return
    for number, argument in enumerate(described, 1):
        absent = [name for name in ARGUMENT_MEMBERS if name not in argument]
        if absent:
            which = argument.get("name", f"number {number}")
            yield warning_at(file, 1, f"metadata: {member}: {which} lacks {', '.join(absent)}")


def _missing(text: str) -> str:
    """Say why there are no metadata: none were meant, or they are no JSON."""
    docstring = (ast.get_docstring(ast.parse(text), clean=False) or "").strip()
    if not docstring.startswith("{"):
        return "it has no metadata: a JSON object as the docstring of the file"
    try:
        json.loads(docstring)
    except ValueError as error:
        return f"the metadata are no JSON: {error}"
    return "the metadata are no JSON object"
