"""One run of a plugin: load it, call its entry point, and say how it went."""

import asyncio
import inspect
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from types import TracebackType
from typing import Any, Final

from influxpe.worker import wire
from influxpe.worker.call_time import CallTime
from influxpe.worker.local import InfluxDB3Local
from influxpe.worker.response import ResponseError, to_response
from influxpe.worker.rows import table_batches
from influxpe.worker.source import NullBytesError, Sources

MESSAGE_CHARACTERS_MAX: Final = 65_536
TRACEBACK_CHARACTERS_MAX: Final = 32_768

_SIGNATURES: Final[dict[wire.Kind, str]] = {
    "wal": "process_writes(influxdb3_local, table_batches, args=None)",
    "schedule": "process_scheduled_call(influxdb3_local, call_time, args=None)",
    "request": (
        "process_request(influxdb3_local, query_parameters, request_headers, request_body, "
        "args=None) -> Tuple[str, Optional[Dict[str, str]]]"
    ),
}


class MissingEntryError(Exception):
    """The plugin lacks its entry point; the text is the reference's and stands without a type."""


# Errors of loading and converting, which the reference shows without the name of a type.
_BARE: Final = (MissingEntryError, ResponseError, NullBytesError)


def invoke(
    sources: Sources, start: wire.Start, payload: bytes, local: InfluxDB3Local
) -> wire.HttpResponse | None:
    """Run a plugin to its end; a request's answer. Raises whatever the plugin raises."""
    function = _entry_point(sources.load(start.digest), start.kind)
    arguments = dict(start.arguments) if start.arguments is not None else None
    value = function(local, *_data(start, payload), arguments)
    if inspect.iscoroutine(value):
        value = asyncio.run(value)
    if inspect.isasyncgen(value):
        value = asyncio.run(_collected(value))
    return to_response(value) if start.kind == "request" else None


async def _collected(pieces: AsyncIterator[object]) -> Iterator[object]:
    """Take all pieces of a body from an `async def` with `yield`."""
    return iter([piece async for piece in pieces])


def _entry_point(names: dict[str, Any], kind: wire.Kind) -> Callable[..., object]:
    """Find the function of a kind of trigger. Raises `MissingEntryError`."""
    signature = _SIGNATURES[kind]
    name = signature.partition("(")[0]
    if name not in names:
        raise MissingEntryError(
            f"the {name} function is not present in the plugin. Should be defined as: {signature}"
        )
    function: Callable[..., object] = names[name]
    return function


def _data(start: wire.Start, payload: bytes) -> tuple[object, ...]:
    """The arguments between `influxdb3_local` and `args`."""
    if start.kind == "wal":
        return (table_batches(start.tables, payload),)
    if start.kind == "schedule":
        return (CallTime.from_ns(start.call_time_ns),)
    request = start.request or wire.RequestParts({}, {})
    return request.query_parameters, request.headers, payload


def failure(error: BaseException, own_path: str) -> wire.Failure:
    """Describe an error as the server shows it; `own_path` is the file of the plugin."""
    kind = "" if isinstance(error, _BARE) else type(error).__name__
    shown = "" if isinstance(error, _BARE) else _traceback(error, own_path)
    return wire.Failure(kind, _clean(_message(error), MESSAGE_CHARACTERS_MAX), shown)


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException as second:  # `__str__` is the plugin's code as well
        return f"<exception str() failed: {type(second).__name__}>"


def _traceback(error: BaseException, own_path: str) -> str:
    """The traceback from the plugin's own first line on; the newest lines if it is long."""
    try:
        frames = _from_file(error.__traceback__, own_path)
        lines = traceback.format_exception(type(error), error, frames)
        return _clean("".join(lines), TRACEBACK_CHARACTERS_MAX)
    except BaseException as second:  # formatting calls the plugin's code, as above
        return f"<no traceback: {type(second).__name__}>"


def _from_file(frames: TracebackType | None, path: str) -> TracebackType | None:
    """Leave out the frames above the plugin; for a syntax error there are no others."""
    while frames is not None and frames.tb_frame.f_code.co_filename != path:
        frames = frames.tb_next
    return frames


def _clean(text: str, characters_max: int) -> str:
    """Text that can be sent: no halves of surrogate pairs, and not more than the end of it."""
    cut = len(text) - characters_max
    shown = text if cut <= 0 else f"({cut} characters cut) ...{text[-characters_max:]}"
    return shown.encode("utf-8", "replace").decode()
