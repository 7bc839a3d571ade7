//! The last-value cache: the newest rows of each key.
//!
//! Comes in: every write to its table, deletions, and scans of the table. Goes out: for each key
//! its newest rows, those of equal times in the order of their tags. What stays true: a row stands
//! here as it stands in the table, with the value that was written last to each of its fields; a
//! row leaves when newer ones take its place, or when it was written longer ago than its time to
//! live. A row that was there before the cache was made counts as written then, any other that was
//! not seen being written at its own time.
//!
//! A late row is the one thing that cannot always be known from here: it may be one that left
//! before. Where it lacks a field, and so may have another value in the table, the cache is filled
//! again before it is read.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;

use super::arrivals::Arrivals;
use super::bounds::Bounds;
use super::contents::{Contents, covers, first_values, keys_below};
use super::key_rows::{KeyRows, Place, Row};
use super::progress::{Fill, Progress};
use super::rows::{KeyColumn, RowKeys, Rows};
use super::value::{Key, KeyCondition, key_bytes};
use crate::schema::{ColumnId, ColumnKind, RowDeletion, Table, TimeRange};

const NS_PER_SECOND: u64 = 1_000_000_000;

/// A row and its key.
pub(super) type Found = (Key, Arc<Row>);

/// Which rows are kept, and what of them.
#[derive(Debug)]
pub(super) struct Kept {
    keys: Vec<KeyColumn>,
    values: Option<Vec<ColumnId>>,
    count: usize,
    ttl_ns: i64,
    created_at_ns: i64,
}

impl Kept {
    pub(super) fn new(
        keys: Vec<KeyColumn>,
        values: Option<Vec<ColumnId>>,
        count: u64,
        ttl_s: u64,
        created_at_ns: i64,
    ) -> Self {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let lifetime_ns = i64::try_from(ttl_s.saturating_mul(NS_PER_SECOND));
        Self { keys, values, count, ttl_ns: lifetime_ns.unwrap_or(i64::MAX), created_at_ns }
    }

    fn lives(&self, written_ns: i64, now_ns: i64) -> bool {
        written_ns.saturating_add(self.ttl_ns) > now_ns
    }

    fn keeps(&self, column: ColumnId) -> bool {
        self.values.as_ref().is_none_or(|values| values.contains(&column))
            && !self.keys.iter().any(|key| key.id == column)
    }

    /// Whether a row names every field that is kept.
    fn is_whole(&self, table: &Table, rows: &Rows<'_>, row: usize) -> bool {
        let kept = |id, kind| kind != ColumnKind::Tag && self.keeps(id);
        let mut fields = table.columns.iter().filter(|one| kept(one.id, one.kind));
        fields.all(|field| rows.cell(field.id, row).is_some())
    }
}

/// See the head of this file.
#[derive(Debug)]
pub(super) struct LastCache {
    kept: Kept,
    bounds: Bounds,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    keys: BTreeMap<Key, KeyRows>,
    bytes: usize,
    /// Rows up to that time may be missing for keys that are not there.
    floor: i64,
    progress: Progress,
    /// Where the key holds a field.
    arrivals: Option<Arrivals>,
    /// Whether the next fill is to begin from nothing.
    is_stale: bool,
    /// When rows were written that are about to be scanned again.
    written: HashMap<(Arc<[u8]>, i64), i64>,
}

/// How rows come.
#[derive(Clone, Copy)]
struct Coming<'a> {
    now_ns: i64,
    /// Rows of a scan are older than any that came since.
    is_scan: bool,
    table: &'a Table,
}

impl LastCache {
    pub(super) fn new(kept: Kept, bounds: Bounds) -> Self {
        let of_fields = kept.keys.iter().any(|key| !key.is_tag);
        let state = State {
            keys: BTreeMap::new(),
            bytes: 0,
            floor: i64::MAX,
            progress: Progress::default(),
            arrivals: of_fields.then(|| Arrivals::new(bounds.keys)),
            is_stale: false,
            written: HashMap::new(),
        };
        Self { kept, bounds, state: Mutex::new(state) }
    }

    /// The rows that pass, by key, the newest of each first; `None` where it must be filled.
    pub(super) fn read(
        &self,
        now_ns: i64,
        shown: TimeRange,
        passing: &[KeyCondition],
    ) -> Option<Vec<Found>> {
        let state = self.state.lock();
        if !state.progress.is_filled {
            return None;
        }
        let mut found = Vec::new();
        let mut add = |(key, rows): (&Key, &KeyRows)| {
            if passing.iter().all(|condition| condition.passes(key)) {
                let live = |row: &&Arc<Row>| self.is_live(row, now_ns) && row.time >= shown.min;
                let rows = rows.rows.iter().filter(live);
                found.extend(rows.map(|row| (Arc::clone(key), Arc::clone(row))));
            }
        };
        match first_values(passing) {
            Some(first) => {
                first.values.iter().for_each(|one| keys_below(&state.keys, one).for_each(&mut add));
            }
            None => state.keys.iter().for_each(add),
        }
        Some(found)
    }

