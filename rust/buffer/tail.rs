//! The newest rows of a table, which still grow.

use std::collections::BTreeMap;
use std::ops::Range;

use super::block::Block;
use crate::limits::BLOCK_ROWS_MAX;
use crate::schema::{ColumnId, FieldColumn, cells_to_array};

/// Bytes of text at which a tail is full before its rows are: offsets of an array are 31 bits.
const TEXT_BYTES_MAX: usize = 64 * 1_024 * 1_024;

/// Rows in the order in which they were written.
#[derive(Debug, Clone, Default)]
pub(super) struct Tail {
    pub(super) series: Vec<u32>,
    pub(super) time: Vec<i64>,
    pub(super) suspects: Vec<u32>,
    fields: BTreeMap<ColumnId, FieldColumn>,
}

impl Tail {
    pub(super) fn rows(&self) -> usize {
        self.time.len()
    }

    /// Rows that still fit.
    pub(super) fn room(&self) -> usize {
        if self.text_bytes() >= TEXT_BYTES_MAX { 0 } else { BLOCK_ROWS_MAX - self.rows() }
    }

    /// Bytes in memory, about.
    pub(super) fn bytes(&self) -> usize {
        self.rows() * (12 + 8 * self.fields.len()) + self.text_bytes()
    }

    fn text_bytes(&self) -> usize {
        self.fields.values().map(|field| field.cells.text_bytes()).sum()
    }

    /// Adds rows `range` of a batch's field; the rows are in `series` and `time` by then.
    pub(super) fn append_field(&mut self, field: &FieldColumn, range: &Range<usize>) {
        let start = self.rows() - range.len();
        let empty = || FieldColumn::empty_like(field);
        let column = self.fields.entry(field.column).or_insert_with(empty);
        column.pad(start);
        column.append(field, range);
    }

    /// The rows so far as a block, which must not be empty.
    pub(super) fn to_block(&self) -> Block {
        self.clone().into_block()
    }

    /// The rows as a block, which must not be empty.
    pub(super) fn into_block(self) -> Block {
        let rows = self.rows();
        let array = |(id, mut field): (ColumnId, FieldColumn)| {
            field.pad(rows);
            (id, cells_to_array(field.cells, field.present))
        };
        let fields = self.fields.into_iter().map(array).collect();
        Block::new(self.series.into(), self.time.into(), fields, self.suspects)
    }
}
