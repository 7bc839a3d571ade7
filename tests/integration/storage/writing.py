"""Lines into an engine, durable on return."""

from influxpe._engine import Engine


def write(engine: Engine, lines: str) -> None:
    """Write into the database `db`; every line must be good."""
    ticket = engine.write(
        "db",
        lines.encode(),
        precision="nanosecond",
        accept_partial=False,
        no_sync=False,
        now_ns=0,
    )
    assert ticket.errors == []
    engine.wait(ticket.sequence)
