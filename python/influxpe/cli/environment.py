r"""Settings that do not stand on the command line: the `.env` file and names of older releases.

A `.env` file is looked for in the working directory and then upwards. It holds `NAME=value` lines,
`export ` before them, `#` comments, single quotes (taken literally) and double quotes (with `\n`,
`\t`, `\"`, `\\`). It fills what the process environment leaves unset; `$NAME` in it is text.
"""

import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from pathlib import Path

DOTENV_NAME = ".env"
DOTENV_LINE = re.compile(
    r"""\s*(?:export\s+)?(?P<name>[A-Za-z_][\w.]*)\s*=\s*
        (?:'(?P<literal>[^']*)'|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>(?:[^'"\s\\#]|\\.)[^#\n]*?|))
        \s*(?:\#.*)?""",
    re.VERBOSE,
)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}

RENAMED_WITH_PREFIX = (
    "OBJECT_STORE_CONNECTION_LIMIT",
    "OBJECT_STORE_HTTP2_ONLY",
    "OBJECT_STORE_HTTP2_MAX_FRAME_SIZE",
    "OBJECT_STORE_REQUEST_TIMEOUT",
    "OBJECT_STORE_MAX_RETRIES",
    "OBJECT_STORE_RETRY_TIMEOUT",
    "OBJECT_STORE_CACHE_ENDPOINT",
    "OBJECT_STORE_TLS_ALLOW_INSECURE",
    "OBJECT_STORE_TLS_CA",
    "LOG_FILTER",
    "LOG_DESTINATION",
    "LOG_FORMAT",
    "TRACES_EXPORTER",
    "TRACES_EXPORTER_JAEGER_AGENT_HOST",
    "TRACES_EXPORTER_JAEGER_AGENT_PORT",
    "TRACES_EXPORTER_JAEGER_SERVICE_NAME",
    "TRACES_EXPORTER_JAEGER_TRACE_CONTEXT_HEADER_NAME",
    "TRACES_EXPORTER_JAEGER_DEBUG_NAME",
    "TRACES_EXPORTER_JAEGER_TAGS",
    "TRACES_JAEGER_MAX_MSGS_PER_SECOND",
)
RENAMED_THREADS = {
    "INFLUXDB3_NUM_THREADS": "INFLUXDB3_NUM_IO_THREADS",
    "INFLUXDB3_DATAFUSION_NUM_THREADS": "INFLUXDB3_NUM_DATAFUSION_THREADS",
}


class DotenvError(Exception):
    """The `.env` file cannot be used; the text says which line and why."""


def load_dotenv(environment: MutableMapping[str, str], folder: Path) -> None:
    """Fill what is unset from the nearest `.env` file. Raises `DotenvError`."""
    path = next((f / DOTENV_NAME for f in (folder, *folder.parents) if _exists(f)), None)
    if path is None:
        return
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DotenvError(f"{path}: {error}") from error
    for name, value in _assignments(text, path):
        environment.setdefault(name, value)


def copy_renamed(environment: MutableMapping[str, str], now_ns: Callable[[], int]) -> Iterator[str]:
    """Give deprecated variables their new names, and yield the warnings about them."""
    for old in RENAMED_WITH_PREFIX:
        new = f"INFLUXDB3_{old}"
        if old in environment:
            said = _renamed(old, new, both=new in environment)
            environment.setdefault(new, environment[old])
            yield f"{_timestamp(now_ns())}  WARN influxdb3::env_compat: {said}"
    for old, new in RENAMED_THREADS.items():
        if old in environment:
            environment.setdefault(new, environment[old])
            yield f"WARN: Use of deprecated environment variable {old}: replace with {new}"


def _renamed(old: str, new: str, *, both: bool) -> str:
    said = f"environment variable {old} is deprecated, use {new} instead"
    return f"{said} ({new} is set and wins)" if both else said


def _timestamp(now_ns: int) -> str:
    from datetime import UTC, datetime

    moment = datetime.fromtimestamp(now_ns // 1_000_000_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{now_ns // 1_000 % 1_000_000:06}Z"


def _exists(folder: Path) -> bool:
    try:
        return (folder / DOTENV_NAME).is_file()
    except OSError:
        return False


def _assignments(text: str, path: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = DOTENV_LINE.fullmatch(line)
        if match is None:
            raise DotenvError(f"{path}: line {number} is not NAME=value")
        yield match["name"], _value(match.groupdict())


def _value(groups: Mapping[str, str | None]) -> str:
    if groups["literal"] is not None:
        return groups["literal"]
    text = groups["quoted"] if groups["quoted"] is not None else groups["plain"] or ""
    return re.sub(r"\\(.)", lambda match: ESCAPES.get(match[1], match[1]), text)
