//! The newest rows of one key.
//!
//! What stays true: rows are in the order of time, the newest first, and those of one time in the
//! order of their tags; every row of the key that is later than `missed_until` is here.

use std::cmp::Ordering;
use std::sync::Arc;

use super::value::{Cell, KeyValue, compare_series};
use crate::schema::ColumnId;

/// Bytes of a row in memory, about, without its texts.
const ROW_BYTES: usize = 128;

/// A row as its table has it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) time: i64,
    pub(super) series: Arc<[u8]>,
    /// When it was written last.
    pub(super) written_ns: i64,
    /// Its fields, by ascending number.
    pub(super) cells: Vec<(ColumnId, Cell)>,
}

impl Row {
    fn bytes(&self) -> usize {
        let text = |(_, cell): &(ColumnId, Cell)| match cell {
            Cell::Other(KeyValue::Text(text)) => text.len(),
            _ => 0,
        };
        let cells = self.cells.len() * size_of::<(ColumnId, Cell)>();
        ROW_BYTES + self.series.len() + cells + self.cells.iter().map(text).sum::<usize>()
    }

    fn order(&self, time: i64, series: &[u8]) -> Ordering {
        time.cmp(&self.time).then_with(|| compare_series(&self.series, series))
    }

    /// Takes the fields of the same row: all that are newer, or those that it lacks.
    fn merge(&mut self, cells: Vec<(ColumnId, Cell)>, is_newest: bool) {
        for (column, cell) in cells {
            match self.cells.binary_search_by_key(&column, |(id, _)| *id) {
                Ok(place) if is_newest => self.cells[place].1 = cell,
                Ok(_) => {}
                Err(place) => self.cells.insert(place, (column, cell)),
            }
        }
    }
}

/// Which row it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) time: i64,
    pub(super) series: &'a [u8],
    pub(super) written_ns: i64,
    /// Whether it was written after whatever is here of the same row.
    pub(super) is_newest: bool,
}

/// See the head of this file.
#[derive(Debug)]
pub(super) struct KeyRows {
    pub(super) rows: Vec<Arc<Row>>,
    pub(super) missed_until: i64,
    /// When a row was written last.
    pub(super) touched_ns: i64,
    /// None of the rows was written earlier.
    pub(super) oldest_ns: i64,
    pub(super) bytes: usize,
}

impl KeyRows {
    pub(super) fn new() -> Self {
        let (missed_until, touched_ns) = (i64::MIN, i64::MIN);
        Self { rows: Vec::new(), missed_until, touched_ns, oldest_ns: i64::MAX, bytes: 0 }
    }

    /// Whether a row of that time has no place among `count` rows.
    pub(super) fn is_behind(&self, time: i64, count: usize) -> bool {
        self.rows.len() >= count && self.rows.last().is_some_and(|last| time < last.time)
    }

    /// A row was not taken.
    pub(super) fn missed(&mut self, time: i64) {
        self.missed_until = self.missed_until.max(time);
    }

    pub(super) fn has(&self, time: i64, series: &[u8]) -> bool {
        self.place(time, series).is_ok()
    }

    fn place(&self, time: i64, series: &[u8]) -> Result<usize, usize> {
        self.rows.binary_search_by(|row| row.order(time, series))
    }

    /// Takes a row; true where it was not here, and is now.
    pub(super) fn put(
        &mut self,
        at: &Place<'_>,
        count: usize,
        cells: impl FnOnce() -> Vec<(ColumnId, Cell)>,
    ) -> bool {
        match self.place(at.time, at.series) {
            Ok(place) => {
                let row = Arc::make_mut(&mut self.rows[place]);
                self.bytes -= row.bytes();
                row.merge(cells(), at.is_newest);
                row.written_ns = row.written_ns.max(at.written_ns);
                self.bytes += row.bytes();
                false
            }
            Err(place) if place >= count => {
                self.missed(at.time);
                false
            }
            Err(place) => {
                self.insert(place, at, cells());
                self.cut(count);
                true
            }
        }
    }

    fn insert(&mut self, place: usize, at: &Place<'_>, cells: Vec<(ColumnId, Cell)>) {
        let (time, written_ns) = (at.time, at.written_ns);
        let row = Row { time, series: at.series.into(), written_ns, cells };
        self.bytes += row.bytes();
        self.oldest_ns = self.oldest_ns.min(written_ns);
        self.rows.insert(place, Arc::new(row));
    }

    fn cut(&mut self, count: usize) {
        for row in self.rows.split_off(count.min(self.rows.len())) {
            self.bytes -= row.bytes();
            self.missed(row.time);
        }
    }

    /// Drops the rows that do not stay; true where there were any.
    pub(super) fn retain(&mut self, stays: impl Fn(&Row) -> bool) -> bool {
        let before = self.rows.len();
        let (mut missed_until, mut bytes) = (self.missed_until, self.bytes);
        self.rows.retain(|row| {
            let stays = stays(row);
            if !stays {
                missed_until = missed_until.max(row.time);
                bytes -= row.bytes();
            }
            stays
        });
        (self.missed_until, self.bytes) = (missed_until, bytes);
        let oldest = self.rows.iter().map(|row| row.written_ns).min();
        self.oldest_ns = oldest.unwrap_or(i64::MAX);
        self.rows.len() < before
    }
}
