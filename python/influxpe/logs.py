"""How the server logs: one line per event, in the shapes that InfluxDB 3 users have scripts for.

A record may carry `extra={"fields": {...}}`; they follow the message as `key=value`. Nothing else
in the server touches the configuration of `logging`.
"""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from influxpe.config import ServerConfig

ROOT = "influxpe"
TRACE = 5
LEVELS = {
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": TRACE,
    "off": logging.CRITICAL + 1,
}
COLOURS = {"ERROR": 31, "WARN": 33, "INFO": 32, "DEBUG": 34, "TRACE": 35}
VERBOSE_LEVELS = ("info", "debug", "trace")


def configure(config: ServerConfig) -> None:
    """Send all records of the process to one stream, in the format and from the level asked for."""
    stream = sys.stderr if config.log_destination == "stderr" else sys.stdout
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter(config.log_format, stream))
    root = logging.getLogger()
    root.handlers = [handler]
    _apply(_directives(config))


def formatter(name: str, stream: TextIO) -> logging.Formatter:
    """Give the formatter `full`, `pretty`, `json` or `logfmt`; colour only on a terminal."""
    if name == "json":
        return JsonFormatter()
    if name == "logfmt":
        return LogfmtFormatter()
    return LineFormatter(colour=stream.isatty(), pretty=name == "pretty")


def _directives(config: ServerConfig) -> str:
    if config.verbose == 0:
        return config.log_filter
    return VERBOSE_LEVELS[min(config.verbose, len(VERBOSE_LEVELS)) - 1]


def _apply(directives: str) -> None:
    logging.addLevelName(TRACE, "TRACE")
    logging.getLogger().setLevel(logging.WARNING)
    logging.getLogger(ROOT).setLevel(logging.INFO)
    for directive in filter(None, (part.strip() for part in directives.split(","))):
        target, equals, level = directive.rpartition("=")
        if level.lower() in LEVELS:
            name = target.replace("::", ".") if equals else ROOT
            logging.getLogger(name).setLevel(LEVELS[level.lower()])


def _level(record: logging.LogRecord) -> str:
    return "WARN" if record.levelno == logging.WARNING else record.levelname


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _fields(record: logging.LogRecord) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = getattr(record, "fields", {})
    return fields


def _value(value: object) -> str:
    text = str(value)
    plain = text and not any(c in text for c in ' "=\n')
    return text if plain else json.dumps(text, ensure_ascii=False)


def _pairs(fields: Mapping[str, Any]) -> str:
    return "".join(f" {key}={_value(value)}" for key, value in fields.items())


class LineFormatter(logging.Formatter):
    """`2026-06-18T10:00:00.000000Z  INFO target: message key=value`; pretty puts fields below."""

    def __init__(self, *, colour: bool, pretty: bool) -> None:
        super().__init__()
        self._colour = colour
        self._pretty = pretty

    def format(self, record: logging.LogRecord) -> str:
        """Compose one event; a traceback follows on lines of its own."""
        level = _level(record)
        shown = f"{level:>5}"
        if self._colour:
            shown = f"\x1b[{COLOURS.get(level, 0)}m{shown}\x1b[0m"
        line = f"{_time(record)} {shown} {record.name}: {record.getMessage()}"
        if self._pretty:
            line += "".join(f"\n    {key}: {value}" for key, value in _fields(record).items())
        else:
            line += _pairs(_fields(record))
        return line + _traceback(self, record)


class JsonFormatter(logging.Formatter):
    """One JSON object per line: timestamp, level, fields (message first), target."""

    def format(self, record: logging.LogRecord) -> str:
        """Compose one event; a traceback is the field `traceback`."""
        fields: dict[str, Any] = {"message": record.getMessage(), **_fields(record)}
        if traceback := _traceback(self, record):
            fields["traceback"] = traceback.strip()
        event = {
            "timestamp": _time(record),
            "level": _level(record),
            "fields": fields,
            "target": record.name,
        }
        return json.dumps(event, ensure_ascii=False, default=str)


class LogfmtFormatter(logging.Formatter):
    """`level=info msg="..." key=value target="..." time=NANOSECONDS`."""

    def format(self, record: logging.LogRecord) -> str:
        """Compose one event; a traceback is the pair `traceback`."""
        fields = dict(_fields(record))
        if traceback := _traceback(self, record):
            fields["traceback"] = traceback.strip()
        message = json.dumps(record.getMessage(), ensure_ascii=False)
        time_ns = int(record.created * 1_000_000) * 1000
        head = f"level={_level(record).lower()} msg={message}{_pairs(fields)}"
        return f'{head} target="{record.name}" time={time_ns}'


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    if not record.exc_info:
        return ""
    return "\n" + formatter.formatException(record.exc_info)
