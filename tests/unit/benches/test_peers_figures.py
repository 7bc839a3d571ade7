"""What is said of figures and answers side by side."""

from pathlib import Path

import pytest

from benches.peers import figures, report
from benches.peers.figures import Figure, Measured, against_the_best, differences
from benches.peers.questions import Answer

RATE = Figure("a rate", "rows/s", more_is_better=True)
TIME = Figure("a time", "ms")


def measured(system: str, values: dict[Figure, float], answer: Answer | None = None) -> Measured:
    answers = {"lastpoint": answer} if answer else {}
    return Measured(system, "synced to disk", "1.0", values, answers=answers)


def test_the_best_peer_is_the_fastest_one() -> None:
    assert against_the_best(RATE, 300.0, [100.0, 150.0]) == 2
    assert against_the_best(TIME, 4.0, [2.0, 8.0]) == 0.5


def test_without_a_peer_nothing_is_compared() -> None:
    assert against_the_best(TIME, 4.0, []) is None


def test_the_disk_of_the_machine_is_no_figure_of_a_system() -> None:
    assert against_the_best(figures.SYNC, 0.2, [0.1]) is None


def test_another_number_of_rows_is_a_difference() -> None:
    ours = measured("ours", {}, Answer(3, 1.0))
    assert differences([ours, measured("peer", {}, Answer(4, 1.0))]) == [
        "lastpoint: ours has 3 rows with the sum 1.000000, peer has 4 rows with the sum 1.000000"
    ]


def test_another_sum_is_a_difference() -> None:
    ours = measured("ours", {}, Answer(3, 1_000_000.0))
    assert len(differences([ours, measured("peer", {}, Answer(3, 1_000_001.0))])) == 1


def test_the_order_of_an_addition_is_no_difference() -> None:
    ours = measured("ours", {}, Answer(3, 0.1 + 0.2))
    assert differences([ours, measured("peer", {}, Answer(3, 0.3))]) == []


def test_what_a_peer_was_not_asked_is_no_difference() -> None:
    ours = measured("ours", {}, Answer(3, 1.0))
    assert differences([ours, measured("peer", {})]) == []


def test_a_table_has_a_dash_where_a_peer_cannot_be_asked() -> None:
    ours = measured("ours", {RATE: 345_678.4, TIME: 0.5})
    peer = measured("peer", {RATE: 123_456.0})
    lines = report.table(100, 1000, [ours, peer]).splitlines()
    assert lines[0] == "| 1,000 rows of 100 hosts | unit | ours (1.0) | peer (1.0) | " + (
        "times the best peer |"
    )
    assert lines[3:] == [
        "| a rate | rows/s | 345,678 | 123,456 | 2.8 |",
        "| a time | ms | 0.5 | - | - |",
    ]


def test_a_table_says_what_the_bytes_are() -> None:
    ours = measured("ours", {figures.DISK: 4.0})
    ours.notes[figures.DISK] = "Parquet"
    assert "| 4 (Parquet) |" in report.table(100, 1000, [ours])


def test_a_table_ends_with_the_answers_that_differ() -> None:
    both = [measured("ours", {}, Answer(3, 1.0)), measured("peer", {}, Answer(4, 1.0))]
    assert "**The answers differ:** lastpoint: ours" in report.table(100, 1000, both)


def test_a_busy_machine_is_named() -> None:
    assert report.busy_note(0.2) == ""
    assert "busy machine (load 3.9" in report.busy_note(3.9)


@pytest.mark.parametrize(
    "before", ["# Benches\n", f"# Benches\n{report.START}old\n{report.END}x\n"]
)
def test_the_tables_stand_between_their_marks(tmp_path: Path, before: str) -> None:
    path = tmp_path / "README.md"
    path.write_text(before)
    report.put(path, "older figures\n")
    report.put(path, "newer figures\n")
    text = path.read_text()
    assert text.startswith("# Benches\n")
    assert text.count(report.START) == 1
    assert text.split(report.START)[1].startswith("\nnewer figures\n\n" + report.END)
    assert "older figures" not in text
    assert "old" not in text


def test_queries_are_judged_together_and_the_slow_ones_are_named() -> None:
    query, other = figures.asked("one"), figures.asked("other")
    both = [measured("ours", {query: 8.0, other: 1.0, TIME: 9.0}), measured("peer", {query: 2.0})]
    both.append(measured("another", {query: 4.0, other: 1.0}))
    assert figures.slownesses(both) == {"one": 4.0, "other": 1.0}
    written = report.table(100, 1000, both)
    assert "Queries take 2 x the time" in written
    assert "Slower than 2 x the best peer: one 4 x." in written


def test_the_slower_of_our_places_is_judged_and_the_mixture_is_only_shown() -> None:
    query = figures.asked("one")
    both = [measured("ours", {query: 1.0}), measured("stored", {query: 3.0})]
    both += [measured("mixed", {query: 9.0}), measured("peer", {query: 2.0})]
    both[1].role, both[2].role = "place", "mixture"
    assert figures.slownesses(both) == {"one": 1.5}
