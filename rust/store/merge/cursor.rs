//! Where the merge stands in one source.

use std::cmp::Ordering;

use arrow::array::{AsArray, RecordBatch};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::TimestampNanosecondType;

use super::SortColumns;
use super::series_spans::{Span, spans_of};
use crate::error::{EngineError, Result};

/// A source of the merge, one batch of it at a time.
#[derive(Debug)]
pub(super) enum Cursor {
    /// The next batch is not there yet.
    Hungry,
    /// A batch with rows that are left.
    Loaded(Loaded),
    /// There are no more rows.
    Ended,
}

/// The next row of a source.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) batch: RecordBatch,
    time: ScalarBuffer<i64>,
    spans: Vec<Span>,
    span: usize,
    pub(super) row: usize,
}

impl Loaded {
    /// The first row of a batch, which must not be empty.
    pub(super) fn of(batch: RecordBatch, columns: &SortColumns) -> Result<Self> {
        let time = batch.column(columns.time);
        let time = time.as_primitive_opt::<TimestampNanosecondType>();
        let time = time.ok_or_else(|| EngineError::internal("the time is not in nanoseconds"))?;
        let (time, spans) = (time.values().clone(), spans_of(&batch, columns)?);
        Ok(Self { batch, time, spans, span: 0, row: 0 })
    }

    pub(super) fn key(&self) -> &[u8] {
        &self.spans[self.span].key
    }

    pub(super) fn time(&self) -> i64 {
        self.time[self.row]
    }

    /// By series, then time.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        self.key().cmp(other.key()).then(self.time().cmp(&other.time()))
    }

    /// One behind the last row, of the series that the cursor stands in, that lies before `bound`;
    /// without a bound, the end of the series in this batch.
    pub(super) fn end_before(&self, bound: Option<&Self>) -> usize {
        let end = self.spans[self.span].end;
        match bound.filter(|bound| bound.key() == self.key()) {
            None => end,
            Some(bound) => {
                let times = &self.time[self.row..end];
                self.row + times.partition_point(|time| *time < bound.time())
            }
        }
    }

    /// Goes on to `row`; whether the batch has it.
    pub(super) fn advance(&mut self, row: usize) -> bool {
        self.row = row;
        if row >= self.spans[self.span].end {
            self.span += 1;
        }
        self.span < self.spans.len()
    }
}
