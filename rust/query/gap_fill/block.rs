//! The rows of whole series, with those between them.
//!
//! Comes in: whole series, and the starts of the bins that they are to have. Goes out: batches of
//! their rows and of new ones, in order. Stays true: a batch has at most [`BLOCK_ROWS_MAX`] rows,
//! and fewer where its texts are long; rows that lie outside of the range, or in none of the bins,
//! come as they are.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Scalar, TimestampNanosecondArray, UInt32Array};
use arrow::buffer::NullBuffer;
use arrow::compute::kernels::zip::zip;
use arrow::compute::{is_not_null, take};
use arrow::datatypes::{DataType, SchemaRef, TimestampNanosecondType};
use arrow::record_batch::RecordBatch;
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;

use super::Fill;
use super::bins::Starts;
use super::exec::Filled;
use super::lines::{Source, VALUE, on_lines};
use crate::limits::{BLOCK_ROWS_MAX, GAP_BATCH_BYTES_MAX};

/// Whole series.
pub(super) struct Block {
    rows: RecordBatch,
    /// The first row of each series.
    starts: Vec<usize>,
}

impl Block {
    pub(super) fn try_new(rows: RecordBatch, starts: Vec<usize>) -> Result<Self> {
        let count = rows.num_rows();
        if u32::try_from(count).is_err() {
            return Err(exec_datafusion_err!("a series of {count} rows is too long to be filled"));
        }
        Ok(Self { rows, starts })
    }

    fn end(&self, series: usize) -> usize {
        self.starts.get(series + 1).copied().unwrap_or_else(|| self.rows.num_rows())
    }
}

/// Rows to make: where they come from.
#[derive(Default)]
struct Slots {
    times: Vec<Option<i64>>,
    /// The row of the block that this one is; `None` for a new one.
    rows: Vec<Option<u32>>,
    /// The number of the series.
    series: Vec<usize>,
}

impl Slots {
    fn push(&mut self, time: Option<i64>, row: Option<u32>, series: usize) {
        self.times.push(time);
        self.rows.push(row);
        self.series.push(series);
    }
}

/// The row with the value after the last one.
#[derive(Clone, Copy, Default)]
enum Next {
    #[default]
    Unknown,
    None,
    Row(u32),
}

/// The last value of a column, in one series.
#[derive(Clone, Default)]
struct Last {
    series: Option<usize>,
    row: Option<u32>,
    next: Next,
}

/// A block on its way out.
pub(super) struct Filling {
    block: Block,
    filled: Arc<Filled>,
    schema: SchemaRef,
    times: TimestampNanosecondArray,
    /// Which rows have a value that counts, for each column that needs to know.
    known: Vec<Option<NullBuffer>>,
    last: Vec<Last>,
    rows_max: usize,
    /// The bins of each series, and those of the current one that are left.
    bins: Starts,
    left: std::iter::Peekable<Starts>,
    series: usize,
    row: usize,
}

impl Filling {
    pub(super) fn new(block: Block, filled: Arc<Filled>, schema: SchemaRef, bins: &Starts) -> Self {
        let times = block.rows.column(filled.time).as_primitive::<TimestampNanosecondType>();
        let counts = |(column, fill): (&ArrayRef, &Fill)| match fill {
            Fill::Previous | Fill::Linear => known(column),
            Fill::Null | Fill::Value(_) => None,
        };
        let known = block.rows.columns().iter().zip(&filled.fills).map(counts).collect();
        Self {
            times: times.clone(),
            known,
            last: vec![Last::default(); block.rows.num_columns()],
            rows_max: rows_max(&block.rows),
            bins: bins.clone(),
            left: bins.clone().peekable(),
            series: 0,
            row: 0,
            block,
            filled,
            schema,
        }
    }

    /// The next rows; `None` at the end of the block.
    pub(super) fn next(&mut self) -> Result<Option<RecordBatch>> {
        let mut slots = Slots::default();
        while slots.rows.len() < self.rows_max && self.series < self.block.starts.len() {
            self.push_slot(&mut slots);
        }
        if slots.rows.is_empty() { Ok(None) } else { self.batch(&slots).map(Some) }
    }

    fn push_slot(&mut self, slots: &mut Slots) {
        if self.row == self.block.end(self.series) {
            match self.left.next() {
                Some(bin) => slots.push(Some(bin), None, self.series),
                None => self.next_series(),
            }
            return;
        }
        let time = self.times.is_valid(self.row).then(|| self.times.value(self.row));
        if let Some(bin) = self.left.next_if(|bin| time.is_some_and(|time| *bin < time)) {
            slots.push(Some(bin), None, self.series);
            return;
        }
        self.left.next_if(|bin| Some(*bin) == time);
        slots.push(time, u32::try_from(self.row).ok(), self.series);
        self.row += 1;
    }

    fn next_series(&mut self) {
        self.series += 1;
        self.left = self.bins.clone().peekable();
    }

    fn batch(&mut self, slots: &Slots) -> Result<RecordBatch> {
        let mut columns = Vec::with_capacity(self.block.rows.num_columns());
        for index in 0..self.block.rows.num_columns() {
            columns.push(self.column(index, slots)?);
        }
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }

