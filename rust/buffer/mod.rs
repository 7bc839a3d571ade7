//! Committed rows in memory, as columns, ready to be queried.
//!
//! Comes in: batches, in the order of the log. Goes out: chunks, whose snapshots never change: the
//! one that grows, and sealed ones that wait to be stored. What stays true: within a snapshot each
//! (series, time) stands once, with the value that was written last to each of its fields, however
//! the rows came; a later chunk wins over an earlier one.

mod block;
mod chunk;
mod few_series;
mod gather;
mod merge;
mod newest;
mod seen_times;
mod series_choice;
mod series_rows;
mod series_set;
mod snapshot;
mod sorted;
mod spans;
mod table;
mod tail;

#[cfg(test)]
mod arrow_tests;
#[cfg(test)]
mod tests;

pub use block::Block;
pub use chunk::{Chunk, TableRows};
pub use few_series::FewSeries;
pub use series_choice::SeriesChoice;
pub use snapshot::Snapshot;
pub use sorted::SortedRows;
pub use table::TableBuffer;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::RwLock;

use chunk::TableChunks;

use crate::schema::{Position, RowDeletion, TableBatch, TableId};

/// The rows of all tables.
#[derive(Debug, Default)]
pub struct Buffer {
    tables: RwLock<HashMap<TableId, TableChunks>>,
    bytes: AtomicUsize,
}

impl Buffer {
    /// Adds a batch. Batches of one table must come in the order of the log.
    pub fn append(&self, batch: &TableBatch) {
        let (before, after) = self.growing(batch.table).append(batch);
        self.bytes.fetch_add(after, Ordering::Relaxed);
        self.bytes.fetch_sub(before, Ordering::Relaxed);
    }

    /// Deletes rows that were appended before; the frame that says so stands at `position`.
    pub fn delete(&self, position: Position, rows: &Arc<RowDeletion>) {
        let mut tables = self.tables.write();
        tables.entry(rows.table).or_default().delete(position, Arc::clone(rows));
    }

    /// The chunks of a table, the one that grows last, and what was deleted.
    #[must_use]
    pub fn rows_of(&self, id: TableId) -> TableRows {
        self.tables.read().get(&id).map(TableChunks::all).unwrap_or_default()
    }

    /// Ends the chunks that grow: they hold the rows of all frames up to `position` that are in no
    /// earlier chunk. Nothing may be appended at the same time. Returns all that waits to be
    /// stored, table by table.
    pub fn seal(&self, position: Position) -> Vec<(TableId, TableRows)> {
        let mut tables = self.tables.write();
        let sealed = tables.iter_mut().map(|(id, table)| (*id, table.seal(position)));
        sealed.filter_map(|(id, rows)| Some((id, rows?))).collect()
    }

    /// Forgets chunks and deletions that stand at or before `position`: they are stored.
    pub fn forget_stored(&self, position: Position) {
        let mut tables = self.tables.write();
        let freed: usize = tables.values_mut().map(|table| table.forget(position)).sum();
        self.bytes.fetch_sub(freed, Ordering::Relaxed);
    }

    /// Forgets the rows of a table.
    pub fn remove(&self, id: TableId) {
        if let Some(table) = self.tables.write().remove(&id) {
            self.bytes.fetch_sub(table.accounted(), Ordering::Relaxed);
        }
    }

    /// Deletions that wait to be stored: those behind the position up to which all is.
    #[must_use]
    pub fn tombstones_after(&self, stored: Position) -> usize {
        self.tables.read().values().map(|table| table.tombstones_after(stored)).sum()
    }

    /// Bytes of all rows, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    fn growing(&self, id: TableId) -> Arc<TableBuffer> {
        if let Some(table) = self.tables.read().get(&id) {
            return table.growing();
        }
        self.tables.write().entry(id).or_default().growing()
    }
}
