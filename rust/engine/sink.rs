//! What a committed frame does: its rows become visible, and those who wait are woken.
//!
//! What stays true: rows and catalog of [`Applied`] are those of one position, for whoever holds
//! its lock.

use std::os::unix::net::UnixStream;
use std::sync::Arc;

use parking_lot::Mutex;

use super::signal::Signal;
use crate::buffer::Buffer;
use crate::cache::Caches;
use crate::schema::{Catalog, CatalogChange, Position, RowDeletion, TableBatch, TableId};
use crate::wake::wake;
use crate::wal::Sink;

/// What is to be done once a frame is durable.
#[derive(Debug, Default)]
pub(super) struct Effect {
    /// Rows that go, of those that were there before.
    pub(super) deletions: Vec<Arc<RowDeletion>>,
    /// Rows that become visible.
    pub(super) batches: Vec<TableBatch>,
    /// Tables whose rows are forgotten.
    pub(super) purged: Vec<TableId>,
    /// Changes of the catalog.
    pub(super) changes: Vec<CatalogChange>,
}

/// How far frames have been applied, and the catalog there.
#[derive(Debug, Default)]
pub(super) struct Applied {
    pub(super) position: Position,
    pub(super) catalog: Catalog,
    /// Set where a change did not fit the catalog: what follows must not be stored.
    pub(super) failure: Option<String>,
}

impl Applied {
    /// Applies a frame.
    pub(super) fn apply(&mut self, buffer: &Buffer, position: Position, effect: &Effect) {
        effect.deletions.iter().for_each(|rows| buffer.delete(position, rows));
        effect.batches.iter().for_each(|batch| buffer.append(batch));
        effect.purged.iter().for_each(|table| buffer.remove(*table));
        for change in &effect.changes {
            if let Err(error) = self.catalog.apply(change, position) {
                self.failure = Some(error.to_string());
            }
        }
        self.position = position;
    }
}

/// Applies effects to the buffer, on the thread that writes the log.
#[derive(Debug)]
pub(super) struct BufferSink {
    pub(super) buffer: Arc<Buffer>,
    pub(super) applied: Arc<Mutex<Applied>>,
    pub(super) caches: Arc<Caches>,
    pub(super) wake: UnixStream,
    pub(super) persister: Arc<Signal>,
    /// Bytes in the buffer at which it is to be stored.
    pub(super) persist_bytes: usize,
}

impl Sink<Effect> for BufferSink {
    fn apply(&mut self, position: Position, effect: Effect) {
        let mut applied = self.applied.lock();
        applied.apply(&self.buffer, position, &effect);
        self.caches.follow(&applied.catalog, &effect.changes);
        effect.deletions.iter().for_each(|rows| self.caches.delete(rows));
        effect.batches.iter().for_each(|batch| self.caches.feed(batch));
    }

    fn group_done(&mut self, _newest: Position) {
        wake(&self.wake);
        if self.buffer.bytes() >= self.persist_bytes {
            self.persister.ask();
        }
    }
}

/// The tables that a change of this catalog makes the buffer forget.
pub(super) fn purged_tables(catalog: &Catalog, changes: &[CatalogChange]) -> Vec<TableId> {
    let of_change = |change: &CatalogChange| -> Vec<TableId> {
        match change {
            CatalogChange::PurgeDatabase { database } => {
                let found = catalog.database_by_id(*database);
                found.map(|one| one.tables.values().map(|table| table.id).collect())
            }
            CatalogChange::PurgeTable { database, table } => {
                let found = catalog.database_by_id(*database);
                found.and_then(|one| one.tables.get(table)).map(|table| vec![table.id])
            }
            _ => None,
        }
        .unwrap_or_default()
    };
    changes.iter().flat_map(of_change).collect()
}
