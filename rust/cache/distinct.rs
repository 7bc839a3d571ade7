//! The distinct-value cache: the values that columns have together, and when each was seen last.
//!
//! Comes in: every write to its table, deletions, and scans of the table. Goes out: combinations in
//! the order of their columns. What stays true: a combination was seen last at the time of its
//! newest row in the table; it leaves when that is older than the maximum age, or when there are
//! more than the maximum, the one seen last the longest ago first. A value that is absent is one
//! among others.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::arrivals::Arrivals;
use super::bounds::Bounds;
use super::contents::{Contents, first_values, keys_below};
use super::progress::{Fill, Progress};
use super::rows::{KeyColumn, RowKeys, Rows};
use super::value::{Key, KeyCondition, key_bytes};
use crate::schema::{RowDeletion, Table, TimeRange};

const NS_PER_SECOND: u64 = 1_000_000_000;

/// See the head of this file.
#[derive(Debug)]
pub(super) struct DistinctCache {
    columns: Vec<KeyColumn>,
    cardinality_max: usize,
    max_age_ns: i64,
    bounds: Bounds,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// For each combination the time of its newest row.
    seen: BTreeMap<Key, i64>,
    bytes: usize,
    progress: Progress,
    /// Where a column is a field.
    arrivals: Option<Arrivals>,
}

impl DistinctCache {
    pub(super) fn new(
        columns: Vec<KeyColumn>,
        max_cardinality: u64,
        max_age_s: u64,
        bounds: Bounds,
    ) -> Self {
        let of_fields = columns.iter().any(|column| !column.is_tag);
        let state = State {
            seen: BTreeMap::new(),
            bytes: 0,
            progress: Progress::default(),
            arrivals: of_fields.then(|| Arrivals::new(bounds.keys)),
        };
        Self {
            columns,
            cardinality_max: usize::try_from(max_cardinality).unwrap_or(usize::MAX),
            max_age_ns: i64::try_from(max_age_s.saturating_mul(NS_PER_SECOND)).unwrap_or(i64::MAX),
            bounds,
            state: Mutex::new(state),
        }
    }

    /// The combinations that pass, in their order; `None` where it must be filled.
    pub(super) fn read(
        &self,
        now_ns: i64,
        kept: TimeRange,
        passing: &[KeyCondition],
    ) -> Option<Vec<Key>> {
        let mut state = self.state.lock();
        if !state.progress.is_filled {
            return None;
        }
        self.prune(&mut state, self.cardinality_max);
        let since = self.since(now_ns).max(kept.min);
        let passes = |(key, seen): &(&Key, &i64)| {
            **seen >= since && passing.iter().all(|condition| condition.passes(key))
        };
        let key = |(key, _): (&Key, &i64)| Arc::clone(key);
        Some(match first_values(passing) {
            Some(first) => {
                let below = |one| keys_below(&state.seen, one).filter(passes).map(key);
                first.values.iter().flat_map(below).collect()
            }
            None => state.seen.iter().filter(passes).map(key).collect(),
        })
    }

    /// Combinations that were not seen since then are too old.
    fn since(&self, now_ns: i64) -> i64 {
        now_ns.saturating_sub(self.max_age_ns)
    }

