//! The newest rows of a table, which still grow.

use std::collections::BTreeMap;
use std::ops::Range;

use super::block::Block;
use crate::limits::BLOCK_ROWS_MAX;
use crate::schema::{Cells, ColumnId, FieldColumn, cells_to_array};

/// Bytes of text at which a tail is full before its rows are: offsets of an array are 31 bits.
const TEXT_BYTES_MAX: usize = 64 * 1_024 * 1_024;

#[derive(Debug, Clone)]
struct Column {
    cells: Cells,
    present: Option<Vec<bool>>,
}

/// Rows in the order in which they were written.
#[derive(Debug, Clone, Default)]
pub(super) struct Tail {
    pub(super) series: Vec<u32>,
    pub(super) time: Vec<i64>,
    pub(super) late: Vec<u32>,
    columns: BTreeMap<ColumnId, Column>,
    text_bytes: usize,
}

impl Tail {
    pub(super) fn rows(&self) -> usize {
        self.time.len()
    }

    /// Rows that still fit.
    pub(super) fn room(&self) -> usize {
        if self.text_bytes >= TEXT_BYTES_MAX { 0 } else { BLOCK_ROWS_MAX - self.rows() }
    }

    /// Bytes in memory, about.
    pub(super) fn bytes(&self) -> usize {
        self.rows() * (12 + 8 * self.columns.len()) + self.text_bytes
    }

    /// Adds rows `range` of a batch's field; the rows themselves are in `series` and `time` by
    /// then.
    pub(super) fn append_field(&mut self, field: &FieldColumn, range: &Range<usize>) {
        let rows = self.rows();
        let start = rows - range.len();
        let column = self
            .columns
            .entry(field.column)
            .or_insert_with(|| Column { cells: empty_like(&field.cells), present: None });
        pad(column, start);
        match (&mut column.present, &field.present) {
            (None, None) => {}
            (present, None) => {
                present.get_or_insert_default().resize(rows, true);
            }
            (present, Some(more)) => {
                let present = present.get_or_insert_with(|| vec![true; start]);
                present.extend_from_slice(&more[range.clone()]);
            }
        }
        self.text_bytes += extend(&mut column.cells, &field.cells, range);
    }

    /// The rows so far as a block, which must not be empty.
    pub(super) fn to_block(&self) -> Block {
        self.clone().into_block()
    }

    /// The rows as a block, which must not be empty.
    pub(super) fn into_block(self) -> Block {
        let rows = self.rows();
        let array = |(id, mut column): (ColumnId, Column)| {
            pad(&mut column, rows);
            (id, cells_to_array(column.cells, column.present))
        };
        let fields = self.columns.into_iter().map(array).collect();
        Block::new(self.series.into(), self.time.into(), fields, self.late)
    }
}

/// Rows up to `rows` that have no value yet get none.
fn pad(column: &mut Column, rows: usize) {
    let filled = column.cells.len();
    if filled < rows {
        column.present.get_or_insert_with(|| vec![true; filled]).resize(rows, false);
        column.cells.pad(rows);
    }
}

fn empty_like(cells: &Cells) -> Cells {
    match cells {
        Cells::Integer(_) => Cells::Integer(Vec::with_capacity(BLOCK_ROWS_MAX)),
        Cells::Unsigned(_) => Cells::Unsigned(Vec::with_capacity(BLOCK_ROWS_MAX)),
        Cells::Float(_) => Cells::Float(Vec::with_capacity(BLOCK_ROWS_MAX)),
        Cells::Boolean(_) => Cells::Boolean(Vec::with_capacity(BLOCK_ROWS_MAX)),
        Cells::String { .. } => Cells::String { ends: Vec::new(), bytes: Vec::new() },
    }
}

/// Returns the bytes of text that were added.
fn extend(cells: &mut Cells, more: &Cells, range: &Range<usize>) -> usize {
    match (cells, more) {
        (Cells::Integer(cells), Cells::Integer(more)) => {
            cells.extend_from_slice(&more[range.clone()]);
        }
        (Cells::Unsigned(cells), Cells::Unsigned(more)) => {
            cells.extend_from_slice(&more[range.clone()]);
        }
        (Cells::Float(cells), Cells::Float(more)) => cells.extend_from_slice(&more[range.clone()]),
        (Cells::Boolean(cells), Cells::Boolean(more)) => {
            cells.extend_from_slice(&more[range.clone()]);
        }
        (Cells::String { ends, bytes }, Cells::String { ends: more_ends, bytes: more }) => {
            return extend_text(ends, bytes, &more_ends[..range.end], more, range.start);
        }
        (cells, _) => cells.pad(cells.len() + range.len()), // a column has one kind for ever
    }
    0
}

fn extend_text(
    ends: &mut Vec<u32>,
    bytes: &mut Vec<u8>,
    more_ends: &[u32],
    more: &[u8],
    start: usize,
) -> usize {
    let from = if start == 0 { 0 } else { more_ends[start - 1] };
    let until = more_ends.last().copied().unwrap_or(from);
    let base = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    ends.extend(more_ends[start..].iter().map(|end| base + (end - from)));
    bytes.extend_from_slice(&more[from as usize..until as usize]);
    (until - from) as usize
}
