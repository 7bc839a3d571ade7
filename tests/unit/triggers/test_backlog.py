"""Which ticks wait to be run, and up to which one all are over."""

from hypothesis import given
from hypothesis import strategies as st

from influxpe.triggers.backlog import CATCH_UP_RUNS_MAX, WAITING_MAX, Backlog, ServedTicks
from influxpe.triggers.cron import parse_cron
from influxpe.triggers.schedule import SKIPPED_COUNTED_MAX, Every

SECOND = 1_000_000_000
BASE = 1_767_225_600 * SECOND  # 2026-01-01T00:00:00Z


def seconds(*numbers: int) -> list[int]:
    return [BASE + number * SECOND for number in numbers]


def backlog(waiting_max: int, after_ns: int = BASE) -> Backlog:
    return Backlog(Every(SECOND), after_ns, waiting_max)


def test_no_tick_waits_before_its_time() -> None:
    ticks = backlog(9)
    assert ticks.take_in(BASE + SECOND - 1) == 0
    assert not ticks.waiting
    assert ticks.awaited_ns == BASE + SECOND


def test_ticks_wait_in_order_and_once() -> None:
    ticks = backlog(9)
    assert ticks.take_in(BASE + 2 * SECOND) == 0
    assert ticks.take_in(BASE + 2 * SECOND) == 0
    assert ticks.take_in(BASE + 3 * SECOND + 1) == 0
    assert list(ticks.waiting) == seconds(1, 2, 3)
    assert ticks.awaited_ns == BASE + SECOND


def test_the_newest_wait_and_the_rest_is_counted() -> None:
    ticks = backlog(2)
    assert ticks.take_in(BASE + 5 * SECOND) == 3
    assert list(ticks.waiting) == seconds(4, 5)
    assert ticks.take_in(BASE + 6 * SECOND) == 1
    assert list(ticks.waiting) == seconds(5, 6)


def test_what_passed_can_be_left_out_as_a_whole() -> None:
    ticks = backlog(1)
    ticks.take_in(BASE + SECOND)
    ticks.waiting.popleft()
    assert ticks.leave_out(BASE + 5 * SECOND + 1) == 4
    assert not ticks.waiting
    assert ticks.awaited_ns == BASE + 6 * SECOND
    assert ticks.leave_out(BASE + 5 * SECOND + 2) == 0


def test_a_new_start_forgets_what_waits() -> None:
    ticks = backlog(9)
    ticks.take_in(BASE + 3 * SECOND)
    ticks.start_over(BASE - SECOND)
    assert not ticks.waiting
    assert ticks.awaited_ns == BASE


def test_a_schedule_may_end() -> None:
    ticks = Backlog(parse_cron("0 0 0 1 1 * 2027"), BASE, 1)
    assert ticks.take_in(BASE + 800 * 86_400 * SECOND) == 0
    assert ticks.waiting.popleft() == BASE + 365 * 86_400 * SECOND
    assert ticks.awaited_ns is None
    assert ticks.take_in(BASE + 900 * 86_400 * SECOND) == 0


def test_no_more_ticks_than_the_limit_are_run_late() -> None:
    for schedule in (Every(SECOND), parse_cron("* * * * * *")):
        ticks = Backlog(schedule, BASE, WAITING_MAX["all"])
        assert ticks.take_in(BASE + (CATCH_UP_RUNS_MAX + 7) * SECOND) == 7
        assert list(ticks.waiting) == seconds(*range(8, CATCH_UP_RUNS_MAX + 8))


def test_what_is_left_out_is_counted_up_to_a_limit() -> None:
    assert backlog(1).take_in(BASE + 10 * SKIPPED_COUNTED_MAX * SECOND) == SKIPPED_COUNTED_MAX


@given(st.integers(1, 5), st.lists(st.integers(0, 12), max_size=8))
def test_every_tick_waits_or_is_counted(waiting_max: int, steps: list[int]) -> None:
    ticks = backlog(waiting_max)
    passed = left_out = 0
    for step in steps:
        passed += step
        left_out += ticks.take_in(BASE + passed * SECOND)
    assert left_out + len(ticks.waiting) == passed
    assert list(ticks.waiting) == seconds(*range(left_out + 1, passed + 1))


def test_runs_one_after_the_other_are_marked_at_once() -> None:
    served = ServedTicks()
    for tick in (1, 2, 3):
        served.begin(tick)
        assert served.mark_with(tick) == tick
        served.end(tick)


def test_a_run_that_goes_on_holds_the_mark_back() -> None:
    served = ServedTicks()
    for tick in (1, 2, 3):
        served.begin(tick)
    assert served.mark_with(2) is None
    served.end(2)
    assert served.mark_with(1) == 2
    served.end(1)
    assert served.mark_with(3) == 3


def test_a_run_of_another_time_marks_nothing() -> None:
    served = ServedTicks()
    served.begin(5)
    assert served.mark_with(90) is None
    served.end(90)
    assert served.mark_with(5) == 5


@given(st.permutations(range(1, 8)))
def test_the_mark_is_the_last_tick_of_a_full_row(order: list[int]) -> None:
    served = ServedTicks()
    for tick in range(1, 8):
        served.begin(tick)
    marks: list[int] = []
    for done, tick in enumerate(order, 1):
        mark = served.mark_with(tick)
        served.end(tick)
        over = set(order[:done])
        full = max((n for n in range(1, 8) if set(range(1, n + 1)) <= over), default=0)
        marks += [] if mark is None else [mark]
        assert (marks or [0])[-1] == full
