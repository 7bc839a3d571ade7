"""The help of every command, written from the same data that reads the command line."""

import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from influxpe.cli.command import Command, Group
from influxpe.cli.parameter import Parameter
from influxpe.cli.terminal import BOLD, styled
from influxpe.cli.usage import usage_line

COLUMNS_MIN, COLUMNS_MAX = 60, 100
NAME_COLUMNS_MAX = 28
HELP_ROW = ("-h, --help", "Print help; --help-all lists every option")
VERSION_ROW = ("-V, --version", "Print the version")

# What comes first; other sections follow as the command lists them.
ORDER = {"Arguments": 0, "Options": 1}

Row = tuple[str, str]


def help_text(node: Command | Group, path: tuple[str, ...], *, complete: bool) -> str:
    """Write the help of a command or group, with a line end."""
    heading = node.about if len(path) > 1 else f"{path[0]}: {node.about}"
    parts = [heading, usage_line(path, node)]
    if isinstance(node, Group):
        sections = _group_sections(node, path)
    else:
        sections = _command_sections(node, complete=complete)
    parts += [_section(title, rows) for title, rows in sections]
    if node.details:
        parts.append(_filled(node.details))
    if isinstance(node, Command) and node.examples:
        parts.append(_examples(node.examples, path[0]))
    if isinstance(node, Group):
        parts.append(f"'{' '.join(path)} <COMMAND> --help' explains one command.")
    return "\n\n".join(parts) + "\n"


def _group_sections(group: Group, path: tuple[str, ...]) -> list[tuple[str, list[Row]]]:
    titles = list(dict.fromkeys(member.heading for member in group.members))
    sections = [
        (
            title if len(path) == 1 else "Commands",
            [_member_row(m) for m in group.members if m.heading == title],
        )
        for title in titles
    ]
    shown = [_parameter_row(p) for p in group.options if not p.hidden and len(path) > 1]
    rows = [*shown, HELP_ROW, *([VERSION_ROW] if len(path) == 1 else [])]
    return [*sections, ("Common Options" if len(path) == 1 else "Options", rows)]


def _command_sections(command: Command, *, complete: bool) -> list[tuple[str, list[Row]]]:
    shown = [p for p in command.parameters if not p.hidden and (complete or not p.advanced)]
    rows: dict[str, list[Row]] = {}
    for parameter in sorted(shown, key=lambda p: ORDER.get(p.heading, len(ORDER))):
        rows.setdefault(parameter.heading, []).append(_parameter_row(parameter))
    return [*rows.items(), ("Help", [HELP_ROW])]


def _member_row(member: Command | Group) -> Row:
    return ", ".join([member.name, *member.aliases]), member.about


def _parameter_row(parameter: Parameter[Any]) -> Row:
    if parameter.long is None:
        return parameter.display, _described(parameter)
    short = f"-{parameter.short}, " if parameter.short else "    "
    dots = "..." if parameter.takes == "nothing" and parameter.repeats else ""
    return short + parameter.display + dots, _described(parameter)


def _described(parameter: Parameter[Any]) -> str:
    notes = [parameter.description]
    if parameter.choices:
        notes.append(f"[possible values: {', '.join(parameter.choices)}]")
    if parameter.default_text is not None:
        notes.append(f"[default: {parameter.default_text}]")
    if parameter.environment:
        notes.append(f"[env: {', '.join(parameter.environment)}]")
    return " ".join(notes)


def _section(title: str, rows: Iterable[Row]) -> str:
    listed = list(rows)
    width = min(max(len(name) for name, _ in listed), NAME_COLUMNS_MAX)
    lines = [line for row in listed for line in _row_lines(*row, width)]
    return "\n".join([styled(f"{title}:", BOLD, sys.stdout), *lines])


def _row_lines(name: str, description: str, width: int) -> Iterator[str]:
    """Yield a name and its description beside it, or below where the name is long."""
    indent = " " * (width + 4)
    lines = textwrap.wrap(
        description, _columns() - len(indent), break_long_words=False, break_on_hyphens=False
    )
    if len(name) > width:
        yield f"  {name}"
    else:
        yield f"  {name:<{width}}  {lines.pop(0)}"
    yield from (indent + line for line in lines)


def _examples(examples: Iterable[str], program: str) -> str:
    lines = []
    for example in examples:
        text = example.replace("{program}", program)
        lines.append(f"  {text}" if "{program}" in example else f"  {program} {text}")
    return "\n".join([styled("Examples:", BOLD, sys.stdout), *lines])


def _filled(text: str) -> str:
    return textwrap.fill(text, _columns(), break_on_hyphens=False)


def _columns() -> int:
    found = shutil.get_terminal_size((COLUMNS_MAX, 24)).columns
    return max(COLUMNS_MIN, min(found, COLUMNS_MAX))
