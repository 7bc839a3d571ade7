"""The cursor stands before the first range that is still open."""

from hypothesis import given
from hypothesis import strategies as st

from influxpe.triggers.cursors import OpenRanges


def test_one_range_after_the_other_moves_the_cursor_each_time() -> None:
    ranges = OpenRanges()
    for end in (10, 20):
        number = ranges.open(end)
        assert ranges.mark_with(number) == end
        ranges.close(number)
    assert len(ranges) == 0


def test_a_later_range_does_not_move_the_cursor_past_an_open_one() -> None:
    ranges = OpenRanges()
    first, second, third = (ranges.open(end) for end in (10, 20, 30))
    assert ranges.mark_with(second) is None
    ranges.close(second)
    assert ranges.mark_with(first) == 20
    ranges.close(first)
    assert ranges.mark_with(third) == 30
    assert len(ranges) == 1


@given(st.permutations(range(8)))
def test_the_cursor_is_the_end_of_the_complete_beginning(order: list[int]) -> None:
    ranges = OpenRanges()
    numbers = [ranges.open(end) for end in range(100, 108)]
    done: set[int] = set()
    cursor = 99
    for place in order:
        mark = ranges.mark_with(numbers[place])
        ranges.close(numbers[place])
        done.add(place)
        cursor = cursor if mark is None else mark
        complete = next((i for i in range(8) if i not in done), 8)
        assert cursor == 99 + complete
    assert len(ranges) == 0
