//! Whole series out of sorted batches.
//!
//! Comes in: batches sorted by series. Goes out: blocks of whole series ([`Block`]), in the same
//! order. Stays true: memory holds one series, or one batch of short ones, and is charged for it.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::compute::{concat_batches, max, min};
use arrow::datatypes::TimestampNanosecondType;
use arrow::record_batch::RecordBatch;
use arrow::row::{OwnedRow, RowConverter, Rows, SortField};
use datafusion::error::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;

use super::block::Block;

/// Cuts a stream into series.
pub(super) struct SeriesReader {
    input: SendableRecordBatchStream,
    /// The columns that tell series apart, and their values in a form that can be compared.
    columns: Vec<usize>,
    converter: Option<RowConverter>,
    /// The rows of a series that may go on.
    open: Vec<RecordBatch>,
    open_key: Option<OwnedRow>,
    memory: MemoryReservation,
}

impl SeriesReader {
    pub(super) fn try_new(
        input: SendableRecordBatchStream,
        columns: Vec<usize>,
        memory: MemoryReservation,
    ) -> Result<Self> {
        let schema = input.schema();
        let field = |index: &usize| SortField::new(schema.field(*index).data_type().clone());
        let fields: Vec<SortField> = columns.iter().map(field).collect();
        let converter = if fields.is_empty() { None } else { Some(RowConverter::new(fields)?) };
        Ok(Self { input, columns, converter, open: Vec::new(), open_key: None, memory })
    }

    /// The next whole series; the memory of those before is given back.
    pub(super) async fn next(&mut self) -> Result<Option<Block>> {
        self.memory.try_resize(self.open_bytes())?;
        while let Some(batch) = self.input.next().await {
            let batch = batch?;
            self.memory.try_grow(batch.get_array_memory_size())?;
            if let Some(block) = self.add(&batch)? {
                return Ok(Some(block));
            }
        }
        if self.open.is_empty() {
            return Ok(None);
        }
        let rest = std::mem::take(&mut self.open);
        self.block(&rest, vec![0]).map(Some)
    }

    fn open_bytes(&self) -> usize {
        self.open.iter().map(RecordBatch::get_array_memory_size).sum()
    }

    /// Adds rows; returns the series that end before the last one of them.
    fn add(&mut self, batch: &RecordBatch) -> Result<Option<Block>> {
        if batch.num_rows() == 0 {
            return Ok(None);
        }
        let starts = self.starts(batch)?;
        let Some(last) = starts.last().copied() else {
            self.open.push(batch.clone());
            return Ok(None);
        };
        let mut whole = std::mem::take(&mut self.open);
        let before: usize = whole.iter().map(RecordBatch::num_rows).sum();
        self.open.push(batch.slice(last, batch.num_rows() - last));
        if last > 0 {
            whole.push(batch.slice(0, last));
        }
        if whole.is_empty() {
            return Ok(None);
        }
        let mut series = vec![0];
        series.extend(starts.iter().filter(|at| **at < last).map(|at| before + at));
        series.dedup();
        self.block(&whole, series).map(Some)
    }

    /// The rows of `batch` with which another series begins than that of the row before.
    fn starts(&mut self, batch: &RecordBatch) -> Result<Vec<usize>> {
        let Some(converter) = &self.converter else {
            return Ok(if self.open.is_empty() { vec![0] } else { Vec::new() });
        };
        let columns: Vec<_> = self.columns.iter().map(|at| Arc::clone(batch.column(*at))).collect();
        let keys: Rows = converter.convert_columns(&columns)?;
        let mut starts = Vec::new();
        if self.open_key.as_ref().is_none_or(|key| key.row() != keys.row(0)) {
            starts.push(0);
        }
        starts.extend((1..keys.num_rows()).filter(|at| keys.row(*at) != keys.row(*at - 1)));
        self.open_key = Some(keys.row(keys.num_rows() - 1).owned());
        Ok(starts)
    }

    fn block(&self, batches: &[RecordBatch], starts: Vec<usize>) -> Result<Block> {
        let rows = match batches {
            [only] => only.clone(),
            more => {
                let copied = more.iter().map(RecordBatch::get_array_memory_size).sum();
                self.memory.try_grow(copied)?;
                concat_batches(&self.input.schema(), more)?
            }
        };
        Block::try_new(rows, starts)
    }
}

/// Reads all of `input`, sorted or not: a stream of the same rows, and the first and the last of
/// their times. The memory is charged as long as the stream is there.
pub(super) async fn with_range(
    mut input: SendableRecordBatchStream,
    time: usize,
    memory: MemoryReservation,
) -> Result<(SendableRecordBatchStream, Option<(i64, i64)>)> {
    let schema = input.schema();
    let mut batches = Vec::new();
    let mut range: Option<(i64, i64)> = None;
    while let Some(batch) = input.next().await {
        let batch = batch?;
        memory.try_grow(batch.get_array_memory_size())?;
        let times = batch.column(time).as_primitive::<TimestampNanosecondType>();
        if let (Some(first), Some(last)) = (min(times), max(times)) {
            let (earliest, latest) = range.unwrap_or((first, last));
            range = Some((earliest.min(first), latest.max(last)));
        }
        batches.push(batch);
    }
    let again = batches.into_iter().map(move |batch| {
        let _ = &memory; // goes with the rows
        Ok(batch)
    });
    let stream = RecordBatchStreamAdapter::new(schema, futures::stream::iter(again));
    Ok((Box::pin(stream), range))
}