    fn is_live(&self, row: &Row, now_ns: i64) -> bool {
        self.kept.lives(row.written_ns, now_ns)
    }

    /// Takes a row that was written at `written_ns`.
    fn add(
        &self,
        state: &mut State,
        rows: &Rows<'_>,
        (row, key, written_ns): (usize, &Key, i64),
        coming: Coming<'_>,
    ) {
        let (time, series) = (rows.time[row], rows.series_of(row));
        if !state.keys.contains_key(key) {
            state.keys.insert(Arc::clone(key), KeyRows::new());
            state.bytes += key_bytes(key);
        }
        let Some(known) = state.keys.get_mut(key) else { return };
        if !self.kept.lives(known.oldest_ns, coming.now_ns) {
            let before = known.bytes;
            known.retain(|row| self.is_live(row, coming.now_ns));
            state.bytes = state.bytes + known.bytes - before;
        }
        if known.is_behind(time, self.kept.count) {
            return known.missed(time);
        }
        let may_be_old = time <= known.missed_until.max(state.floor);
        let before = known.bytes;
        let at = Place { time, series, written_ns, is_newest: !coming.is_scan };
        let is_added =
            known.put(&at, self.kept.count, || rows.cells(row, |one| self.kept.keeps(one)));
        known.touched_ns = known.touched_ns.max(written_ns);
        state.bytes = state.bytes + known.bytes - before;
        let is_unsure = is_added && may_be_old && !coming.is_scan && !state.progress.is_idle();
        if is_unsure && !self.kept.is_whole(coming.table, rows, row) {
            state.progress.spoil();
        }
    }

    /// Takes the newest row of each series, where no other can count.
    fn add_newest(&self, state: &mut State, rows: &Rows<'_>, keys: &[Key], coming: Coming<'_>) {
        let mut newest: Vec<Option<i64>> = vec![None; keys.len()];
        for (series, time) in rows.series_of_row.iter().zip(rows.time) {
            let newest = &mut newest[*series as usize];
            *newest = (*newest).max(Some(*time));
        }
        let whole: Vec<bool> = keys.iter().map(|key| key.iter().all(Option::is_some)).collect();
        let mut older = vec![false; keys.len()];
        for (row, time) in rows.time.iter().enumerate() {
            let series = rows.series_of_row[row] as usize;
            if Some(*time) < newest[series] {
                older[series] = true;
            } else if whole[series] {
                self.add(state, rows, (row, &keys[series], coming.now_ns), coming);
            }
        }
        for (series, _) in older.iter().enumerate().filter(|(_, older)| **older) {
            let known = state.keys.get_mut(&keys[series]);
            if let (Some(known), Some(newest)) = (known, newest[series]) {
                known.missed(newest.saturating_sub(1));
            }
        }
    }

    /// Lets go of an eighth of the keys where there are too many.
    fn let_go(&self, state: &mut State) {
        let fits = state.keys.len() <= self.bounds.keys && state.bytes <= self.bounds.bytes;
        if fits || state.keys.is_empty() {
            return;
        }
        let mut surplus = (state.keys.len() / 8).max(1);
        let mut touched: Vec<i64> = state.keys.values().map(|key| key.touched_ns).collect();
        let newest_gone = *touched.select_nth_unstable(surplus - 1).1;
        state.keys.retain(|_, rows| {
            let goes = surplus > 0 && rows.touched_ns <= newest_gone;
            surplus -= usize::from(goes);
            !goes
        });
        state.count_bytes();
    }

    fn expire_rows(&self, state: &mut State, now_ns: i64) {
        for rows in state.keys.values_mut() {
            rows.retain(|row| self.is_live(row, now_ns));
        }
        state.drop_empty();
    }
}

impl State {
    fn count_bytes(&mut self) {
        self.bytes = self.keys.iter().map(|(key, rows)| key_bytes(key) + rows.bytes).sum();
    }

    /// Drops keys without rows; what may be missing of them may be missing of all.
    fn drop_empty(&mut self) {
        let empty = self.keys.values().filter(|rows| rows.rows.is_empty());
        self.floor = empty.map(|rows| rows.missed_until).fold(self.floor, i64::max);
        self.keys.retain(|_, rows| !rows.rows.is_empty());
        self.count_bytes();
    }

