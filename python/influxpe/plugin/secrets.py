"""Secrets of plugins: named in triggers as `secret:NAME`, looked up when a run begins.

The catalog and whatever is shown hold the name alone. The value is the text of the file NAME in the
secrets folder, without a newline at its end, or else the variable `INFLUXPE_SECRET_<NAME>`. It is
read for each run, so that one that was changed counts from the next run on. The folder may be what
Kubernetes mounts, which consists of links.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from influxpe.errors import PluginError

REFERENCE = "secret:"
VARIABLE = "INFLUXPE_SECRET_"
# More than any key or certificate chain has.
SECRET_BYTES_MAX = 64 * 1024
NAME_CHARACTERS_MAX = 128
REDACTED = "***"

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
# Lines of a longer secret, such as a key, that are taken out where they stand alone.
_LINE_CHARACTERS_MIN = 8


class SecretMissing(PluginError):
    """A trigger names a secret that there is not; the text has its name, never a value."""


class Secrets:
    """The secrets of one server."""

    def __init__(self, folder: Path | None, environment: Mapping[str, str] | None = None) -> None:
        """`environment` is the server's by default."""
        self._folder = folder
        self._environment = os.environ if environment is None else environment

    def get(self, name: str) -> str:
        """Give the value of a secret. Raises `SecretMissing`; may read a file."""
        if len(name) > NAME_CHARACTERS_MAX or _NAME.fullmatch(name) is None:
            raise SecretMissing(f"'{name[:NAME_CHARACTERS_MAX]}' is no name of a secret")
        value = self._read(name)
        if value is None:
            value = self._environment.get(VARIABLE + name)
        if value is None:
            file = "" if self._folder is None else f"no file {self._folder / name} and "
            raise SecretMissing(
                f"secret '{name}' is missing: there is {file}no variable {VARIABLE}{name}"
            )
        if "\0" in value:
            raise SecretMissing(f"secret '{name}' has a NUL character")
        return value

    def _read(self, name: str) -> str | None:
        """Give the text of a file, `None` where there is none."""
        if self._folder is None:
            return None
        try:
            with (self._folder / name).open("rb") as file:
                content = file.read(SECRET_BYTES_MAX + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            reason = (error.strerror or "unreadable").lower()
            raise SecretMissing(f"secret '{name}' cannot be read: {reason}") from None
        if len(content) > SECRET_BYTES_MAX:
            raise SecretMissing(f"secret '{name}' has more than {SECRET_BYTES_MAX} bytes")
        try:
            text = content.decode()
        except UnicodeDecodeError:
            raise SecretMissing(f"secret '{name}' is no UTF-8 text") from None
        return text.removesuffix("\n").removesuffix("\r")


@dataclass(frozen=True)
class Resolved:
    """Texts whose references are replaced; `secrets` are the values that came in."""

    values: dict[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


def resolve(values: Mapping[str, str], secrets: Secrets) -> Resolved:
    """Put secrets in the place of `secret:NAME`; all else stays. Raises `SecretMissing`."""
    found: list[str] = []
    resolved = dict(values)
    for key, text in values.items():
        if text.startswith(REFERENCE):
            resolved[key] = secrets.get(text.removeprefix(REFERENCE))
            found.append(resolved[key])
    return Resolved(resolved, tuple(found))


class Redactor:
    """Takes the values of secrets out of texts, also as `repr`, JSON and addresses write them.

    Text has to pass here before it is cut: half a secret is not recognised.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for value in secrets for form in _forms(value)} - {""}
        longest_first = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def clean(self, text: str) -> str:
        """Give a text with `***` wherever it had a secret."""
        return text if self._pattern is None else self._pattern.sub(REDACTED, text)


def _forms(value: str) -> set[str]:
    lines = {line for line in value.splitlines() if len(line) >= _LINE_CHARACTERS_MIN}
    return {
        written
        for text in {value, *lines}
        for written in (text, repr(text)[1:-1], json.dumps(text)[1:-1], quote(text, safe=""))
    }
