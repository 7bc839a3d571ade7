//! A block: up to `BLOCK_ROWS_MAX` rows of one table that never change.

use std::sync::{Arc, OnceLock};

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::DataType;

use super::series_rows::SeriesRows;
use crate::schema::{ColumnId, TimeRange};

/// Rows in the order in which they were written.
#[derive(Debug, Clone)]
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
    /// Rows whose time was not greater than all earlier times of their series: they may repeat an
    /// earlier (series, time). Empty once they have been merged.
    pub late: Vec<u32>,
    /// Made for the first query that wants few series.
    series_rows: OnceLock<SeriesRows>,
}

impl Block {
    /// A block of these rows, which must not be empty.
    pub(super) fn new(
        series: ScalarBuffer<u32>,
        time: ScalarBuffer<i64>,
        fields: Vec<(ColumnId, ArrayRef)>,
        late: Vec<u32>,
    ) -> Self {
        let time_min = time.iter().copied().min().unwrap_or(i64::MAX);
        let time_max = time.iter().copied().max().unwrap_or(i64::MIN);
        Self { series, time, fields, time_min, time_max, late, series_rows: OnceLock::new() }
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

    /// Its rows, series by series.
    pub(super) fn series_rows(&self) -> &SeriesRows {
        self.series_rows.get_or_init(|| SeriesRows::of(&self.series))
    }

    /// Bytes in memory, about, the list of the rows of each series included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let fields = self.fields.iter().map(|(_, array)| array.get_buffer_memory_size());
        16 * self.rows() + 4 * self.late.len() + fields.sum::<usize>()
    }
}
