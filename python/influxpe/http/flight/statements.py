"""Statements: a text, the values of its placeholders, and its language; and how one is run.

This is the one place where a language meets the engine.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from influxpe._engine import Cancellation, Engine, QueryStream
    from influxpe.engine_types import Language, Scalar


@dataclass(frozen=True, slots=True)
class Statement:
    """What is to be run."""

    text: str
    params: Mapping[str, Scalar] = field(default_factory=dict)
    language: Language = "sql"

    def with_nulls(self, names: Iterable[str]) -> Statement:
        """Give a null to each of its placeholders without a value, so that it can be planned."""
        nulls: dict[str, Scalar] = dict.fromkeys(names)
        return replace(self, params=nulls | dict(self.params))


def run(
    engine: Engine,
    database: str,
    statement: Statement,
    cancellation: Cancellation | None = None,
    number: int | None = None,
) -> QueryStream:
    """Plan a statement; its rows come as an Arrow stream. Raises what `Engine.query` does."""
    return engine.query(
        database,
        statement.text,
        params=statement.params,
        format="arrow",
        language=statement.language,
        cancellation=cancellation,
        number=number,
    )
