"""Parameters that stand in quotes, where nothing is filled in."""

import pytest

from influxpe.worker.local import quoted_parameters


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT * FROM h WHERE room = '$room'", ["room"]),
        ("SELECT * FROM h WHERE room = 'x $room y'", ["room"]),
        ("SELECT * FROM h WHERE room = $room", []),
        ("SELECT '$room' FROM h WHERE room = $room", []),
        ("SELECT 'it''s $room'", ["room"]),
        ("SELECT '$roomy'", []),
        ("SELECT 'a' || $room || 'b'", []),
        ("SELECT '$other'", []),
    ],
)
def test_only_what_is_nowhere_else_is_named(sql: str, names: list[str]) -> None:
    assert quoted_parameters(sql, {"room": "Kitchen"}) == names
