//! Rows that were deleted: the condition, and where in the log it stands.
//!
//! What stays true: a tombstone covers the rows of its table that were written before it, and that
//! its times and tags describe; what is written later is not touched. Rows that lie together (a
//! chunk, a file) were all written before it or all after it, so their last position decides.

use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Int32Type, TimestampNanosecondType};
use arrow::error::ArrowError;

use super::time_range::TimeRange;
use super::time_ranges::TimeRanges;
use super::{DatabaseId, Position, TableId};
use crate::error::{EngineError, Result};

/// What one tag must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagCondition {
    /// Name of the tag.
    pub tag: Arc<str>,
    /// Values, any of which will do; `None` stands for a row without the tag.
    pub values: Vec<Option<Arc<str>>>,
}

impl TagCondition {
    fn holds(&self, value: Option<&str>) -> bool {
        self.values.iter().any(|one| one.as_deref() == value)
    }

    fn mask(&self, batch: &RecordBatch) -> BooleanBuffer {
        let rows = batch.num_rows();
        let column = batch.column_by_name(&self.tag);
        let Some(tags) = column.and_then(|one| one.as_dictionary_opt::<Int32Type>()) else {
            return BooleanBuffer::collect_bool(rows, |_| self.holds(None));
        };
        let values = tags.values().as_string::<i32>();
        let holds: Vec<bool> = values.iter().map(|value| self.holds(value)).collect();
        let (absent, codes) = (self.holds(None), tags.keys().values());
        let of_code = |code: i32| holds.get(usize::try_from(code).unwrap_or(usize::MAX));
        BooleanBuffer::collect_bool(rows, |row| {
            if tags.is_null(row) { absent } else { of_code(codes[row]).is_some_and(|one| *one) }
        })
    }
}

/// Which rows a deletion covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowDeletion {
    /// Their database.
    pub database: DatabaseId,
    /// Their table.
    pub table: TableId,
    /// Their times.
    pub times: TimeRange,
    /// What their tags must be, all of it.
    pub tags: Vec<TagCondition>,
}

impl RowDeletion {
    fn covered(&self, batch: &RecordBatch) -> Result<BooleanBuffer> {
        let time = batch.column_by_name("time");
        let time = time.and_then(|one| one.as_primitive_opt::<TimestampNanosecondType>());
        let time = time.ok_or_else(|| EngineError::internal("rows to delete have no time"))?;
        let TimeRange { min, max } = self.times;
        let values = time.values();
        let in_times = BooleanBuffer::collect_bool(values.len(), |row| {
            min <= values[row] && values[row] <= max
        });
        Ok(self.tags.iter().fold(in_times, |mask, tag| &mask & &tag.mask(batch)))
    }
}

/// A deletion at its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// Rows of this frame and of later ones stay.
    pub position: Position,
    /// The rows that go.
    pub rows: Arc<RowDeletion>,
}

/// What is deleted of rows that lie together.
#[derive(Debug, Clone, Default)]
pub struct Deleted {
    times: TimeRanges,
    tagged: Vec<Arc<RowDeletion>>,
}

impl Deleted {
    /// What these tombstones delete of rows of these times, the last of which was written at
    /// `last`.
    pub fn of<'t>(
        tombstones: impl IntoIterator<Item = &'t Tombstone>,
        last: Position,
        times: TimeRange,
    ) -> Self {
        let covers =
            |one: &&Tombstone| last < one.position && !one.rows.times.intersect(times).is_empty();
        let covering = tombstones.into_iter().filter(covers);
        let (tagged, whole): (Vec<_>, Vec<_>) = covering
            .map(|tombstone| Arc::clone(&tombstone.rows))
            .partition(|rows| !rows.tags.is_empty());
        let times = TimeRanges::union_of(whole.iter().map(|rows| rows.times).collect());
        Self { times, tagged }
    }

    /// Whether nothing is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.times.is_empty() && self.tagged.is_empty()
    }

    /// Times of which no row is left.
    #[must_use]
    pub fn times(&self) -> &TimeRanges {
        &self.times
    }

    /// Whether more than times decides: then [`Self::left_of`] must see the tags and the time.
    #[must_use]
    pub fn reads_tags(&self) -> bool {
        !self.tagged.is_empty()
    }

    /// The rows of other times that are left.
    ///
    /// # Errors
    /// `Internal` where the rows have no time.
    pub fn left_of(&self, batch: RecordBatch) -> Result<RecordBatch> {
        let mut left: Option<BooleanBuffer> = None;
        for rows in &self.tagged {
            let covered = rows.covered(&batch)?;
            if covered.count_set_bits() > 0 {
                let others = !&covered;
                left = Some(left.map_or_else(|| others.clone(), |left| &left & &others));
            }
        }
        let Some(left) = left else { return Ok(batch) };
        filter_record_batch(&batch, &BooleanArray::new(left, None)).map_err(misfit)
    }
}