    fn column(&mut self, index: usize, slots: &Slots) -> Result<ArrayRef> {
        let column = Arc::clone(self.block.rows.column(index));
        if index == self.filled.time {
            let times = TimestampNanosecondArray::from(slots.times.clone());
            return Ok(Arc::new(times.with_timezone_opt(self.times.timezone())));
        }
        if self.filled.series.contains(&index) {
            let start = |series: &usize| u32::try_from(self.block.starts[*series]).ok();
            let rows: UInt32Array = slots.series.iter().map(start).collect();
            return Ok(take(&column, &rows, None)?);
        }
        let filled = Arc::clone(&self.filled);
        match &filled.fills[index] {
            Fill::Null => of_rows(&column, &slots.rows),
            Fill::Value(value) => {
                let column = of_rows(&column, &slots.rows)?;
                let value = Scalar::new(value.to_array()?);
                Ok(zip(&is_not_null(&column)?, &column, &value)?)
            }
            Fill::Previous => of_rows(&column, &self.previous(index, slots)),
            Fill::Linear => on_lines(&column, &self.sources(index, slots), &slots.times),
        }
    }

    /// Where the row of a slot has a value that counts, notes it as the last one.
    fn note(&mut self, index: usize, slots: &Slots, slot: usize) -> bool {
        let last = &mut self.last[index];
        if last.series != Some(slots.series[slot]) {
            *last = Last { series: Some(slots.series[slot]), row: None, next: Next::Unknown };
        }
        let known = self.known[index].as_ref();
        let Some(row) = slots.rows[slot] else { return false };
        let counts = self.times.is_valid(row as usize)
            && known.is_none_or(|known| known.is_valid(row as usize));
        if counts {
            (last.row, last.next) = (Some(row), Next::Unknown);
        }
        counts
    }

    fn previous(&mut self, index: usize, slots: &Slots) -> Vec<Option<u32>> {
        let mut rows = Vec::with_capacity(slots.rows.len());
        for slot in 0..slots.rows.len() {
            self.note(index, slots, slot);
            rows.push(self.last[index].row);
        }
        rows
    }

    fn sources(&mut self, index: usize, slots: &Slots) -> Vec<Source> {
        let mut sources = Vec::with_capacity(slots.rows.len());
        for slot in 0..slots.rows.len() {
            let counts = self.note(index, slots, slot);
            sources.push(match (slots.rows[slot], slots.times[slot]) {
                (Some(row), _) if counts => Source::Row(row),
                (_, Some(time)) => self.line(index, time),
                (row, None) => row.map_or(Source::None, Source::Row),
            });
        }
        sources
    }

    /// The line from the last value to the next one, at `time`.
    fn line(&mut self, index: usize, time: i64) -> Source {
        let Some(from) = self.last[index].row else { return Source::None };
        if matches!(self.last[index].next, Next::Unknown) {
            self.last[index].next = self.next_known(index, from as usize);
        }
        let Next::Row(to) = self.last[index].next else { return Source::None };
        let at = |row: u32| i128::from(self.times.value(row as usize));
        let (elapsed, whole) = (i128::from(time) - at(from), at(to) - at(from));
        Source::Line { from, to, elapsed, whole }
    }

    fn next_known(&self, index: usize, row: usize) -> Next {
        let mut later = row + 1..self.block.end(self.series_of(row));
        let known = self.known[index].as_ref();
        let next = later.find(|row| known.is_none_or(|known| known.is_valid(*row)));
        next.and_then(|row| u32::try_from(row).ok()).map_or(Next::None, Next::Row)
    }

    fn series_of(&self, row: usize) -> usize {
        self.block.starts.partition_point(|start| *start <= row) - 1
    }
}

fn of_rows(column: &ArrayRef, rows: &[Option<u32>]) -> Result<ArrayRef> {
    let rows: UInt32Array = rows.iter().copied().collect();
    Ok(take(column, &rows, None)?)
}

/// Which rows have a value; a struct has one where its field `value` does.
fn known(column: &ArrayRef) -> Option<NullBuffer> {
    let value = column.as_struct_opt().and_then(|fields| fields.column_by_name(VALUE));
    let inner = value.and_then(Array::logical_nulls);
    NullBuffer::union(column.logical_nulls().as_ref(), inner.as_ref())
}

/// Rows of a batch in which each may repeat the largest one of `rows`.
fn rows_max(rows: &RecordBatch) -> usize {
    let bytes: usize = rows.columns().iter().map(widest).sum();
    (GAP_BATCH_BYTES_MAX / bytes.max(1)).clamp(1, BLOCK_ROWS_MAX)
}

/// Bytes of the largest value, at most.
fn widest(column: &ArrayRef) -> usize {
    match column.data_type() {
        DataType::Utf8 => longest(column.as_string::<i32>().offsets().windows(2)),
        DataType::LargeUtf8 => longest(column.as_string::<i64>().offsets().windows(2)),
        DataType::Binary => longest(column.as_binary::<i32>().offsets().windows(2)),
        DataType::LargeBinary => longest(column.as_binary::<i64>().offsets().windows(2)),
        DataType::Struct(_) => column.as_struct().columns().iter().map(widest).sum(),
        DataType::Dictionary(..) | DataType::Utf8View | DataType::BinaryView => size_of::<u128>(),
        other => match other.primitive_width() {
            Some(width) => width,
            None if *other == DataType::Boolean => 1,
            None => column.get_array_memory_size(), // a list, perhaps with all of it in one row
        },
    }
}

fn longest<'a, O: Copy + TryInto<usize> + std::ops::Sub<Output = O> + 'a>(
    offsets: impl Iterator<Item = &'a [O]>,
) -> usize {
    let length = |pair: &[O]| match pair {
        [start, end] => (*end - *start).try_into().unwrap_or(usize::MAX),
        _ => 0,
    };
    offsets.map(length).max().unwrap_or(0)
}