    /// Leaves the `left` combinations that were seen last, if there are more.
    fn prune(&self, state: &mut State, left: usize) {
        let too_many = state.seen.len() > left;
        if !too_many && state.bytes <= self.bounds.bytes {
            return;
        }
        let seven_eighths = (state.seen.len() - state.seen.len() / 8).saturating_sub(1);
        let mut surplus = state.seen.len() - if too_many { left } else { seven_eighths };
        if surplus == 0 {
            return;
        }
        let mut times: Vec<i64> = state.seen.values().copied().collect();
        let newest_gone = *times.select_nth_unstable(surplus - 1).1;
        let earlier = times[..surplus].iter().filter(|time| **time < newest_gone).count();
        surplus -= earlier; // how many of that very time go: the last ones in the order
        let same = state.seen.values().filter(|time| **time == newest_gone).count();
        let mut stay = same - surplus;
        state.seen.retain(|_, time| match (*time).cmp(&newest_gone) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => {
                let stays = stay > 0;
                stay -= usize::from(stays);
                stays
            }
        });
        state.count_bytes();
    }

    /// Prunes what was added, an eighth beyond the maximum at the latest.
    fn let_go(&self, state: &mut State) {
        let slack = self.cardinality_max / 8 + 16;
        if state.seen.len() > self.cardinality_max.saturating_add(slack) {
            self.prune(state, self.cardinality_max);
        } else {
            self.prune(state, usize::MAX);
        }
    }

    fn take(state: &mut State, rows: &Rows<'_>, keys: &RowKeys<'_>) {
        let Some(of_series) = keys.of_series() else {
            (0..rows.len()).for_each(|row| state.see(&keys.key(rows, row), rows.time[row]));
            return;
        };
        let mut newest: Vec<Option<i64>> = vec![None; of_series.len()];
        for (series, time) in rows.series_of_row.iter().zip(rows.time) {
            let newest = &mut newest[*series as usize];
            *newest = (*newest).max(Some(*time));
        }
        for (key, newest) in of_series.iter().zip(newest) {
            if let Some(time) = newest {
                state.see(key, time);
            }
        }
    }

    /// Notes rows; false where one of them may have been in the table before.
    fn are_new(&self, state: &mut State, rows: &Rows<'_>, now_ns: i64) -> bool {
        let Some(arrivals) = &mut state.arrivals else { return true };
        let since = self.since(now_ns);
        let mut all = true;
        for row in 0..rows.len() {
            let time = rows.time[row];
            // what is too old is not shown, whatever it is
            all &= arrivals.is_new(rows.series_of(row), time) || time < since;
        }
        all
    }
}

impl State {
    fn see(&mut self, key: &Key, time: i64) {
        if let Some(seen) = self.seen.get_mut(key) {
            *seen = time.max(*seen);
            return;
        }
        self.bytes += key_bytes(key);
        self.seen.insert(Arc::clone(key), time);
    }

    fn count_bytes(&mut self) {
        self.bytes = self.seen.keys().map(|key| key_bytes(key)).sum();
    }
}

impl Contents for DistinctCache {
    fn feed(&self, rows: &Rows<'_>, _table: &Table, now_ns: i64) {
        let mut state = self.state.lock();
        if state.progress.is_idle() {
            return;
        }
        if !self.are_new(&mut state, rows, now_ns) {
            return state.progress.spoil();
        }
        Self::take(&mut state, rows, &RowKeys::of(rows, &self.columns));
        self.let_go(&mut state);
    }

    fn delete(&self, deletion: &RowDeletion, _table: &Table) {
        let mut state = self.state.lock();
        let times = deletion.times;
        let newest = |seen: &i64| (times.min..=times.max).contains(seen);
        if state.progress.is_filling || state.seen.values().any(newest) {
            state.progress.spoil();
        }
    }

    fn spoil(&self) {
        self.state.lock().progress.spoil();
    }

    fn begin_fill(&self, now_ns: i64, newest: i64) -> Fill {
        let mut state = self.state.lock();
        state.seen.clear();
        state.bytes = 0;
        state.arrivals.iter_mut().for_each(|arrivals| arrivals.reset(newest));
        let since = self.since(now_ns);
        state.progress.begin(since, now_ns)
    }

    fn fill(&self, fill: &Fill, rows: &Rows<'_>, _table: &Table) -> bool {
        let mut state = self.state.lock();
        if !state.progress.goes_on(fill) {
            return false;
        }
        if let Some(arrivals) = &mut state.arrivals {
            (0..rows.len()).for_each(|row| arrivals.met(rows.series_of(row), rows.time[row]));
        }
        Self::take(&mut state, rows, &RowKeys::of(rows, &self.columns));
        self.let_go(&mut state);
        true
    }

    fn end_fill(&self, fill: &Fill) {
        let mut state = self.state.lock();
        if state.progress.end(fill) {
            // an earlier row that comes is too old to be shown
            let floor = fill.time_min.saturating_sub(1);
            state.arrivals.iter_mut().for_each(|arrivals| arrivals.met_all_since(floor));
        }
    }

    fn expire(&self, now_ns: i64) {
        let mut state = self.state.lock();
        let since = self.since(now_ns);
        state.seen.retain(|_, seen| *seen >= since);
        state.count_bytes();
    }
}
