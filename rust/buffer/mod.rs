//! Committed rows in memory, as columns, ready to be queried.
//!
//! Comes in: batches, in the order of the log. Goes out: snapshots that never change. What stays
//! true: within a snapshot each (series, time) stands once, with the value that was written last to
//! each of its fields, however the rows came.

mod block;
mod merge;
mod series_set;
mod snapshot;
mod table;
mod tail;
mod time_range;

#[cfg(test)]
mod arrow_tests;
#[cfg(test)]
mod tests;

pub use block::Block;
pub use snapshot::Snapshot;
pub use table::TableBuffer;
pub use time_range::TimeRange;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::RwLock;

use crate::schema::{TableBatch, TableId};

/// The rows of all tables.
#[derive(Debug, Default)]
pub struct Buffer {
    tables: RwLock<HashMap<TableId, Arc<TableBuffer>>>,
    bytes: AtomicUsize,
}

impl Buffer {
    /// Adds a batch. Batches of one table must come in the order of the log.
    pub fn append(&self, batch: &TableBatch) {
        let table = self.table_or_new(batch.table);
        let (before, after) = table.append(batch);
        self.bytes.fetch_add(after, Ordering::Relaxed);
        self.bytes.fetch_sub(before, Ordering::Relaxed);
    }

    /// The rows of a table; `None` where it has none.
    #[must_use]
    pub fn table(&self, id: TableId) -> Option<Arc<TableBuffer>> {
        self.tables.read().get(&id).cloned()
    }

    /// Forgets the rows of a table.
    pub fn remove(&self, id: TableId) {
        if let Some(table) = self.tables.write().remove(&id) {
            self.bytes.fetch_sub(table.bytes(), Ordering::Relaxed);
        }
    }

    /// Bytes of all rows, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    fn table_or_new(&self, id: TableId) -> Arc<TableBuffer> {
        if let Some(table) = self.table(id) {
            return table;
        }
        Arc::clone(self.tables.write().entry(id).or_default())
    }
}