    fn note_arrivals(&mut self, rows: &Rows<'_>) {
        let Some(arrivals) = &mut self.arrivals else { return };
        let mut all_new = true;
        for row in 0..rows.len() {
            all_new &= arrivals.is_new(rows.series_of(row), rows.time[row]);
        }
        if !all_new {
            self.progress.spoil();
        }
    }

    /// Takes out all rows, but remembers when they were written.
    fn begin_anew(&mut self) {
        let rows = std::mem::take(&mut self.keys).into_values().flat_map(|rows| rows.rows);
        let written = |row: Arc<Row>| ((Arc::clone(&row.series), row.time), row.written_ns);
        self.written.extend(rows.map(written));
        (self.bytes, self.is_stale) = (0, false);
    }
}

/// The numbers of rows by time, the newest first; those of one time as they were written.
fn newest_first(time: &[i64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..time.len()).collect();
    order.sort_by_key(|row| std::cmp::Reverse(time[*row]));
    order
}

impl Contents for LastCache {
    fn feed(&self, rows: &Rows<'_>, table: &Table, now_ns: i64) {
        let mut state = self.state.lock();
        state.note_arrivals(rows);
        let coming = Coming { now_ns, is_scan: false, table };
        let keys = RowKeys::of(rows, &self.kept.keys);
        match keys.of_series() {
            Some(keys) if self.kept.count == 1 => self.add_newest(&mut state, rows, keys, coming),
            _ => {
                for row in newest_first(rows.time) {
                    let Some(key) = keys.whole(rows, row) else { continue };
                    self.add(&mut state, rows, (row, &key, now_ns), coming);
                }
            }
        }
        self.let_go(&mut state);
    }

    fn delete(&self, deletion: &RowDeletion, table: &Table) {
        let mut state = self.state.lock();
        let mut any = false;
        for rows in state.keys.values_mut() {
            any |= rows.retain(|row| !covers(deletion, table, &row.series, row.time));
        }
        state.drop_empty();
        if any || state.progress.is_filling {
            state.progress.spoil();
        }
    }

    fn spoil(&self) {
        let mut state = self.state.lock();
        state.is_stale = true;
        state.progress.spoil();
    }

    fn begin_fill(&self, now_ns: i64, newest: i64) -> Fill {
        let mut state = self.state.lock();
        self.expire_rows(&mut state, now_ns);
        let oldest = state.keys.values().filter_map(|rows| rows.rows.last()).map(|row| row.time);
        let oldest = oldest.min().unwrap_or(i64::MAX);
        if state.is_stale || state.arrivals.is_some() {
            state.begin_anew();
        }
        state.arrivals.iter_mut().for_each(|arrivals| arrivals.reset(newest));
        state.floor = newest;
        let all = self.kept.lives(self.kept.created_at_ns, now_ns);
        let live_since = now_ns.saturating_sub(self.kept.ttl_ns).min(oldest);
        state.progress.begin(if all { i64::MIN } else { live_since }, now_ns)
    }

    fn fill(&self, fill: &Fill, rows: &Rows<'_>, table: &Table) -> bool {
        let mut state = self.state.lock();
        if !state.progress.goes_on(fill) {
            return false;
        }
        let coming = Coming { now_ns: fill.now_ns, is_scan: true, table };
        let keys = RowKeys::of(rows, &self.kept.keys);
        // the newest row of a series comes last
        for row in (0..rows.len()).rev() {
            let (series, time) = (rows.series_of(row), rows.time[row]);
            state.arrivals.iter_mut().for_each(|arrivals| arrivals.met(series, time));
            let Some(key) = keys.whole(rows, row) else { continue };
            let mut written = self.kept.created_at_ns.max(time.min(fill.now_ns));
            if !state.written.is_empty() {
                let known = state.written.get(&(Arc::from(series), time));
                written = known.copied().unwrap_or(written);
            }
            let is_here = || state.keys.get(&key).is_some_and(|known| known.has(time, series));
            if self.kept.lives(written, fill.now_ns) || is_here() {
                self.add(&mut state, rows, (row, &key, written), coming);
            }
        }
        self.let_go(&mut state);
        true
    }

    fn end_fill(&self, fill: &Fill) {
        let mut state = self.state.lock();
        if state.progress.end(fill) {
            state.floor = fill.time_min;
            state.arrivals.iter_mut().for_each(|arrivals| arrivals.met_all_since(fill.time_min));
            state.written = HashMap::new();
        }
    }

    fn expire(&self, now_ns: i64) {
        let mut state = self.state.lock();
        if !state.progress.is_filling {
            self.expire_rows(&mut state, now_ns);
        }
    }
}
