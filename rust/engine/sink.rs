//! What a committed frame does: its rows become visible, and those who wait are woken.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use crate::buffer::Buffer;
use crate::schema::{CatalogChange, Position, TableBatch, TableId};
use crate::wal::Sink;

/// What is to be done once a frame is durable.
#[derive(Debug, Default)]
pub(super) struct Effect {
    /// Rows that become visible.
    pub(super) batches: Vec<TableBatch>,
    /// Tables whose rows are forgotten.
    pub(super) purged: Vec<TableId>,
}

/// Applies effects to the buffer, on the thread that writes the log.
#[derive(Debug)]
pub(super) struct BufferSink {
    pub(super) buffer: Arc<Buffer>,
    pub(super) wake: UnixStream,
}

impl Sink<Effect> for BufferSink {
    fn apply(&mut self, _position: Position, effect: Effect) {
        apply(&self.buffer, &effect);
    }

    fn group_done(&mut self, _newest: Position) {
        // Not blocking: where the pipe is full, its reader is going to wake anyway.
        drop(self.wake.write(&[1]));
    }
}

/// Makes an effect visible.
pub(super) fn apply(buffer: &Buffer, effect: &Effect) {
    effect.batches.iter().for_each(|batch| buffer.append(batch));
    effect.purged.iter().for_each(|table| buffer.remove(*table));
}

/// The tables that a change of this catalog makes the buffer forget.
pub(super) fn purged_tables(
    catalog: &crate::schema::Catalog,
    changes: &[CatalogChange],
) -> Vec<TableId> {
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
