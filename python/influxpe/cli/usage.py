"""What is said about a command line that cannot be understood, and its one-line summary."""

from collections.abc import Collection, Iterable
from typing import Any

from influxpe.cli.command import Command, Group
from influxpe.cli.parameter import Parameter

SIMILARITY_MIN = 0.7
SIMILAR_COUNT_MAX = 3
FOOTER = "For more information, try '--help'."


class UsageError(Exception):
    """The command line is wrong: exit code 2.

    `details` are indented lines below the message, `tip` a suggestion, `usage` the summary line
    of the command where that helps, `hint` a last line about how the mistake came about.
    """

    def __init__(
        self,
        message: str,
        *,
        details: Iterable[str] = (),
        tip: str | None = None,
        usage: str | None = None,
    ) -> None:
        self.message = message
        self.details = tuple(details)
        self.tip = tip
        self.usage = usage
        self.hint: str | None = None
        super().__init__(message)

    def text(self) -> str:
        """Give the whole message, paragraphs apart, with a line end."""
        head = "\n".join([f"error: {self.message}", *(f"  {line}" for line in self.details)])
        tip = f"  tip: {self.tip}" if self.tip else None
        hint = f"hint: {self.hint}" if self.hint else None
        text = "\n\n".join(filter(None, [head, tip, self.usage, FOOTER, hint])) + "\n"
        return text.encode(errors="backslashreplace").decode()


def usage_line(
    path: Iterable[str], node: Command | Group, used: Collection[Parameter[Any]] | None = None
) -> str:
    """Summarise a command: `Usage: influxdb3 query [OPTIONS] --database <DATABASE_NAME> [QUERY]`.

    With `used`, optional parameters are listed by name where they were given, and left out else.
    """
    words = ["Usage:", *path]
    if isinstance(node, Group):
        place = "[COMMAND]" if node.default else "<COMMAND>"
        return " ".join([*words, *(["[OPTIONS]"] if node.options else []), place])
    shown = [p for p in node.options if p.required or p in (used or ())]
    if used is None and len(shown) < len(node.options):
        words.append("[OPTIONS]")
    last = [p for p in node.positionals if used is None or p.required or p in used]
    return " ".join([*words, *(parameter.display for parameter in [*shown, *last])])


def unexpected_argument(
    word: str, path: Iterable[str], node: Command | Group, names: Iterable[str]
) -> UsageError:
    """Make the error for an option that does not exist, or for one word too many."""
    return UsageError(
        f"unexpected argument '{word}' found",
        tip=_argument_tip(word, node, names),
        usage=usage_line(path, node),
    )


def unrecognized_subcommand(word: str, path: Iterable[str], node: Group) -> UsageError:
    """Make the error for a command that does not exist."""
    close = similar(word, node.words())
    several = "some similar subcommands exist" if len(close) > 1 else "a similar subcommand exists"
    return UsageError(
        f"unrecognized subcommand '{word}'",
        tip=f"{several}: {_quoted(close)}" if close else None,
        usage=usage_line(path, node),
    )


def invalid_value(parameter: Parameter[Any], text: str, reason: str | None = None) -> UsageError:
    """Make the error for a value that cannot be read."""
    message = f"invalid value '{text}' for '{parameter.display}'"
    if reason is not None:
        return UsageError(f"{message}: {reason}")
    return UsageError(
        message,
        details=[f"[possible values: {', '.join(parameter.choices)}]"],
        tip=_value_tip(text, parameter.choices),
    )


def similar(word: str, known: Iterable[str]) -> list[str]:
    """Give the known words that start like `word` or are spelt nearly so, best first."""
    from difflib import get_close_matches

    words = list(known)
    started = [name for name in words if word and name.startswith(word)]
    close = get_close_matches(word, words, n=SIMILAR_COUNT_MAX, cutoff=SIMILARITY_MIN)
    return list(dict.fromkeys(started + close))[:SIMILAR_COUNT_MAX]


def _argument_tip(word: str, node: Command | Group, names: Iterable[str]) -> str | None:
    if not word.startswith("-"):
        return None
    close = similar(word.lstrip("-"), names)
    if close:
        return f"a similar argument exists: '--{close[0]}'"
    if isinstance(node, Command) and node.positionals:
        return f"to pass '{word}' as a value, use '-- {word}'"
    return None


def _value_tip(text: str, choices: tuple[str, ...]) -> str | None:
    close = similar(text.lower(), choices)
    return f"a similar value exists: '{close[0]}'" if close else None


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)
