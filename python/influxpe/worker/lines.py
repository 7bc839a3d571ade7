"""What the `write` methods take -> line protocol."""

from collections.abc import Iterable, Mapping

from influxdb3.line_builder import LineBuilder


def line_text(lines: object) -> str:
    """The text of a builder (anything with `build()`), `str`, `bytes`, or an iterable of those.

    Raises what `build` raises, `TypeError` where it gives no `str`, `AttributeError` for the rest.
    """
    if type(lines) is LineBuilder:
        return lines.build()
    if isinstance(lines, str):
        return lines
    if isinstance(lines, bytes | bytearray):
        return lines.decode()
    if hasattr(lines, "build"):
        return _built(lines)
    if isinstance(lines, Iterable) and not isinstance(lines, Mapping):
        return "\n".join([text for part in lines if (text := line_text(part))])
    raise AttributeError(f"'{type(lines).__name__}' object has no attribute 'build'")


def _built(builder: object) -> str:
    """Ask a builder of the plugin's own."""
    text = builder.build()  # type: ignore[attr-defined] # the caller has looked
    if not isinstance(text, str):
        name, kind = type(builder).__name__, type(text).__name__
        raise TypeError(f"build() of '{name}' must return a str, not {kind}")
    return text