fn misfit(error: ArrowError) -> EngineError {
    EngineError::internal("rows cannot be left out").caused_by(error)
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, DictionaryArray, TimestampNanosecondArray};

    use super::*;

    fn rows(hosts: &[Option<&str>], times: &[i64]) -> RecordBatch {
        let hosts: DictionaryArray<Int32Type> = hosts.iter().copied().collect();
        let times = TimestampNanosecondArray::from(times.to_vec());
        let columns: [(&str, ArrayRef); 2] = [("host", Arc::new(hosts)), ("time", Arc::new(times))];
        RecordBatch::try_from_iter_with_nullable(
            columns.map(|(name, column)| (name, column, name == "host")),
        )
        .expect("a batch")
    }

    fn tombstone(
        position: Position,
        (min, max): (i64, i64),
        tags: &[(&str, Option<&str>)],
    ) -> Tombstone {
        let condition = |(tag, value): &(&str, Option<&str>)| TagCondition {
            tag: (*tag).into(),
            values: vec![value.map(Into::into)],
        };
        let (times, tags) = (TimeRange { min, max }, tags.iter().map(condition).collect());
        let rows = RowDeletion { database: 1, table: 1, times, tags };
        Tombstone { position, rows: Arc::new(rows) }
    }

    fn times_left(deleted: &Deleted, batch: RecordBatch) -> Vec<i64> {
        let left = deleted.left_of(batch).expect("rows that are left");
        let time = left.column_by_name("time").expect("a time");
        time.as_primitive::<TimestampNanosecondType>().values().to_vec()
    }

    #[test]
    fn only_rows_written_before_a_tombstone_are_deleted() {
        let one = [tombstone(5, (0, 9), &[])];
        assert_eq!(
            Deleted::of(&one, 4, TimeRange::ALL).times().hull(),
            TimeRange { min: 0, max: 9 }
        );
        assert!(Deleted::of(&one, 5, TimeRange::ALL).is_empty());
        assert!(Deleted::of(&one, 4, TimeRange { min: 10, max: 20 }).is_empty());
    }

    #[test]
    fn all_tags_must_be_as_the_condition_says() {
        let batch = || rows(&[Some("a"), Some("b"), None, Some("a")], &[1, 2, 3, 4]);
        let deleted = |tags: &[(&str, Option<&str>)]| {
            Deleted::of(&[tombstone(1, (0, 3), tags)], 0, TimeRange::ALL)
        };
        assert_eq!(times_left(&deleted(&[("host", Some("a"))]), batch()), [2, 3, 4]);
        assert_eq!(times_left(&deleted(&[("host", None)]), batch()), [1, 2, 4]);
        assert_eq!(
            times_left(&deleted(&[("host", Some("a")), ("rack", None)]), batch()),
            [2, 3, 4]
        );
        assert_eq!(times_left(&deleted(&[("rack", Some("r"))]), batch()), [1, 2, 3, 4]);
    }

    #[test]
    fn several_tombstones_delete_what_any_of_them_covers() {
        let both = [
            tombstone(1, (0, 1), &[("host", Some("a"))]),
            tombstone(2, (0, 9), &[("host", Some("b"))]),
        ];
        let batch = rows(&[Some("a"), Some("b"), None, Some("a")], &[1, 2, 3, 4]);
        assert_eq!(times_left(&Deleted::of(&both, 0, TimeRange::ALL), batch), [3, 4]);
    }
}
