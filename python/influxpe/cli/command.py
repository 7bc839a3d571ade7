"""The command tree as data: a `Command` does something, a `Group` holds commands."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from influxpe.cli.parameter import Parameter

Value = TypeVar("Value")


class CommandError(Exception):
    """The command ran and failed: one line for stderr, exit code 1, and maybe a hint below."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        self.message = message
        self.hint = hint
        super().__init__(message)


class Values:
    """What the user gave, looked up by the parameter itself."""

    def __init__(
        self, values: Mapping[Parameter[Any], Any], given: Mapping[Parameter[Any], object]
    ) -> None:
        self._values = values
        self._given = frozenset(given)

    def __getitem__(self, parameter: Parameter[Value]) -> Value:
        value: Value = self._values[parameter]
        return value

    def given(self, parameter: Parameter[Any]) -> bool:
        """Whether it came from the command line or the environment, not from its default."""
        return parameter in self._given


@dataclass(frozen=True, eq=False, kw_only=True)
class Command:
    """One command. `run` returns the exit code; it may raise `CommandError`.

    `check` sees the values before `run` and raises `UsageError` for combinations that the
    parameters cannot express. With `loose_names` option names ignore case, and `_` is `-`.
    """

    name: str
    about: str
    verb: str
    run: Callable[[Values], int]
    parameters: tuple[Parameter[Any], ...]
    check: Callable[[Values], None] | None = None
    aliases: tuple[str, ...] = ()
    heading: str = "Commands"
    details: str = ""
    examples: tuple[str, ...] = ()
    loose_names: bool = False

    @property
    def options(self) -> tuple[Parameter[Any], ...]:
        """Parameters with a name."""
        return tuple(p for p in self.parameters if p.long is not None)

    @property
    def positionals(self) -> tuple[Parameter[Any], ...]:
        """Parameters without a name, in their order."""
        return tuple(p for p in self.parameters if p.long is None)


@dataclass(frozen=True, eq=False, kw_only=True)
class Group:
    """A word that needs another word after it; `default` is run where none follows.

    `options` may stand before the next word; a command that wants them lists them too.
    """

    name: str
    about: str
    members: tuple["Command | Group", ...]
    options: tuple[Parameter[Any], ...] = ()
    aliases: tuple[str, ...] = ()
    heading: str = "Commands"
    default: Command | None = None
    details: str = ""
    loose_names: bool = field(default=False, init=False)

    def find(self, word: str) -> "Command | Group | None":
        """Give the member with this name or alias."""
        return next((m for m in self.members if word in (m.name, *m.aliases)), None)

    def words(self) -> Iterator[str]:
        """All names and aliases of the members."""
        for member in self.members:
            yield member.name
            yield from member.aliases
