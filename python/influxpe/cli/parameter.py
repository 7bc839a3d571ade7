"""What a command takes, described as data: options, flags and positionals.

A `Parameter[Value]` is also the key to what the user gave: `values[DATABASE]` has the type that
the parameter promises, so commands need no casts and misspelt names do not type-check.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypedDict, TypeVar, Unpack

Value_co = TypeVar("Value_co", covariant=True)
Item = TypeVar("Item")

# How many words follow: none (a flag), one, none or one, or all up to the next option.
Takes = Literal["nothing", "one", "optional", "several"]

TRUE_WORDS = frozenset({"true", "1", "yes", "on"})
FALSE_WORDS = frozenset({"false", "0", "no", "off"})


class BadValue(ValueError):
    """One given text cannot be read; `text` is that text, `reason` says why."""

    def __init__(self, text: str, reason: str) -> None:
        self.text = text
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, eq=False, kw_only=True)
class Parameter(Generic[Value_co]):
    """One thing that a user may give to a command.

    `read` turns all given texts (after splitting; none where nothing was given) into the value and
    raises `BadValue`. A positional has no `long`. `environment` lists variables, newest first.
    `loose_case` matches `choices` whatever their case.
    """

    read: Callable[[Sequence[str]], Value_co]
    description: str
    long: str | None = None
    short: str | None = None
    value_name: str = ""
    takes: Takes = "one"
    repeats: bool = False
    separators: str = ""
    required: bool = False
    default_text: str | None = None
    bare_text: str = ""
    choices: tuple[str, ...] = ()
    loose_case: bool = False
    aliases: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    empty_counts: bool = False
    conflicts: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    heading: str = "Options"
    hidden: bool = False
    advanced: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """All long names, the shown one first; empty for a positional."""
        return () if self.long is None else (self.long, *self.aliases)

    @property
    def display(self) -> str:
        """How messages name it: `--database <DATABASE_NAME>` or `<TABLE_NAME>`."""
        dots = "..." if self.takes == "several" else ""
        if self.long is None:
            shape = f"<{self.value_name}>" if self.required else f"[{self.value_name}]"
            return shape + dots
        if self.takes == "nothing":
            return f"--{self.long}"
        if self.takes == "optional":
            return f"--{self.long} [<{self.value_name}>]"
        return f"--{self.long} <{self.value_name}>{dots}"

    def split(self, text: str) -> list[str]:
        """Cut one given text into the values that it lists; empty ones are left out."""
        if not self.separators:
            return [text]
        for separator in self.separators[1:]:
            text = text.replace(separator, self.separators[0])
        return [part for part in text.split(self.separators[0]) if part]


class Details(TypedDict, total=False):
    """Fields of `Parameter` that any constructor below passes on."""

    short: str
    aliases: tuple[str, ...]
    environment: tuple[str, ...]
    choices: tuple[str, ...]
    loose_case: bool
    empty_counts: bool
    conflicts: tuple[str, ...]
    requires: tuple[str, ...]
    heading: str
    hidden: bool
    advanced: bool


def option(
    long: str,
    value_name: str,
    description: str,
    convert: Callable[[str], Item],
    **details: Unpack[Details],
) -> Parameter[Item | None]:
    """Describe an option with one value; `None` where it is not given."""

    def read(texts: Sequence[str]) -> Item | None:
        return _convert(convert, texts[-1]) if texts else None

    return Parameter(
        read=read, long=long, value_name=value_name, description=description, **details
    )


def defaulted(
    long: str,
    value_name: str,
    description: str,
    convert: Callable[[str], Item],
    default_text: str,
    **details: Unpack[Details],
) -> Parameter[Item]:
    """Describe an option with one value and a default, written as a user would."""
    return Parameter(
        read=lambda texts: _convert(convert, texts[-1]),
        long=long,
        value_name=value_name,
        description=description,
        default_text=default_text,
        **details,
    )


def required(
    long: str,
    value_name: str,
    description: str,
    convert: Callable[[str], Item],
    **details: Unpack[Details],
) -> Parameter[Item]:
    """Describe an option that must be given, by flag or by environment."""
    return Parameter(
        read=lambda texts: _convert(convert, texts[-1]),
        long=long,
        value_name=value_name,
        description=description,
        required=True,
        **details,
    )


def flag(long: str, description: str, **details: Unpack[Details]) -> Parameter[bool]:
    """Describe a switch without a value; through the environment it takes a boolean word."""
    return Parameter(
        read=lambda texts: bool(texts) and texts[-1] == "true",
        long=long,
        description=description,
        takes="nothing",
        **details,
    )


def count(long: str, description: str, **details: Unpack[Details]) -> Parameter[int]:
    """Describe a switch whose repetitions are counted (`-vv`)."""
    return Parameter(
        read=len, long=long, description=description, takes="nothing", repeats=True, **details
    )


def optional_value(
    long: str,
    value_name: str,
    description: str,
    bare_text: str,
    **details: Unpack[Details],
) -> Parameter[str | None]:
    """Describe an option whose value may be left out; alone it means `bare_text`."""
    return Parameter(
        read=lambda texts: texts[-1] if texts else None,
        long=long,
        value_name=value_name,
        description=description,
        takes="optional",
        bare_text=bare_text,
        **details,
    )


def several(
    long: str,
    value_name: str,
    description: str,
    convert: Callable[[str], Item],
    *,
    separators: str = ",",
    greedy: bool = False,
    **details: Unpack[Details],
) -> Parameter[tuple[Item, ...]]:
    """Describe an option that may be repeated and whose values are split at `separators`.

    A greedy one takes all words up to the next option. Without separators nothing is split.
    """
    return Parameter(
        read=lambda texts: tuple(_convert(convert, text) for text in texts),
        long=long,
        value_name=value_name,
        description=description,
        takes="several" if greedy else "one",
        repeats=True,
        separators=separators,
        **details,
    )


def positional(
    value_name: str, description: str, *, environment: tuple[str, ...] = ()
) -> Parameter[str]:
    """Describe a word that must stand on the command line."""
    return Parameter(
        read=lambda texts: texts[-1],
        value_name=value_name,
        description=description,
        required=True,
        environment=environment,
        heading="Arguments",
    )


def optional_positional(value_name: str, description: str) -> Parameter[str | None]:
    """Describe a word that may stand on the command line."""
    return Parameter(
        read=lambda texts: texts[-1] if texts else None,
        value_name=value_name,
        description=description,
        heading="Arguments",
    )


def positionals(value_name: str, description: str) -> Parameter[tuple[str, ...]]:
    """Describe any number of words, none included."""
    return Parameter(
        read=tuple,
        value_name=value_name,
        description=description,
        takes="several",
        repeats=True,
        heading="Arguments",
    )


def boolean_text(text: str) -> str:
    """Read a boolean word of the environment as `true` or `false`; raises `ValueError`."""
    word = text.strip().lower()
    if word in TRUE_WORDS:
        return "true"
    if word in FALSE_WORDS:
        return "false"
    raise ValueError(text)


def _convert(convert: Callable[[str], Item], text: str) -> Item:
    try:
        return convert(text)
    except ValueError as error:
        raise BadValue(text, str(error)) from error
