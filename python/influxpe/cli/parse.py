"""From the words of a command line to a command and its values.

The grammar is that of InfluxDB 3: no abbreviations, options and positionals in any order, a word
that starts with `-` is never a value, an option with one value is given once. On top of it, blank
words are dropped: a guide with comments after its backslashes makes them when it is pasted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from influxpe.cli.command import Command, Group, Values
from influxpe.cli.parameter import BadValue, Parameter, boolean_text
from influxpe.cli.usage import (
    UsageError,
    invalid_value,
    unexpected_argument,
    unrecognized_subcommand,
    usage_line,
)

HELP_WORDS = frozenset({"-h", "--help", "--help-all"})
VERSION_WORDS = frozenset({"-V", "--version"})
BOOLEAN_WORDS = "[possible values: true, false]"
BLANK_NOTE = "note: ignored a blank argument (a space after '\\' at the end of a line makes one)"
COMMENT_NOTE = "note: ignored a comment after a blank argument: {words}"
CUT_SHORT_HINT = (
    "a comment after '\\' ends a command: the lines below it were not part of it. "
    "Remove the comments and run it again."
)


@dataclass(frozen=True)
class Invocation:
    """A command that may run. `implied` says that no command was named."""

    command: Command
    values: Values
    implied: bool


class HelpAsked(Exception):
    """The user wants to read about `node`; `complete` with all options, `missing` the next word."""

    def __init__(
        self, node: Command | Group, path: tuple[str, ...], *, complete: bool, missing: bool = False
    ) -> None:
        self.node = node
        self.path = path
        self.complete = complete
        self.missing = missing
        super().__init__(node.name)


class VersionAsked(Exception):
    """The user wants to know the version."""


@dataclass
class _Words:
    """The words that are left, and what has been read so far."""

    left: list[str]
    path: tuple[str, ...]
    notes: list[str]
    given: dict[Parameter[Any], list[str]] = field(default_factory=dict)

    def next_value(self) -> str | None:
        """Take the next word if it can be a value."""
        if self.left and (self.left[0] == "-" or not self.left[0].startswith("-")):
            return self.left.pop(0)
        return None

    def drop_blank(self) -> bool:
        """Drop the next word if it is blank, and a comment behind it; says whether it did."""
        if not (self.left[0] and not self.left[0].strip()):
            return False
        self.left.pop(0)
        self.notes.append(BLANK_NOTE)
        if self.left and self.left[0].startswith("#"):
            self.notes.append(COMMENT_NOTE.format(words=" ".join(self.left)))
            self.left.clear()
        return True


def parse(
    root: Group,
    program: str,
    words: Sequence[str],
    environment: Mapping[str, str],
    notes: list[str],
) -> Invocation:
    """Find the command and read its values; what was dropped is described in `notes`.

    Raises `UsageError`, `HelpAsked` or `VersionAsked`.
    """
    state = _Words(list(words), (program,), notes)
    try:
        command = _find_command(root, state)
        _read_words(command, state)
        values = _values(command, state, environment)
    except UsageError as error:
        error.hint = CUT_SHORT_HINT if notes and "required" in error.message else None
        raise
    return Invocation(command, values, implied=command.name not in state.path)


def _find_command(root: Group, state: _Words) -> Command:
    node: Command | Group = root
    while isinstance(node, Group):
        node = _step(node, state)
    return node


def _step(group: Group, state: _Words) -> Command | Group:
    """Read one option of a group, or the word that leads out of it."""
    if not state.left:
        return _no_word(group, state)
    word = state.left[0]
    if word.startswith("-"):
        return _group_option(group, state)
    if state.drop_blank():
        return group
    member = group.find(word)
    if member is None:
        raise unrecognized_subcommand(word, state.path, group)
    state.left.pop(0)
    state.path += (member.name,)
    return member


def _no_word(group: Group, state: _Words) -> Command:
    if group.default is not None:
        return group.default
    if not state.given:
        raise HelpAsked(group, state.path, complete=False, missing=True)
    raise UsageError(
        f"'{' '.join(state.path)}' requires a subcommand but one was not provided",
        details=[f"[subcommands: {', '.join(group.words())}]"],
        usage=usage_line(state.path, group),
    )


def _group_option(group: Group, state: _Words) -> Command | Group:
    word = state.left[0]
    if word in HELP_WORDS:
        raise HelpAsked(group, state.path, complete=word == "--help-all")
    if len(state.path) == 1 and word in VERSION_WORDS:
        raise VersionAsked
    if _known(word, group) is None and group.default is not None:
        if _known(word, group.default) is not None:
            return group.default
    if word == "--":
        raise unexpected_argument(word, state.path, group, ())
    _option(group, state)
    return group


def _read_words(command: Command, state: _Words) -> None:
    plain = state.left[: state.left.index("--")] if "--" in state.left else state.left
    asked = [word for word in plain if word in HELP_WORDS]
    if asked:
        raise HelpAsked(command, state.path, complete="--help-all" in asked)
    loose: list[str] = []
    while state.left:
        word = state.left[0]
        if word == "--":
            loose += state.left[1:]
            state.left.clear()
        elif word.startswith("-") and word != "-":
            _option(command, state)
        elif not state.drop_blank():
            loose.append(state.left.pop(0))
    _place(command, state, loose)


def _place(command: Command, state: _Words, loose: list[str]) -> None:
    """Hand the words without a name to the positionals, in order."""
    for parameter in command.positionals:
        taken = len(loose) if parameter.repeats else 1
        if loose:
            state.given[parameter] = loose[:taken]
        loose = loose[taken:]
    if loose:
        raise unexpected_argument(loose[0], state.path, command, ())


def _known(word: str, node: Command | Group) -> Parameter[Any] | None:
    if not word.startswith("--"):
        return next((p for p in node.options if p.short == word[1:2]), None)
    name = _spelling(word[2:].partition("=")[0], node)
    return next((p for p in node.options if name in p.names), None)


def _spelling(name: str, node: Command | Group) -> str:
    return name.lower().replace("_", "-") if node.loose_names else name


def _option(node: Command | Group, state: _Words) -> None:
    """Read one word with options, and the values that follow it."""
    word = state.left.pop(0)
    if word.startswith("--"):
        parameter = _known(word, node)
        _, equals, attached = word.partition("=")
        if parameter is None:
            raise _unexpected(word.partition("=")[0], node, state)
        _take(parameter, attached if equals else None, node, state)
        return
    _cluster(word, node, state)


def _cluster(word: str, node: Command | Group, state: _Words) -> None:
    """Read short options: `-d db`, `-ddb`, `-d=db`, `-vv`, `-qp ns`."""
    rest = word[1:]
    while rest:
        letter, rest = rest[0], rest[1:]
        parameter = _known(f"-{letter}", node)
        if parameter is None:
            raise _unexpected(f"-{letter}", node, state)
        if parameter.takes == "nothing" and not rest.startswith("="):
            _take(parameter, None, node, state)
        else:
            _take(parameter, rest.removeprefix("=") if rest else None, node, state)
            return


def _unexpected(word: str, node: Command | Group, state: _Words) -> UsageError:
    names = [name for p in node.options if not p.hidden for name in p.names]
    return unexpected_argument(word, state.path, node, [*names, "help"])


def _take(
    parameter: Parameter[Any], attached: str | None, node: Command | Group, state: _Words
) -> None:
    if parameter in state.given and not parameter.repeats:
        raise UsageError(
            f"the argument '{parameter.display}' cannot be used multiple times",
            usage=usage_line(state.path, node),
        )
    state.given.setdefault(parameter, []).extend(_texts(parameter, attached, node, state))


def _texts(
    parameter: Parameter[Any], attached: str | None, node: Command | Group, state: _Words
) -> list[str]:
    """Give the texts of one occurrence of an option."""
    if parameter.takes == "nothing":
        if attached is None:
            return ["true"]
        raise UsageError(
            f"unexpected value '{attached}' for '{parameter.display}' found; no more were expected",
            usage=usage_line(state.path, node),
        )
    first = attached if attached is not None else state.next_value()
    if first is None:
        return _no_value(parameter, state)
    texts = parameter.split(first)
    while parameter.takes == "several" and attached is None:
        following = None if state.left and state.left[0].isspace() else state.next_value()
        if following is None:
            break
        texts += parameter.split(following)
    return texts


def _no_value(parameter: Parameter[Any], state: _Words) -> list[str]:
    if parameter.takes == "optional":
        return [parameter.bare_text]
    dashed = state.left[0] if state.left else ""
    tip = f"a value that starts with '-' is given as --{parameter.long}={dashed}"
    raise UsageError(
        f"a value is required for '{parameter.display}' but none was supplied",
        details=[f"[possible values: {', '.join(parameter.choices)}]"] if parameter.choices else (),
        tip=tip if dashed and dashed not in HELP_WORDS and not dashed.startswith("--") else None,
    )


def _values(command: Command, state: _Words, environment: Mapping[str, str]) -> Values:
    given = dict(state.given)
    values: dict[Parameter[Any], object] = {}
    for parameter in command.parameters:
        texts, variable = given.get(parameter), None
        if texts is None:
            texts, variable = _from_environment(parameter, environment)
        if texts is not None:
            given[parameter] = texts
        values[parameter] = _read(parameter, texts, variable)
    _check_conflicts(command, state, given)
    _check_missing(command, state, given)
    result = Values(values, given)
    if command.check is not None:
        command.check(result)
    return result


def _from_environment(
    parameter: Parameter[Any], environment: Mapping[str, str]
) -> tuple[list[str] | None, str | None]:
    """Give the texts of the first variable that is set, and its name; most may not be empty."""
    for name in parameter.environment:
        text = environment.get(name)
        if text is None or (not text and not parameter.empty_counts):
            continue
        return [text] if parameter.takes == "nothing" else parameter.split(text), name
    return None, None


def _read(parameter: Parameter[Any], texts: list[str] | None, variable: str | None) -> object:
    """Read the value; a wrong one that comes from the environment is told with its variable."""
    if texts is None:
        if parameter.default_text is None:
            return None if parameter.required else parameter.read(())
        texts = [parameter.default_text]
    try:
        _check_utf8(texts)
        if variable is not None and parameter.takes == "nothing":
            texts = [_boolean(parameter, text) for text in texts]
        return parameter.read([_choice(parameter, text) for text in texts])
    except BadValue as bad:
        error = invalid_value(parameter, bad.text, bad.reason)
    except UsageError as wrong:
        error = wrong
    if variable is not None:
        error.tip = f"it comes from the variable {variable}"
    raise error


def _check_utf8(texts: Iterable[str]) -> None:
    try:
        "".join(texts).encode()
    except UnicodeEncodeError as error:
        raise UsageError("invalid UTF-8 was detected in one or more arguments") from error


def _boolean(parameter: Parameter[Any], text: str) -> str:
    try:
        return boolean_text(text)
    except ValueError as error:
        message = f"invalid value '{text}' for '{parameter.display}'"
        raise UsageError(message, details=[BOOLEAN_WORDS]) from error


def _choice(parameter: Parameter[Any], text: str) -> str:
    if not parameter.choices:
        return text
    word = text.lower() if parameter.loose_case else text
    if word not in parameter.choices:
        raise invalid_value(parameter, text)
    return word


def _check_conflicts(
    command: Command, state: _Words, given: Mapping[Parameter[Any], object]
) -> None:
    for parameter in command.parameters:
        if parameter not in given:
            continue
        for other in _named(command, parameter.conflicts):
            if other in given:
                raise UsageError(
                    f"the argument '{parameter.display}' cannot be used with '{other.display}'",
                    usage=usage_line(state.path, command, state.given),
                )


def _check_missing(command: Command, state: _Words, given: Mapping[Parameter[Any], object]) -> None:
    wanted = {p for p in command.parameters if p.required}
    for parameter in given:
        wanted.update(_named(command, parameter.requires))
    missing = [p for p in command.parameters if p in wanted and p not in given]
    if missing:
        raise UsageError(
            "the following required arguments were not provided:",
            details=[parameter.display for parameter in missing],
            usage=usage_line(state.path, command, {*state.given, *missing}),
        )


def _named(command: Command, names: Iterable[str]) -> list[Parameter[Any]]:
    """Find parameters by long name, or positionals by value name."""
    return [p for p in command.parameters if (p.long or p.value_name) in set(names)]
