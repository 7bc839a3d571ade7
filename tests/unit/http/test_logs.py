"""Log lines in each format, and the filter."""

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest

from influxpe import logs
from influxpe.config import ServerConfig

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def record(level: int = logging.INFO) -> logging.LogRecord:
    made = logging.LogRecord("influxpe.server", level, "", 0, "startup time: %dms", (3,), None)
    made.fields = {"address": "127.0.0.1:1", "name": "a b"}
    return made


def line(name: str, level: int = logging.INFO) -> str:
    return logs.formatter(name, io.StringIO()).format(record(level))


def test_full_format() -> None:
    expected = (
        rf'{TIME}  INFO influxpe\.server: startup time: 3ms address=127\.0\.0\.1:1 name="a b"'
    )
    assert re.fullmatch(expected, line("full"))


def test_warnings_are_called_warn() -> None:
    assert "  WARN influxpe.server:" in line("full", logging.WARNING)


def test_pretty_format_puts_fields_on_lines_of_their_own() -> None:
    assert line("pretty").endswith("startup time: 3ms\n    address: 127.0.0.1:1\n    name: a b")


def test_json_format() -> None:
    event = json.loads(line("json"))
    assert re.fullmatch(TIME, event.pop("timestamp"))
    assert event == {
        "level": "INFO",
        "fields": {"message": "startup time: 3ms", "address": "127.0.0.1:1", "name": "a b"},
        "target": "influxpe.server",
    }


def test_logfmt_format() -> None:
    expected = r'level=info msg="startup time: 3ms" address=127\.0\.0\.1:1 name="a b" '
    assert re.fullmatch(expected + r'target="influxpe\.server" time=\d+', line("logfmt"))


def test_colour_is_for_terminals() -> None:
    assert "\x1b[" not in line("full")
    assert "\x1b[32m INFO\x1b[0m" in logs.formatter("full", Terminal()).format(record())


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """Put back what a test configures."""
    root = logging.getLogger()
    names = ("influxpe", "influxpe.http", "influxpe.triggers")
    levels = {name: logging.getLogger(name).level for name in names}
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


@pytest.mark.usefixtures("logging_as_before")
def test_filter_has_a_level_and_levels_of_targets() -> None:
    directives = "warn,influxpe::http=debug,nonsense,iox_query::x=trace,influxpe.triggers=off"
    logs.configure(ServerConfig(log_filter=directives))
    assert logging.getLogger("influxpe").level == logging.WARNING
    assert logging.getLogger("influxpe.http").level == logging.DEBUG
    assert not logging.getLogger("influxpe.triggers").isEnabledFor(logging.ERROR)


@pytest.mark.usefixtures("logging_as_before")
@pytest.mark.parametrize(("verbose", "level"), [(1, logging.INFO), (2, 10), (3, 5), (9, 5)])
def test_verbose_wins_over_the_filter(verbose: int, level: int) -> None:
    logs.configure(ServerConfig(log_filter="error", verbose=verbose))
    assert logging.getLogger("influxpe").level == level
