//! Where in time rows lie, coarsely.
//!
//! Comes in: times in any order. Goes out: few ranges that hold all of them. What stays true: each
//! begins and ends with a time that is there; a gap that is wide, next to all of them, is left out.

use crate::schema::{TimeRange, TimeRanges};

/// Stretches of the same length that are told apart.
const STRETCHES: u64 = 64;

/// Of these times, which lie in `range`.
pub(super) fn spans_of(times: &[i64], range: TimeRange) -> TimeRanges {
    let width = range.max.abs_diff(range.min) / STRETCHES + 1;
    let mut stretches = vec![TimeRange::EMPTY; usize::try_from(STRETCHES).unwrap_or_default()];
    let (mut place, mut inside) = (0, TimeRange::EMPTY);
    for time in times {
        if *time < inside.min || inside.max < *time {
            let number = time.abs_diff(range.min) / width;
            place = usize::try_from(number).unwrap_or_default();
            inside = stretch(range.min, width, number);
        }
        stretches[place] = stretches[place].hull(TimeRange { min: *time, max: *time });
    }
    let mut spans: Vec<TimeRange> = Vec::new();
    let mut follows = false;
    for one in stretches {
        match spans.last_mut().filter(|_| follows && !one.is_empty()) {
            Some(last) => *last = last.hull(one),
            None => spans.extend(Some(one).filter(|one| !one.is_empty())),
        }
        follows = !one.is_empty();
    }
    TimeRanges::union_of(spans)
}

/// The times of the stretch of this number, the first of which begins at `first`.
fn stretch(first: i64, width: u64, number: u64) -> TimeRange {
    let min = first.saturating_add_unsigned(width.saturating_mul(number));
    TimeRange { min, max: min.saturating_add_unsigned(width - 1) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(times: &[i64]) -> TimeRanges {
        let hull = TimeRange {
            min: times.iter().copied().min().unwrap_or(i64::MAX),
            max: times.iter().copied().max().unwrap_or(i64::MIN),
        };
        spans_of(times, hull)
    }

    #[test]
    fn a_few_late_times_are_a_span_of_their_own() {
        let mut times: Vec<i64> = (100_000..101_000).collect();
        times.extend([5, 7, 6]);
        let spans = found(&times);
        assert_eq!(spans.ranges()[0], TimeRange { min: 5, max: 7 });
        assert_eq!(spans.ranges().len(), 2);
    }

    proptest! {
        #[test]
        fn every_time_lies_in_a_span(
            times in proptest::collection::vec(any::<i64>(), 1..50),
            near in proptest::collection::vec(-500_i64..500, 0..50),
        ) {
            for times in [&times, &near, &[times.clone(), near.clone()].concat()] {
                let spans = found(times);
                prop_assert!(times.iter().all(|time| spans.contains(*time)));
                prop_assert!(spans.ranges().len() <= 64);
            }
        }
    }
}
