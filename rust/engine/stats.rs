//! Counters since the start, and sizes now.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Engine;
use crate::schema::Position;

/// What has been done so far.
#[derive(Debug, Default)]
pub(super) struct Counters {
    rows: AtomicU64,
    bytes: AtomicU64,
    refused: AtomicU64,
}

impl Counters {
    pub(super) fn written(&self, rows: usize, bytes: usize, refused: usize) {
        self.rows.fetch_add(rows as u64, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.refused(refused);
    }

    pub(super) fn refused(&self, lines: usize) {
        self.refused.fetch_add(lines as u64, Ordering::Relaxed);
    }
}

/// A reading of all counters.
#[derive(Debug, Clone, Copy)]
pub struct Stats {
    /// Rows taken.
    pub rows_written: u64,
    /// Lines refused.
    pub lines_rejected: u64,
    /// Bytes of line protocol taken.
    pub bytes_written: u64,
    /// Syncs of the log.
    pub wal_syncs: u64,
    /// Bytes of log segments.
    pub wal_bytes: u64,
    /// Bytes of rows in memory.
    pub buffer_bytes: u64,
    /// Files of rows in the store.
    pub stored_files: u64,
    /// Bytes of these files.
    pub stored_bytes: u64,
    /// The newest position whose rows are all in the store.
    pub stored_position: Position,
    /// The newest position that is durable and visible.
    pub position: Position,
}

impl Engine {
    /// All counters now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let stored = self.store.stored();
        Stats {
            rows_written: self.counters.rows.load(Ordering::Relaxed),
            lines_rejected: self.counters.refused.load(Ordering::Relaxed),
            bytes_written: self.counters.bytes.load(Ordering::Relaxed),
            wal_syncs: self.release.log.syncs(),
            wal_bytes: self.release.log.bytes(),
            buffer_bytes: self.buffer.bytes() as u64,
            stored_files: stored.file_count() as u64,
            stored_bytes: stored.bytes(),
            stored_position: stored.position,
            position: self.committed(),
        }
    }
}
