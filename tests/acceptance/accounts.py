"""Compares what a server gives back with the accounts of the writers, by way of its HTTP."""

from collections import Counter
from collections.abc import Sequence

from tests.acceptance.writers import FIRST_TIMESTAMP_NS, Batch, Writer, value_of
from tests.api_client import ApiClient

Stored = dict[tuple[int, int], int]


def check_counts(url: str, writers: Sequence[Writer]) -> None:
    """Compare counts: nothing acknowledged is missing, nothing is too much."""
    query = "SELECT writer, count(*) AS points FROM points GROUP BY writer"
    with ApiClient(url) as client:
        counted = {int(row["writer"]): row["points"] for row in client.rows("kill", query)}
    for writer in writers:
        assert writer.refused == []
        least = sum(batch.last - batch.first + 1 for batch in writer.acknowledged)
        most = least + sum(batch.last - batch.first + 1 for batch in writer.unanswered)
        assert least <= counted.get(writer.number, 0) <= most, f"writer {writer.number}"


def check_points(url: str, writers: Sequence[Writer]) -> None:
    """Compare every stored point with the account of its writer."""
    assert all(writer.acknowledged for writer in writers)
    stored = read_points(url)
    for writer in writers:
        for batch in writer.acknowledged:
            assert all_there(stored, writer.number, batch)
        for batch in writer.unanswered:
            assert whole_or_not_at_all(stored, writer.number, batch)
    assert stored == {}, "points that nobody sent"


def read_points(url: str) -> Stored:
    """Read all points back as (writer, sequence) -> value; a point that comes twice fails."""
    query = "SELECT writer, CAST(time AS BIGINT) AS t, value FROM points"
    with ApiClient(url) as client:
        answer = client.sql("kill", query, format="csv")
    assert answer.status_code == 200, answer.text
    rows = [line.split(",") for line in answer.text.splitlines()[1:]]
    points = [((int(w), int(t) - FIRST_TIMESTAMP_NS), int(value)) for w, t, value in rows]
    counted = Counter(point for point, _ in points)
    assert [point for point, times in counted.items() if times > 1] == []
    return dict(points)


def all_there(stored: Stored, writer: int, batch: Batch) -> bool:
    """Whether all points of a batch are stored; takes them out."""
    sequences = range(batch.first, batch.last + 1)
    return all(stored.pop((writer, n), None) == value_of(writer, n) for n in sequences)


def whole_or_not_at_all(stored: Stored, writer: int, batch: Batch) -> bool:
    """Whether all points of a batch are stored, or none; takes them out."""
    absent = (writer, batch.first) not in stored
    if not absent:
        return all_there(stored, writer, batch)
    return all((writer, n) not in stored for n in range(batch.first, batch.last + 1))
