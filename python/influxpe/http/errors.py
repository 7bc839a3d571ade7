"""One table: which exception becomes which status and body.

Whatever is not in the table is a fault of this server: it answers 500, is logged with its
traceback, and the server goes on.
"""

import logging
from collections.abc import Callable

from starlette.responses import Response

from influxpe import errors
from influxpe.http.messages import Refusal, json_bytes, with_headers
from influxpe.triggers.spec import SpecError

logger = logging.getLogger(__name__)

# What makes the server busy (a full buffer, a full disk) is looked at again within a second.
RETRY_AFTER_SECONDS = 1

Body = Callable[[Exception], bytes | str]


def as_text(error: Exception) -> bytes | str:
    """Give the message alone."""
    return str(error)


def as_json(error: Exception) -> bytes | str:
    """Give the message as `{"error":"..."}`."""
    return json_bytes({"error": str(error)})


def _as_plugin_error(error: Exception) -> bytes | str:
    text = str(error)
    return text if text.startswith("Plugin error:") else f"Plugin error: {text}"


TABLE: dict[type[Exception], tuple[int, Body]] = {
    errors.InvalidError: (400, as_text),
    errors.NotFoundError: (404, as_text),
    errors.ConflictError: (409, as_text),
    errors.TooLargeError: (422, as_json),
    errors.BusyError: (503, as_text),
    errors.TimedOutError: (504, as_text),
    errors.CancelledError: (503, as_text),
    errors.UnsupportedError: (405, as_text),
    errors.ClosedError: (503, as_text),
    errors.CorruptError: (500, as_text),
    errors.InternalError: (500, as_text),
    SpecError: (400, as_text),
    errors.RestrictedTrigger: (400, as_text),
    errors.NoSuchPath: (404, as_json),
    errors.RunningTrigger: (409, as_text),
    errors.PackagesDisabled: (403, as_text),
    errors.InstallFailed: (500, as_text),
    errors.PluginError: (500, _as_plugin_error),
    errors.TriggerError: (500, as_text),
}


def find(error: Exception) -> tuple[int, Body] | None:
    """Give the row of an exception: that of its class, or of the nearest class above."""
    for kind in type(error).__mro__:
        if kind in TABLE:
            return TABLE[kind]
    return None


def answer(error: Exception) -> Response:
    """Give the answer for anything that an endpoint may raise."""
    if isinstance(error, Refusal):
        return error.response()
    row = find(error)
    if row is None:
        return unexpected(error)
    status, body = row
    if status == 500:
        logger.error("request failed: %s", error, extra={"fields": {"status": status}})
    return with_retry(Response(body(error), status), error)


def with_retry(response: Response, error: Exception) -> Response:
    """Say when to come back, where that may help: on `Busy`."""
    if isinstance(error, errors.BusyError):
        with_headers(response, {"Retry-After": str(RETRY_AFTER_SECONDS)})
    return response


def unexpected(error: Exception) -> Response:
    """Answer for a fault of this server, and log where it is."""
    logger.error("internal error", exc_info=error)
    kind = type(error).__name__
    return Response(json_bytes({"error": f"internal error: {kind}: {error}"}), 500)
