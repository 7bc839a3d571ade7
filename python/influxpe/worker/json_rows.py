"""`json.dumps` of rows: it knows lists by their C type, and `Rows` is none."""

import json.encoder
from collections.abc import Callable
from typing import Any

from influxpe.worker.rows import Rows

_make_encoder: Callable[..., Any] = json.encoder.c_make_encoder  # type: ignore[attr-defined] # not in the stubs


def install() -> None:
    """Make `json` write `Rows` as a list, before any `default` of the plugin is asked."""
    json.encoder.c_make_encoder = _make_rows_encoder  # type: ignore[attr-defined] # as above


def _make_rows_encoder(
    markers: object,
    default: Callable[[Any], Any],
    *rest: Any,  # noqa: ANN401 # handed on as they are
) -> Any:  # noqa: ANN401 # a C type without a name
    """Make the C encoder, with a default that knows `Rows`."""

    def rows_or_default(value: Any) -> Any:  # noqa: ANN401 # anything that is not JSON
        return list(value) if type(value) is Rows else default(value)

    return _make_encoder(markers, rows_or_default, *rest)
