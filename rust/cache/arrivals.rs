//! Which rows of a write are surely new, and none that a table had before.
//!
//! A cache whose key holds a field must know: a row that is written again may change its key, or
//! leave it as it is by not naming it. What stays true: a row that is said to be new is later than
//! every row of its series that was met or may have been missed.

use std::collections::HashMap;

/// The newest time of each series, and of those that found no place.
#[derive(Debug)]
pub(super) struct Arrivals {
    newest: HashMap<Box<[u8]>, i64>,
    /// Series that are told apart, at most.
    series_max: usize,
    /// No row of a series that is not in `newest` is later.
    others: i64,
    /// No row of a table that is being read is later.
    view: i64,
}

impl Arrivals {
    pub(super) fn new(series_max: usize) -> Self {
        Self { newest: HashMap::new(), series_max, others: i64::MAX, view: i64::MAX }
    }

    /// Begins anew, with a table that is read now and has rows up to that time.
    pub(super) fn reset(&mut self, newest: i64) {
        self.newest.clear();
        (self.others, self.view) = (newest, newest);
    }

    /// The table has been read; all rows later than `floor` have been met.
    pub(super) fn met_all_since(&mut self, floor: i64) {
        self.view = i64::MIN;
        if self.newest.len() < self.series_max {
            self.others = floor;
        }
    }

    /// Notes a row; false where its table may have had it before.
    pub(super) fn is_new(&mut self, series: &[u8], time: i64) -> bool {
        if let Some(newest) = self.newest.get_mut(series) {
            let is_new = time > self.view.max(*newest);
            *newest = time.max(*newest);
            return is_new;
        }
        let is_new = time > self.view.max(self.others);
        if self.newest.len() < self.series_max {
            self.newest.insert(series.into(), time.max(self.others));
        } else {
            self.others = time.max(self.others);
        }
        is_new
    }

    /// Notes a row that its table has.
    pub(super) fn met(&mut self, series: &[u8], time: i64) {
        if let Some(newest) = self.newest.get_mut(series) {
            *newest = time.max(*newest);
        } else if self.newest.len() < self.series_max {
            self.newest.insert(series.into(), time);
        } else {
            self.others = time.max(self.others);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_new_if_it_is_later_than_all_of_its_series() {
        let mut arrivals = Arrivals::new(2);
        assert!(!arrivals.is_new(b"a", 5), "nothing is known yet");
        arrivals.reset(10);
        assert!(!arrivals.is_new(b"a", 10));
        assert!(arrivals.is_new(b"a", 11));
        assert!(!arrivals.is_new(b"a", 11));
        arrivals.reset(10);
        arrivals.met(b"a", 7);
        assert!(!arrivals.is_new(b"a", 7), "later rows of the table may follow");
        arrivals.met_all_since(3);
        assert!(arrivals.is_new(b"a", 8));
        assert!(arrivals.is_new(b"b", 4));
        assert!(!arrivals.is_new(b"b", 4));
        assert!(arrivals.is_new(b"c", 4), "two series have their places");
        assert!(!arrivals.is_new(b"d", 4), "the others share one");
    }
}
