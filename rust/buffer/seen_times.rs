//! Which times of a series may have been there before.
//!
//! Comes in: the rows of each series, in the order of the log. Goes out: whether a row may repeat
//! the time of an earlier one of its series. Stays true: a repetition is never called new. For
//! this the widest gaps of each series are known, the time before its first row among them: a row
//! inside a gap is new, however late it comes, as those of several writers do that share one
//! stretch of time. Refuses nothing.

/// Gaps that are known of each series: holes that several writers leave for each other to fill.
const GAPS: usize = 6;

/// What is known of all series of one chunk.
#[derive(Debug, Default)]
pub(super) struct SeenTimes {
    edges: Vec<Edge>,
    gaps: Vec<[Gap; GAPS]>,
}

/// Where a series grows: all that most rows look at.
#[derive(Debug)]
struct Edge {
    newest: i64,
    /// Width of the narrowest gap that is kept.
    narrowest: u64,
}

/// Times without a row: those between, but not these two themselves.
#[derive(Debug, Clone, Copy, Default)]
struct Gap {
    after: i64,
    before: i64,
}

impl Gap {
    fn width(self) -> u64 {
        self.before.abs_diff(self.after)
    }
}

impl SeenTimes {
    /// Bytes of one series.
    pub(super) const BYTES: usize = size_of::<Edge>() + size_of::<[Gap; GAPS]>();

    /// Makes room for one more series, which has no row yet.
    pub(super) fn add_series(&mut self) {
        self.edges.push(Edge { newest: i64::MIN, narrowest: 0 });
        self.gaps.push([Gap::default(); GAPS]);
    }

    /// Takes the next row of a series; tells whether an earlier one may have the same time.
    pub(super) fn may_repeat(&mut self, series: u32, time: i64) -> bool {
        let edge = &mut self.edges[series as usize];
        if time <= edge.newest {
            return !self.fills_gap(series as usize, time);
        }
        let passed = Gap { after: edge.newest, before: time };
        edge.newest = time;
        if passed.width() > edge.narrowest {
            self.keep(series as usize, passed);
        }
        false
    }

    /// Whether a time lies in a gap, which becomes two then.
    fn fills_gap(&mut self, series: usize, time: i64) -> bool {
        let holds = |gap: &&mut Gap| gap.after < time && time < gap.before;
        let Some(gap) = self.gaps[series].iter_mut().find(holds) else { return false };
        let earlier = Gap { after: gap.after, before: time };
        gap.after = time;
        self.keep(series, earlier);
        true
    }

    /// Keeps a gap in the place of the narrowest, if that one is narrower.
    fn keep(&mut self, series: usize, gap: Gap) {
        let gaps = &mut self.gaps[series];
        gaps.sort_unstable_by_key(|gap| gap.width());
        if gaps[0].width() < gap.width() {
            gaps[0] = gap;
        }
        let narrowest = gaps.iter().map(|gap| gap.width()).min();
        self.edges[series].narrowest = narrowest.unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn one_series() -> SeenTimes {
        let mut seen = SeenTimes::default();
        seen.add_series();
        seen
    }

    /// How many of these rows of one series may repeat an earlier one.
    fn suspects(times: impl IntoIterator<Item = i64>) -> usize {
        let mut seen = one_series();
        times.into_iter().filter(|time| seen.may_repeat(0, *time)).count()
    }

    /// Bodies of 50 rows, ten apart, in this order.
    fn bodies(order: impl IntoIterator<Item = i64>) -> impl Iterator<Item = i64> {
        order.into_iter().flat_map(|body| (0..50).map(move |row| 10 * (50 * body + row)))
    }

    #[test]
    fn bodies_of_four_writers_are_new_in_the_order_in_which_they_come() {
        let order = (0..100).flat_map(|turn| [2, 0, 3, 1].map(|writer| 4 * turn + writer));
        assert_eq!(suspects(bodies(order)), 0);
    }

    #[test]
    fn bodies_that_come_backwards_are_new() {
        assert_eq!(suspects(bodies((0..100).rev())), 0);
    }

    #[test]
    fn a_body_that_comes_again_may_repeat_in_every_row() {
        assert_eq!(suspects(bodies([0, 1, 2, 1])), 50);
    }

    #[test]
    fn the_least_of_all_times_may_repeat() {
        assert_eq!(suspects([i64::MIN, i64::MIN, i64::MAX, i64::MAX]), 3);
    }

    proptest! {
        #[test]
        fn no_repetition_is_called_new(
            times in proptest::collection::vec((0_u32..2, -30_i64..30), 0..200),
            spread in proptest::sample::select(vec![1, 1_000, i64::MAX / 30]),
        ) {
            let mut seen = one_series();
            seen.add_series();
            let mut before = HashSet::new();
            for (series, time) in times {
                let suspected = seen.may_repeat(series, time * spread);
                let is_new = before.insert((series, time));
                prop_assert!(suspected || is_new, "{series} {time}");
            }
        }
    }
}
