//! A block: up to `BLOCK_ROWS_MAX` rows of one table that never change.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::DataType;
use parking_lot::Mutex;

use super::series_rows::SeriesRows;
use super::spans::spans_of;
use crate::schema::{ColumnId, TimeRange, TimeRanges};

/// Rows of something older that those of a block replace, by the number of the older and of a part
/// of it.
type Replaced = HashMap<(u64, usize), Arc<[u32]>>;

/// Rows in the order in which they were written.
#[derive(Debug)]
pub struct Block {
    /// For each row the number of its series.
    pub series: ScalarBuffer<u32>,
    /// For each row its time, in nanoseconds since the epoch.
    pub time: ScalarBuffer<i64>,
    /// Field columns, by ascending number; a column that is missing holds no value.
    pub fields: Vec<(ColumnId, ArrayRef)>,
    /// Least time.
    pub time_min: i64,
    /// Greatest time.
    pub time_max: i64,
    /// Rows that may repeat an earlier (series, time). Empty once they have been merged.
    pub suspects: Vec<u32>,
    /// Made for the first query that wants few series.
    series_rows: OnceLock<SeriesRows>,
    /// Made for the first query that reads something older, too.
    spans: OnceLock<TimeRanges>,
    replaced: Mutex<Replaced>,
}

impl Block {
    /// A block of these rows, which must not be empty.
    pub(super) fn new(
        series: ScalarBuffer<u32>,
        time: ScalarBuffer<i64>,
        fields: Vec<(ColumnId, ArrayRef)>,
        suspects: Vec<u32>,
    ) -> Self {
        let time_min = time.iter().copied().min().unwrap_or(i64::MAX);
        let time_max = time.iter().copied().max().unwrap_or(i64::MIN);
        let (series_rows, spans) = (OnceLock::new(), OnceLock::new());
        let replaced = Mutex::default();
        Self { series, time, fields, time_min, time_max, suspects, series_rows, spans, replaced }
    }

    /// The same rows, none of which repeats an earlier one.
    pub(super) fn cleared(&self) -> Self {
        let (series, time) = (self.series.clone(), self.time.clone());
        Self::new(series, time, self.fields.clone(), Vec::new())
    }

    /// The times that its rows lie in.
    #[must_use]
    pub fn times(&self) -> TimeRange {
        TimeRange { min: self.time_min, max: self.time_max }
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.time.len()
    }

    /// The values of a field; nulls of type `kind` where the block lacks it.
    #[must_use]
    pub fn field(&self, column: ColumnId, kind: &DataType) -> ArrayRef {
        match self.fields.binary_search_by_key(&column, |(id, _)| *id) {
            Ok(index) => Arc::clone(&self.fields[index].1),
            Err(_) => new_null_array(kind, self.rows()),
        }
    }

    /// Few ranges that hold the times of all rows: late rows leave gaps.
    #[must_use]
    pub fn spans(&self) -> &TimeRanges {
        self.spans.get_or_init(|| spans_of(&self.time, self.times()))
    }

    /// Whether every row has a value in each of these fields.
    pub(super) fn has_all(&self, mut fields: impl Iterator<Item = ColumnId>) -> bool {
        fields.all(|field| {
            let found = self.fields.binary_search_by_key(&field, |(id, _)| *id);
            found.is_ok_and(|place| self.fields[place].1.null_count() == 0)
        })
    }

    /// The series that have rows, ascending, with the times of each.
    pub fn times_by_series(&self) -> impl Iterator<Item = (u32, impl Iterator<Item = i64>)> {
        let time = |row: &u32| self.time[*row as usize];
        self.series_rows().iter().map(move |(series, rows)| (series, rows.iter().map(time)))
    }

    /// The rows of something older that those of this block replace; `find` finds them once.
    ///
    /// # Errors
    /// Those of `find`.
    pub fn replaced<E>(
        &self,
        older: (u64, usize),
        find: impl FnOnce() -> Result<Arc<[u32]>, E>,
    ) -> Result<Arc<[u32]>, E> {
        if let Some(known) = self.replaced.lock().get(&older) {
            return Ok(Arc::clone(known));
        }
        let found = find()?;
        self.replaced.lock().insert(older, Arc::clone(&found));
        Ok(found)
    }

    /// Its rows, series by series.
    pub(super) fn series_rows(&self) -> &SeriesRows {
        self.series_rows.get_or_init(|| SeriesRows::of(&self.series))
    }

    /// Bytes in memory, about, the list of the rows of each series included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let fields = self.fields.iter().map(|(_, array)| array.get_buffer_memory_size());
        16 * self.rows() + 4 * self.suspects.len() + fields.sum::<usize>()
    }
}
